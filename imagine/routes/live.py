"""The live socket: everything that happens, told to every watcher (``docs/protocol.md``)."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from imagine import __version__
from imagine.app_keys import PARTS, Parts
from imagine.errors import MalformedError
from imagine.events import Listener, Message, encode_job, encode_message, encode_removed
from imagine.models import Job, JobState
from imagine.routes.jobs import page_text
from imagine.routes.presenting import present_text, sequence_of
from imagine.routes.shown import base_of, shown, shown_message
from imagine.routes.wire import LiveQuery
from imagine.store import Change, JobQuery

logger = logging.getLogger(__name__)

SNAPSHOT_JOBS = 50
MOST_ACTIVE = 200
# More changes than this since the reader left: it gets a snapshot in place of them.
MOST_CHANGES = 500
PING_S = 25.0
SEND_TIMEOUT_S = 30.0
# Nothing that a watcher sends is large; it has nothing to say.
LARGEST_MESSAGE = 4096

BASE = web.ResponseKey("base", str)


async def live(request: web.Request) -> web.WebSocketResponse:
    """Serve one watcher until it leaves, stalls or falls behind."""
    query = read_live_query(request)
    parts = request.app[PARTS]
    socket = web.WebSocketResponse(
        compress=False, heartbeat=PING_S, max_msg_size=LARGEST_MESSAGE, timeout=5.0
    )
    if not socket.can_prepare(request):
        raise MalformedError(
            "This is a WebSocket, and the request asks for none.",
            hint="Open it with a WebSocket client, version 13 of the protocol.",
        )
    socket[BASE] = base_of(request)
    await socket.prepare(request)
    with parts.bus.listen(
        frozenset(query.job), previews=query.previews, since=query.since
    ) as listener:
        tell = asyncio.create_task(_tell(socket, parts, listener, query), name="tell a watcher")
        try:
            async for message in socket:
                if message.type is WSMsgType.BINARY:
                    await socket.close(
                        code=WSCloseCode.UNSUPPORTED_DATA, message=b"this socket only tells"
                    )
        finally:
            tell.cancel()
            await asyncio.wait({tell})
    return socket


def read_live_query(request: web.Request) -> LiveQuery:
    """Read the query of the socket, in which ``job`` may stand several times.

    Raises:
        MalformedError: a name that is unknown or whose value cannot be.
    """
    query = request.query
    fields: dict[str, object] = {name: value for name, value in query.items() if name != "job"}
    try:
        return LiveQuery.model_validate(fields | {"job": query.getall("job", [])})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise MalformedError(f"The query is wrong: {name}: {first['msg'].lower()}.") from error


async def _tell(
    socket: web.WebSocketResponse, parts: Parts, listener: Listener, query: LiveQuery
) -> None:
    """Send the watcher what it missed, then all that comes."""
    try:
        await _greet(socket, parts, listener, query)
        while listener.is_open:
            await _send_all(socket, await listener.read())
        if listener.is_behind:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"behind: use since")
        else:
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the server is stopping")
    except TimeoutError:
        logger.info("a watcher did not read for %s s and was left", SEND_TIMEOUT_S)
        with contextlib.suppress(ConnectionError):
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"stalled")
    except ConnectionError:
        pass
    except Exception:
        logger.exception("a watcher could not be told")
        with contextlib.suppress(ConnectionError):
            await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=b"failed: come back")


async def _greet(
    socket: web.WebSocketResponse, parts: Parts, listener: Listener, query: LiveQuery
) -> None:
    """Send ``hello``, then what the listener does not begin with: what changed, or a snapshot."""
    changes = None
    if query.since is not None and not listener.resumed:
        changes = await parts.store.changes(query.since, MOST_CHANGES)
    hello = encode_message(
        "hello",
        version=__version__,
        sequence=listener.start,
        resumed=listener.resumed or changes is not None,
        engine=parts.announcer.engine(),
        queue=parts.announcer.queue_message(),
    )
    await _send(socket, hello)
    if listener.resumed:
        return
    if changes is None:
        await _send(socket, await _snapshot(parts, listener, query))
        return
    for message in _missed(parts, listener, query, changes):
        await _send(socket, message)


def _missed(
    parts: Parts, listener: Listener, query: LiveQuery, changes: Iterable[Change]
) -> list[bytes]:
    """Return the changes up to the start of the listener, which tells all that is newer itself.

    So the sequences rise, and a reader that is lost half-way resumes from the last one it got.
    """
    messages = []
    for change in changes:
        told = parts.bus.told(change.id)
        newest = change.sequence if told is None else max(change.sequence, told[0])
        if newest <= listener.start and (not query.job or change.id in query.job):
            messages.append(_change_message(parts, change))
    listener.catch_up({}, parts.bus.newest())
    return messages


def _change_message(parts: Parts, change: Change) -> bytes:
    if change.deleted:
        return encode_removed(Job.model_validate_json(change.body))
    return encode_job(present_text(parts, change.id, change.body))


async def _snapshot(parts: Parts, listener: Listener, query: LiveQuery) -> bytes:
    """Return the active jobs and the newest ones as one message; the listener goes on from there.

    After the reading nothing is awaited: no job is older in it than it was told.
    """
    if query.job:
        bodies = [(job_id, await parts.store.get_body(job_id)) for job_id in query.job]
        found, next_ = [(i, body) for i, body in bodies if body is not None], None
    else:
        page = await parts.store.page(JobQuery(limit=SNAPSHOT_JOBS))
        seen = {job_id for job_id, _ in page.bodies}
        active = JobQuery(states=frozenset({JobState.QUEUED, JobState.RUNNING}), limit=MOST_ACTIVE)
        older = [row for row in (await parts.store.page(active)).bodies if row[0] not in seen]
        found, next_ = [*page.bodies, *older], page.next
    texts = [(job_id, present_text(parts, job_id, body)) for job_id, body in found]
    known = {job_id: sequence_of(text) for job_id, text in texts}
    listener.catch_up(known, parts.bus.newest())
    return b'{"type":"snapshot",' + page_text(parts, (t for _, t in texts), next_).encode()[1:]


async def _send_all(socket: web.WebSocketResponse, messages: Iterable[Message]) -> None:
    """Send what gathered, under one time limit: one for each message costs as much as sending it.

    A slow reader has the whole limit again for what comes after a message that took long.
    """
    now, base = asyncio.get_running_loop().time, socket[BASE]
    async with asyncio.timeout(SEND_TIMEOUT_S) as limit:
        set_at = now()
        for message in messages:
            kind = WSMsgType.BINARY if message.is_binary else WSMsgType.TEXT
            await socket.send_frame(shown_message(base, message), kind)
            if now() - set_at > 1:
                set_at = now()
                limit.reschedule(set_at + SEND_TIMEOUT_S)


async def _send(socket: web.WebSocketResponse, data: bytes) -> None:
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await socket.send_frame(shown(socket[BASE], data), WSMsgType.TEXT)
