"""The workflows of the registry: what there is, what comes in, what goes."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import ETag, web

from imagine.app_keys import PARTS
from imagine.errors import NotFoundError, TooLargeError
from imagine.importing.documents import EXPORT, FILE_LIMIT
from imagine.registry.lookup import find_entry
from imagine.routes.files import FileAnswer
from imagine.routes.forms import FRAMING, take_file
from imagine.routes.presenting import json_answer, json_text
from imagine.routes.reading import read_query
from imagine.routes.shown import base_of
from imagine.routes.wire_workflows import AddQuery, WorkflowsQuery
from imagine.workflow_shelf import Shown

_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}


async def list_workflows(request: web.Request) -> web.Response:
    query = read_query(request, WorkflowsQuery)
    shown = await request.app[PARTS].shelf.shown()
    workflows = [
        told
        for told in shown.workflows.values()
        if query.category is None or told["category"] == query.category
    ]
    categories = dict.fromkeys(told["category"] for told in shown.workflows.values())
    return _answer(
        request,
        shown,
        {
            "workflows": [_addressed(request, told) for told in workflows],
            "broken": list(shown.broken),
            "categories": list(categories),
        },
    )


async def get_workflow(request: web.Request) -> web.Response:
    shown = await request.app[PARTS].shelf.shown()
    return _answer(request, shown, _of(request, shown, request.match_info["id"]))


async def workflow_graph(request: web.Request) -> web.Response:
    """Answer with the graph, to be kept and opened in ComfyUI."""
    entry = await request.app[PARTS].shelf.entry(request.match_info["id"])
    answer = json_answer(request, json.dumps(entry.graph, indent=2))
    answer.headers["Content-Disposition"] = f'attachment; filename="{entry.id}.json"'
    return answer


async def workflow_picture(request: web.Request) -> web.StreamResponse:
    """Answer with the picture beside the entry; a page may not come as one."""
    path = await request.app[PARTS].shelf.picture(request.match_info["id"])
    media_type = _PICTURES.get(path.suffix.lower())
    if media_type is None:
        raise NotFoundError(f"{path.name} is no PNG, JPEG or WebP.")
    return FileAnswer(path, headers={"Content-Type": media_type, "Cache-Control": "no-cache"})


async def add_workflow(request: web.Request) -> web.Response:
    query = read_query(request, AddQuery)
    if (request.content_length or 0) > FILE_LIMIT + FRAMING:
        raise _too_large()
    shelf = request.app[PARTS].shelf
    async with shelf.door:
        file = await take_file(request, FILE_LIMIT, _too_large)
        entry = await shelf.add(file.data, id_=query.id, name=query.name, file=file.name)
    shown = await shelf.shown()
    told = {"workflow": _of(request, shown, entry.id), "notes": list(entry.notes)}
    answer = json_answer(request, json_text(told), status=201)
    answer.headers["Location"] = f"{base_of(request)}/api/workflows/{entry.id}"
    return answer


async def remove_workflow(request: web.Request) -> web.Response:
    """Answer with what was removed, as it was."""
    shelf, entry_id = request.app[PARTS].shelf, request.match_info["id"]
    shown = await shelf.shown()
    told = _of(request, shown, entry_id)
    await shelf.remove(entry_id)
    return json_answer(request, json_text(told))


async def restore_workflow(request: web.Request) -> web.Response:
    shelf = request.app[PARTS].shelf
    entry = await shelf.restore(request.match_info["id"])
    return json_answer(request, json_text(_of(request, await shelf.shown(), entry.id)))


def _of(request: web.Request, shown: Shown, entry_id: str) -> dict[str, Any]:
    """Return one workflow as it is told here.

    Raises:
        NotFoundError: there is none of that id.
    """
    return _addressed(request, find_entry(entry_id, shown.workflows))


def _addressed(request: web.Request, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a workflow with the address of its picture."""
    if told["picture"] is None:
        return dict(told)
    return {**told, "picture": f"{base_of(request)}/api/workflows/{told['id']}/picture"}


def _answer(request: web.Request, shown: Shown, told: Mapping[str, Any]) -> web.Response:
    """Answer, unless the reader has this already."""
    etag = ETag(shown.digest)
    known = request.if_none_match or ()
    if any(one.value in (etag.value, "*") for one in known):
        answer = web.Response(status=304)
    else:
        answer = json_answer(request, json_text(told))
        answer.enable_compression()
    answer.etag = etag
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def _too_large() -> TooLargeError:
    return TooLargeError(
        f"A workflow may come in a file of {FILE_LIMIT >> 20} MiB, and this one is larger.",
        hint=EXPORT,
    )
