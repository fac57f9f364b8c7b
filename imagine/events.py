"""What the server tells its watchers: messages made once, and the listeners that share them.

A message is serialised when it is told, and every listener gets the same bytes. State changes are
never dropped for a listener; progress, previews and the like are, oldest first, once it falls
behind. A listener that stays behind is closed and comes back with the sequence that it knows.
"""

import asyncio
import contextlib
import json
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from imagine.models import Job, JobState, Progress, Stage

# A listener with more unread messages than this keeps only the newest of each passing kind.
CROWDED = 64
# A listener with more unread state changes than this is closed.
BEHIND = 4096

PREVIEW_VERSION = 1
PREVIEW_TYPES = {"image/jpeg": 1, "image/png": 2, "image/webp": 3}
WHOLE_BATCH = 65535


def encode_message(kind: str, **fields: Any) -> bytes:
    """Return one live message as JSON text in UTF-8."""
    return json.dumps({"type": kind, **fields}, separators=(",", ":"), ensure_ascii=False).encode()


def encode_job(job: Job) -> bytes:
    return b'{"type":"job","job":' + job.model_dump_json().encode() + b"}"


def encode_removed(job: Job) -> bytes:
    return encode_message("removed", job=job.id, sequence=job.sequence)


def encode_preview(job_id: str, image: int | None, media_type: str, data: bytes) -> bytes:
    """Return one preview frame (``docs/protocol.md``, binary frames).

    Shape: version, picture type, image index (2 bytes, big endian), job UUID (16 bytes), picture.
    """
    index = WHOLE_BATCH if image is None else image
    head = bytes((PREVIEW_VERSION, PREVIEW_TYPES[media_type])) + index.to_bytes(2, "big")
    return head + uuid.UUID(job_id).bytes + data


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One thing told to all: ``data`` is JSON text, or a preview frame when ``is_binary``.

    ``key`` names what a newer message replaces; None is a state change, which nothing replaces.
    """

    kind: str
    data: bytes
    job: str | None = None
    key: str | None = None
    sequence: int | None = None
    is_final: bool = False

    @property
    def is_binary(self) -> bool:
        return self.kind == "preview"


class Listener:
    """The unread messages of one reader; made by `EventBus.listen`."""

    def __init__(self, jobs: frozenset[str], *, previews: bool) -> None:
        self._jobs = jobs
        self._previews = previews
        self._unread: OrderedDict[object, Message] = OrderedDict()
        self._arrived = asyncio.Event()
        self.is_behind = False
        self.is_closed = False

    @property
    def is_open(self) -> bool:
        """Will more come? Not once the reader stayed behind, or the server is stopping."""
        return not (self.is_behind or self.is_closed)

    def close(self) -> None:
        self.is_closed = True
        self._arrived.set()

    def wants(self, message: Message) -> bool:
        if message.kind == "preview" and not self._previews:
            return False
        return not self._jobs or message.job is None or message.job in self._jobs

    def put(self, message: Message) -> None:
        if not self.is_open:
            return
        crowded = len(self._unread) >= CROWDED
        if message.key is not None and crowded:
            self._unread.pop(message.key, None)
            self._unread[message.key] = message
        else:
            self._unread[message] = message
        if len(self._unread) > BEHIND:
            self._unread.clear()
            self.is_behind = True
        elif len(self._unread) == CROWDED:  # from here on a newer one replaces its elder
            self._shed()
        self._arrived.set()

    def _shed(self) -> None:
        """Drop the passing messages that a newer one of the same key has overtaken."""
        newest = {m.key: m for m in self._unread.values() if m.key is not None}
        for place, message in list(self._unread.items()):
            if message.key is not None and newest[message.key] is not message:
                del self._unread[place]

    async def read(self) -> list[Message]:
        """Wait for messages and take all that are there; none come once it is not open."""
        await self._arrived.wait()
        self._arrived.clear()
        messages = list(self._unread.values())
        self._unread.clear()
        return messages


@dataclass(slots=True)
class Passing:
    """The newest progress and previews of a job at work, for those who come late."""

    progress: Progress = field(default_factory=Progress)
    stage: Stage | None = None
    message: Message | None = None
    previews: dict[int | None, Message] = field(default_factory=dict)


class LocalEventBus:
    """Tells every listener of this process. Owned by the app; used on its loop only."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._passing: dict[str, Passing] = {}

    @property
    def watchers(self) -> int:
        return len(self._listeners)

    @contextlib.contextmanager
    def listen(
        self, jobs: frozenset[str] = frozenset(), *, previews: bool = True
    ) -> Iterator[Listener]:
        """Listen to all jobs, or to the given ones, until the block ends."""
        listener = Listener(jobs, previews=previews)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Let every listener go: the server is stopping."""
        for listener in self._listeners:
            listener.close()

    def now(self, job: Job) -> Job:
        """Return a job with its newest progress and stage, which are not stored."""
        passing = self._passing.get(job.id) if job.state.is_active else None
        if passing is None or passing.message is None:
            return job
        return job.model_copy(update={"progress": passing.progress, "stage": passing.stage})

    def stored(self, job: Job) -> None:
        """Tell a stored change of a job; called after each commit, in the order of sequences."""
        if job.state is not JobState.RUNNING:
            self._passing.pop(job.id, None)
        elif (passing := self._passing.get(job.id)) is not None:
            for image in job.images:
                passing.previews.pop(image.index, None)
        if job.deleted_at is not None:
            self._tell(Message("removed", encode_removed(job), job.id, sequence=job.sequence))
            return
        self._tell(
            Message(
                "job",
                encode_job(self.now(job)),
                job.id,
                sequence=job.sequence,
                is_final=not job.state.is_active,
            )
        )

    def offer_progress(
        self, job_id: str, sequence: int, progress: Progress, stage: Stage | None
    ) -> None:
        """Tell how far a job is; never waits, and the newest wins."""
        data = encode_message(
            "progress",
            job=job_id,
            sequence=sequence,
            value=progress.value,
            step=progress.step,
            steps=progress.steps,
            image=progress.image,
            stage=stage,
            eta_s=progress.eta_s,
        )
        message = Message("progress", data, job_id, key=f"progress {job_id}")
        passing = self._passing.setdefault(job_id, Passing())
        passing.progress, passing.stage, passing.message = progress, stage, message
        self._tell(message)

    def offer_preview(self, job_id: str, image: int | None, media_type: str, data: bytes) -> None:
        """Tell a preview picture; never waits, and the newest wins."""
        frame = encode_preview(job_id, image, media_type, data)
        message = Message("preview", frame, job_id, key=f"preview {job_id} {image}")
        self._passing.setdefault(job_id, Passing()).previews[image] = message
        self._tell(message)

    def offer(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Tell something about the whole server, such as ``queue`` or ``engine``."""
        self._tell(Message(kind, encode_message(kind, **fields), key=kind))

    def passing(self, job_id: str) -> Passing | None:
        """The newest progress and previews of a job, if it is at work."""
        return self._passing.get(job_id)

    def newest(self, listener: Listener) -> list[Message]:
        """The newest progress and previews of every job at work that this listener wants."""
        found = [
            message
            for passing in self._passing.values()
            for message in (passing.message, *passing.previews.values())
            if message is not None
        ]
        return [message for message in found if listener.wants(message)]

    def _tell(self, message: Message) -> None:
        for listener in self._listeners:
            if listener.wants(message):
                listener.put(message)
