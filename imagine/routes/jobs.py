"""Making jobs, and all that can be asked of one."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterable

from aiohttp import web

from imagine.app_keys import PARTS, Parts
from imagine.errors import MalformedError, NotFoundError, PromptError
from imagine.events import Listener, encode_job
from imagine.explain import explain
from imagine.models import Action, Job, JobKind, JobState, Origin
from imagine.planner import read_apart
from imagine.routes.forms import image_fields, image_links, read_imagine
from imagine.routes.presenting import job_answer, json_answer, present_text
from imagine.routes.reading import read_body, read_query
from imagine.routes.shown import base_of, shown, shown_message
from imagine.routes.submitting import submitted
from imagine.routes.wire import ImagineBody, JobsQuery, PatchBody
from imagine.store import JobQuery
from imagine.workflow_builder import Plan

KEEP_ALIVE_S = 15.0
SEND_TIMEOUT_S = 30.0
# How long an EventSource waits before it comes back.
RETRY_MS = 2000
LAST_EVENT = re.compile(r"[0-9]{1,18}")
SSE_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


async def imagine(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    asked = await read_imagine(request)
    images, origin = asked.images, None
    if asked.mask is not None:
        origin = Origin(action=Action.REGION, source=images[0], mask=asked.mask)
        images = images[1:]
    try:
        async with parts.jobs.alone(asked.once):
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
    jobs = (present_text(parts, job_id, body) for job_id, body in page.bodies)
    return json_answer(request, page_text(parts, jobs, page.next))


def page_text(parts: Parts, jobs: Iterable[str], next_: str | None) -> str:
    """Return the JSON of one page, made of the JSON of its jobs."""
    after = "null" if next_ is None else f'"{next_}"'
    counts = ",".join(f'"{name}":{count}' for name, count in parts.store.counts.items())
    return f'{{"jobs":[{",".join(jobs)}],"next":{after},"counts":{{{counts}}}}}'


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
    """Answer with a job by its id, or by the prompt id under which its engine knows it."""
    parts = request.app[PARTS]
    job_id = request.match_info["id"]
    body = await parts.store.get_body(job_id)
    if body is not None:
        return json_answer(request, present_text(parts, job_id, body))
    job = await parts.store.by_prompt_id(job_id)
    if job is None:
        raise NotFoundError(f"There is no set {job_id}.")
    return job_answer(request, job)


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
    """Tell one job as Server-Sent Events to its terminal event; what the reader knows is left out.

    A browser's ``EventSource`` comes back whenever a stream ends, and only 204 stops it.
    """
    parts, base = request.app[PARTS], base_of(request)
    job_id, known = request.match_info["id"], last_event(request)
    jobs = frozenset({job_id})
    with parts.bus.listen(jobs, previews=False, since=known) as listener:
        body = await parts.store.get_body(job_id)
        if body is None:
            raise NotFoundError(f"There is no set {job_id}.")
        # From here to the first event nothing is awaited, and it is not older than anything told.
        text = present_text(parts, job_id, body)
        job = Job.model_validate_json(text)
        is_known = known is not None and job.sequence <= known <= parts.store.sequence
        if is_known and not job.state.is_active:
            return web.Response(status=204)
        events = [f"retry: {RETRY_MS}\n\n".encode()]
        if not listener.resumed:
            listener.catch_up({job_id: job.sequence}, parts.bus.newest())
            if not is_known:
                events.append(sse("job", shown(base, encode_job(text)), job.sequence))
        response = web.StreamResponse(headers=SSE_HEADERS)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError, TimeoutError):
            await send(response, b"".join(events))
            if listener.resumed or job.state.is_active:
                async for chunk in sse_chunks(listener, base):
                    await send(response, chunk)
            await response.write_eof()
    return response


def last_event(request: web.Request) -> int | None:
    """Return the sequence that the reader had last; None when it names none of ours."""
    text = request.headers.get("Last-Event-ID", "")
    return int(text) if LAST_EVENT.fullmatch(text) else None


async def sse_chunks(listener: Listener, base: str) -> AsyncIterator[bytes]:
    """Yield the events of one job until its last; a comment now and then keeps proxies patient."""
    is_over = False
    while listener.is_open and not is_over:
        try:
            async with asyncio.timeout(KEEP_ALIVE_S):
                messages = await listener.read()
        except TimeoutError:
            yield b": still here\n\n"
            continue
        for message in messages:
            if message.job is not None:
                yield sse(message.kind, shown_message(base, message), message.sequence)
            if message.sequence is not None:
                is_over = message.is_final


def sse(event: str, data: bytes, sequence: int | None) -> bytes:
    head = f"event: {event}\n" + (f"id: {sequence}\n" if sequence is not None else "")
    return head.encode() + b"data: " + data + b"\n\n"


async def send(response: web.StreamResponse, chunk: bytes) -> None:
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await response.write(chunk)
