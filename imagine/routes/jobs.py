"""Making jobs, and all that can be asked of one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

from aiohttp import web

from imagine.app_keys import PARTS, Parts
from imagine.errors import MalformedError, NotFoundError, PromptError
from imagine.events import Listener
from imagine.explain import explain
from imagine.models import Action, JobKind, JobState, Origin
from imagine.planner import read_apart
from imagine.routes.forms import image_fields, image_links, read_imagine
from imagine.routes.presenting import job_answer, json_answer, present, present_text
from imagine.routes.reading import read_body, read_query
from imagine.routes.shown import base_of, shown, shown_message
from imagine.routes.submitting import submitted
from imagine.routes.wire import ImagineBody, JobsQuery, PatchBody
from imagine.store import JobQuery
from imagine.workflow_builder import Plan

KEEP_ALIVE_S = 15.0
SEND_TIMEOUT_S = 30.0


async def imagine(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    asked = await read_imagine(request)
    images, origin = asked.images, None
    if asked.mask is not None:
        origin = Origin(action=Action.REGION, source=images[0], mask=asked.mask)
        images = images[1:]
    try:
        text = await parts.jobs.submit(
            asked.body.prompt,
            asked.body.options,
            asked.once,
            images=images,
            origin=origin,
            priority=asked.body.priority,
        )
    except PromptError as error:
        raise error.named(image_fields(asked.images)) from error
    return await submitted(request, text)


async def parse(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    body = await read_body(request, ImagineBody)
    images = image_links(body)

    def seconds(plan: Plan) -> float | None:
        return parts.estimates.seconds(parts.engines.kind, plan.parameters)

    told = await read_apart(
        body.prompt,
        lambda: explain(body.prompt, body.options, parts.planner, images=images, seconds=seconds),
    )
    return web.json_response(told)


async def list_jobs(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    query = read_query(request, JobsQuery)
    words = query.q.split()
    page = await parts.store.page(
        JobQuery(
            states=read_states(query.state),
            kind=read_kind(query.kind),
            include=tuple(word for word in words if not word.startswith("-")),
            exclude=tuple(word[1:] for word in words if word.startswith("-") and word != "-"),
            favorite=query.favorite,
            stealth=None if query.visibility is None else query.visibility == "stealth",
            batch=query.batch,
            number=query.number,
            id=query.id,
            trash=query.trash,
            before=query.before,
            limit=query.limit,
        )
    )
    return json_answer(request, jobs_text(parts, page.bodies, page.next))


def jobs_text(parts: Parts, bodies: Iterable[tuple[str, str]], next_: str | None) -> str:
    """Return the JSON of one page, made of stored JSON."""
    listed = ",".join(present_text(parts, job_id, body) for job_id, body in bodies)
    after = "null" if next_ is None else f'"{next_}"'
    counts = ",".join(f'"{name}":{count}' for name, count in parts.store.counts.items())
    return f'{{"jobs":[{listed}],"next":{after},"counts":{{{counts}}}}}'


def read_states(text: str) -> frozenset[JobState]:
    """Read the ``state`` of a query.

    Raises:
        MalformedError: there is no such state.
    """
    states: set[JobState] = set()
    for name in filter(None, (part.strip() for part in text.split(","))):
        if name == "active":
            states |= {JobState.QUEUED, JobState.RUNNING}
        elif name in set(JobState):
            states.add(JobState(name))
        else:
            raise MalformedError(
                f"There is no state {name!r}. There are active, {', '.join(JobState)}."
            )
    return frozenset(states)


def read_kind(name: str | None) -> JobKind | None:
    if name is None or name in set(JobKind):
        return None if name is None else JobKind(name)
    raise MalformedError(f"There is no kind {name!r}. There are {', '.join(JobKind)}.")


async def get_job(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    job_id = request.match_info["id"]
    body = await parts.store.get_body(job_id)
    if body is None:
        raise NotFoundError(f"There is no set {job_id}.")
    return json_answer(request, present_text(parts, job_id, body))


async def patch_job(request: web.Request) -> web.Response:
    body = await read_body(request, PatchBody)
    jobs, job_id = request.app[PARTS].jobs, request.match_info["id"]
    job = None
    if body.priority is not None:
        priority = None if body.priority == "next" else body.priority
        job = await jobs.set_priority(job_id, priority)
    if body.favorites is not None:
        job = await jobs.set_favorites(job_id, body.favorites)
    if job is None:
        raise PromptError("The body is wrong: give favorites, or priority, or both.")
    return job_answer(request, job)


async def delete_job(request: web.Request) -> web.Response:
    return job_answer(request, await request.app[PARTS].jobs.remove(request.match_info["id"]))


async def cancel_job(request: web.Request) -> web.Response:
    job = await request.app[PARTS].jobs.cancel(request.match_info["id"])
    return job_answer(request, job, status=202 if job.state.is_active else 200)


async def retry_job(request: web.Request) -> web.Response:
    job = await request.app[PARTS].jobs.retry(request.match_info["id"])
    return job_answer(request, job, status=202)


async def restore_job(request: web.Request) -> web.Response:
    return job_answer(request, await request.app[PARTS].jobs.restore(request.match_info["id"]))


async def job_events(request: web.Request) -> web.StreamResponse:
    """Tell one job as Server-Sent Events, from how it stands now to its terminal event."""
    parts = request.app[PARTS]
    job_id = request.match_info["id"]
    with parts.bus.listen(frozenset({job_id}), previews=False) as listener:
        job = await parts.jobs.get(job_id)
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        base = base_of(request)
        now = shown(base, present(parts, job).model_dump_json().encode())
        with contextlib.suppress(ConnectionError, TimeoutError):
            await send(response, sse("job", b'{"type":"job","job":' + now + b"}", job.sequence))
            if job.state.is_active:
                async for chunk in sse_chunks(listener, job.sequence, base):
                    await send(response, chunk)
            await response.write_eof()
    return response


async def sse_chunks(listener: Listener, known: int, base: str) -> AsyncIterator[bytes]:
    """Yield the events of one job until its last; a comment now and then keeps proxies patient."""
    while listener.is_open:
        try:
            async with asyncio.timeout(KEEP_ALIVE_S):
                messages = await listener.read()
        except TimeoutError:
            yield b": still here\n\n"
            continue
        for message in messages:
            if message.job is None or (message.sequence is not None and message.sequence <= known):
                continue
            yield sse(message.kind, shown_message(base, message), message.sequence)
            if message.is_final:
                return


def sse(event: str, data: bytes, sequence: int | None) -> bytes:
    head = f"event: {event}\n" + (f"id: {sequence}\n" if sequence is not None else "")
    return head.encode() + b"data: " + data + b"\n\n"


async def send(response: web.StreamResponse, chunk: bytes) -> None:
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await response.write(chunk)
