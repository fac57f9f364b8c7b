"""The line as a whole: how long it is, pausing and clearing it; and the queue of ComfyUI itself."""

import contextlib
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from imagine.app_keys import PARTS, Parts
from imagine.errors import ConflictError, EngineError


async def queue(request: web.Request) -> web.Response:
    return web.json_response(request.app[PARTS].announcer.line())


async def pause(request: web.Request) -> web.Response:
    """Hand nothing more to the engines; what runs goes on."""
    parts = request.app[PARTS]
    await parts.jobs.pause()
    return web.json_response(parts.announcer.line())


async def resume(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    await parts.jobs.resume()
    return web.json_response(parts.announcer.line())


async def clear(request: web.Request) -> web.Response:
    """Cancel all that wait."""
    return web.json_response({"jobs": await request.app[PARTS].jobs.clear()})


async def cancel_batch(request: web.Request) -> web.Response:
    """Cancel what waits or runs of a batch."""
    canceled = await request.app[PARTS].jobs.cancel_batch(request.match_info["batch"])
    return web.json_response({"jobs": canceled})


async def comfyui_queue(request: web.Request) -> web.Response:
    """ComfyUI's own queue, whoever filled it; graphs are left out."""
    parts = request.app[PARTS]
    running: list[dict[str, Any]] = []
    pending: list[dict[str, Any]] = []
    for url, found in await parts.engines.queues():
        try:
            at_work = _items(found["queue_running"])
            waiting = sorted(_items(found["queue_pending"]))
        except (IndexError, TypeError, KeyError) as error:
            raise EngineError(
                f"{url} told its queue in a way not known here.",
                hint="Check that this is the address of a ComfyUI.",
            ) from error
        running += [await _item(parts, *item) for item in at_work]
        pending += [await _item(parts, *item) for item in waiting]
    return web.json_response({"running": running, "pending": pending})


def _items(raw: Iterable[Any]) -> list[tuple[int, str]]:
    """Return number and prompt id of what stands in a queue."""
    return [(item[0], str(item[1])) for item in raw]


async def _item(parts: Parts, number: int, prompt_id: str) -> dict[str, Any]:
    job = await parts.store.by_prompt_id(prompt_id)
    return {"prompt_id": prompt_id, "number": number, "job": job.id if job else None}


async def comfyui_interrupt(request: web.Request) -> web.Response:
    """Stop our own running jobs; those of others go on."""
    parts = request.app[PARTS]
    stopped = []
    for job_id in parts.queue.begun():
        with contextlib.suppress(ConflictError):  # it has ended meanwhile
            await parts.jobs.cancel(job_id)
            stopped.append(job_id)
    return web.json_response({"jobs": stopped})
