"""What can be asked of a finished picture, and where a job stands in its family."""

from enum import StrEnum
from typing import TypeVar

from aiohttp import web

from imagine.actions import BlendAsk
from imagine.app_keys import PARTS
from imagine.errors import NotFoundError, PromptError
from imagine.growth import ActionAsk, problem
from imagine.models import Action, Direction, Strength
from imagine.prompt_findings import near_name
from imagine.routes.forms import image_fields, image_links, link_of
from imagine.routes.presenting import json_answer, present_text
from imagine.routes.reading import read_body, read_once
from imagine.routes.submitting import submitted
from imagine.routes.wire import ActionBody, BlendBody, EdgeEntry

Word = TypeVar("Word", bound=StrEnum)


async def act(request: web.Request) -> web.Response:
    body = await read_body(request, ActionBody)
    strength, direction = body.strength, body.direction
    ask = ActionAsk(
        action=read_word(Action, body.action, "action"),
        image=body.image,
        strength=None if strength is None else read_word(Strength, strength, "strength"),
        factor=body.factor,
        direction=None if direction is None else read_word(Direction, direction, "direction"),
        mask=None if body.mask is None else link_of(body.mask, "mask"),
        aspect=body.aspect,
        prompt=body.prompt,
    )
    parts, once = request.app[PARTS], await read_once(request)
    async with parts.jobs.alone(once):
        text = await parts.actions.act(request.match_info["id"], ask, once)
    return await submitted(request, text)


async def blend(request: web.Request) -> web.Response:
    body = await read_body(request, BlendBody)
    ask = BlendAsk(image_links(body), aspect=body.aspect, prompt=body.prompt or "")
    parts, once = request.app[PARTS], await read_once(request)
    try:
        async with parts.jobs.alone(once):
            text = await parts.actions.blend(ask, once)
    except PromptError as error:
        raise error.named(image_fields(ask.images)) from error
    return await submitted(request, text)


async def family(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    job_id = request.match_info["id"]
    found = await parts.store.family(job_id)
    if found is None:
        raise NotFoundError(f"There is no set {job_id}.")
    jobs = ",".join(present_text(parts, member, body) for member, body in found.bodies)
    edges = ",".join(
        EdgeEntry(parent=edge.parent, image=edge.image, child=edge.child).model_dump_json()
        for edge in found.edges
    )
    is_cut = "true" if found.truncated else "false"
    return json_answer(
        request,
        f'{{"root":"{found.root}","jobs":[{jobs}],"edges":[{edges}],"truncated":{is_cut}}}',
    )


def read_word(words: type[Word], text: str, name: str) -> Word:
    """Read a field that takes one of a few words.

    Raises:
        PromptError: it is none of them.
    """
    if text in set(words):
        return words(text)
    near = near_name(text.lower(), list(words))
    raise problem(
        name,
        f"There is no {name} {text[:40]!r}." + (f" Did you mean {near}?" if near else ""),
        value=text[:200],
        allowed=", ".join(words),
        suggestion=near,
    )
