"""What can be asked for, and how things stand: flags, models, health, the line, ComfyUI itself."""

import contextlib
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from imagine import __version__
from imagine.app_keys import PARTS, Parts
from imagine.errors import ConflictError, EngineError
from imagine.parameters import describe


async def parameters(request: web.Request) -> web.Response:
    answer = web.json_response({"parameters": describe()}, headers={"Vary": "Accept-Encoding"})
    answer.enable_compression()  # a sixth of what the page weighs
    return answer


async def catalog(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    found = parts.engines.catalog()
    models, others = parts.planner.models(found)
    return web.json_response(
        {
            "engine": parts.announcer.engine(),
            "models": models,
            "others": others,
            "loras": list(found.loras) if found else [],
            "samplers": list(found.samplers) if found else [],
            "schedulers": list(found.schedulers) if found else [],
            "default_model": next((m["name"] for m in models if m["default"]), None),
        }
    )


async def health(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    engine = parts.announcer.engine()
    return web.json_response(
        {
            "status": "ok" if engine["state"] == "ready" else "degraded",
            "version": __version__,
            "engine": engine,
            "queue": parts.announcer.line(),
            "watchers": parts.bus.watchers,
        }
    )


async def queue(request: web.Request) -> web.Response:
    return web.json_response(request.app[PARTS].announcer.line())


async def comfyui_queue(request: web.Request) -> web.Response:
    """ComfyUI's own queue, whoever filled it; graphs are left out."""
    parts = request.app[PARTS]
    running: list[dict[str, Any]] = []
    pending: list[dict[str, Any]] = []
    for engine in parts.engines.serving:
        found = await engine.client.queue()
        try:
            at_work = _items(found["queue_running"])
            waiting = sorted(_items(found["queue_pending"]))
        except (IndexError, TypeError, KeyError) as error:
            raise EngineError(
                f"{engine.client.url} told its queue in a way not known here.",
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
