"""Our server with one more route, which counts the tasks of its loop: for what a flood leaves.

Nothing else differs from ``imagine serve``; the flags are the same.
"""

import asyncio
import gc

from aiohttp import web

from imagine import cli, server
from imagine.comfy_client import DEFAULT_TIMING, Timing
from imagine.settings import Settings

create_app = server.create_app


def create_counted_app(settings: Settings, timing: Timing = DEFAULT_TIMING) -> web.Application:
    app = create_app(settings, timing)
    app.router.add_get("/bench/tasks", count_tasks)
    return app


async def count_tasks(_: web.Request) -> web.Response:
    gc.collect()
    return web.json_response({"tasks": len(asyncio.all_tasks())})


if __name__ == "__main__":
    server.create_app = create_counted_app
    cli.main()
