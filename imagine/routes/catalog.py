"""What can be asked for, and how things stand: flags, models, health."""

import asyncio

from aiohttp import web

from imagine import __version__
from imagine.app_keys import PARTS
from imagine.parameters import describe
from imagine.routes.reading import read_query
from imagine.routes.wire import ParametersQuery


async def parameters(request: web.Request) -> web.Response:
    planner, workflow = request.app[PARTS].planner, read_query(request, ParametersQuery).workflow
    known = await asyncio.to_thread(planner.parameters, workflow)
    rows = describe(known.parameters)
    answer = web.json_response({"parameters": rows}, headers={"Vary": "Accept-Encoding"})
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
    engine, disk = parts.announcer.engine(), parts.disk.health()
    is_well = engine["state"] == "ready" and disk["state"] == "ok"
    return web.json_response(
        {
            "status": "ok" if is_well else "degraded",
            "version": __version__,
            "engine": engine,
            "engines": parts.announcer.engines(),
            "queue": parts.announcer.line(),
            "disk": disk,
            "watchers": parts.bus.watchers,
        }
    )
