"""What the server tells its watchers: messages made once, and the listeners that share them.

A message is serialised when it is told, and every listener gets the same bytes. State changes are
kept in one log for all (`imagine.event_log`), of which a listener knows only how far it has read:
they are never dropped for it, and cost it nothing. Progress, previews and the like give way once it
falls behind. A listener that the log has left behind is closed, and comes back with the sequence
that it knows.
"""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from imagine.event_log import EventLog, Message
from imagine.models import Job, JobState, Progress, Stage

__all__ = ["Listener", "LocalEventBus", "Message"]

# State changes are kept until they are more than this; who has not read one by then was too slow.
LOG_BYTES = 8 * 2**20
# A listener with more unread passing messages than this keeps only the newest of each key, and of
# those no more bytes than that.
CROWDED = 64
UNREAD_BYTES = 4 * 2**20
# A listener takes no more state changes than this at a time, because the log may give up meanwhile
# what it still has to send.
READ_BYTES = 2**20

PREVIEW_VERSION = 1
PREVIEW_TYPES = {"image/jpeg": 1, "image/png": 2, "image/webp": 3}
WHOLE_BATCH = 65535
JOB_HEAD = b'{"type":"job","job":'


def encode_message(kind: str, **fields: Any) -> bytes:
    """Return one live message as JSON text in UTF-8."""
    return json.dumps({"type": kind, **fields}, separators=(",", ":"), ensure_ascii=False).encode()


def encode_job(job: Job | str) -> bytes:
    """Return the message of a job, which may be JSON already."""
    text = job if isinstance(job, str) else job.model_dump_json()
    return JOB_HEAD + text.encode() + b"}"


def encode_removed(job: Job) -> bytes:
    return encode_message("removed", job=job.id, sequence=job.sequence)


def encode_preview(job_id: str, image: int | None, media_type: str, data: bytes) -> bytes:
    """Return one preview frame (``docs/protocol.md``, binary frames).

    Shape: version, picture type, image index (2 bytes, big endian), job UUID (16 bytes), picture.
    """
    index = WHOLE_BATCH if image is None else image
    head = bytes((PREVIEW_VERSION, PREVIEW_TYPES[media_type])) + index.to_bytes(2, "big")
    return head + uuid.UUID(job_id).bytes + data


class Listener:
    """How far one reader has read, and the passing messages it has not; see `LocalEventBus.listen`.

    ``start`` is the newest sequence that was told before it listened. It ``resumed`` when the log
    had all that the reader missed: then that comes first.
    """

    def __init__(self, log: EventLog, jobs: frozenset[str], *, previews: bool) -> None:
        self._log = log
        self._jobs = jobs
        self._previews = previews
        # The place of the first state change that it has not read.
        self._first: int | None = None
        self._passing: list[Message] = []
        self._passing_bytes = 0
        self._crowd = CROWDED
        self._known: Mapping[str, int] = {}
        self._arrived = asyncio.Event()
        self.start = log.sequence
        self.resumed = False
        self.is_closed = False

    @property
    def is_behind(self) -> bool:
        """Is there a state change that it can no longer read?"""
        return self._first is not None and self._first < self._log.begin

    @property
    def is_open(self) -> bool:
        """Will more come? Not once the reader stayed behind, or the server is stopping."""
        return not (self.is_behind or self.is_closed)

    def close(self) -> None:
        self.is_closed = True
        self._arrived.set()

    def resume(self, place: int, passing: list[Message]) -> None:
        """Begin with the state changes from a place on, and what passed last."""
        self.resumed = True
        self._first = next((c.place for c in self._log.since(place) if self.wants(c)), None)
        self.catch_up({}, passing)

    def catch_up(self, known: Mapping[str, int], passing: list[Message]) -> None:
        """The reader has just been given jobs with these sequences: what is older is not for it.

        ``passing`` is the newest progress and previews, instead of those that it has not read. They
        come after all changes so far, which may be the first it hears of their jobs.
        """
        self._known = {job: told for job, told in known.items() if told > self.start}
        of_server = [message for message in self._passing if message.job is None]
        of_jobs = [replace(m, place=self._log.end) for m in passing if self.wants(m)]
        self._passing = of_server + of_jobs
        self._passing_bytes = sum(len(message.data) for message in self._passing)
        self._arrived.set()

    def wants(self, message: Message) -> bool:
        if message.kind == "preview" and not self._previews:
            return False
        return not self._jobs or message.job is None or message.job in self._jobs

    def put(self, message: Message) -> None:
        """Take note of a message that it wants."""
        if message.sequence is None:
            self._passing.append(message)
            self._passing_bytes += len(message.data)
            if len(self._passing) > self._crowd or self._passing_bytes > UNREAD_BYTES:
                self._shed()
        elif self._first is None:
            self._first = message.place
        self._arrived.set()

    def _shed(self) -> None:
        """Drop what a newer message of the same key has overtaken, then the oldest."""
        newest = {message.key: message for message in self._passing}
        self._passing = [message for message in self._passing if newest[message.key] is message]
        self._passing_bytes = sum(len(message.data) for message in self._passing)
        while self._passing_bytes > UNREAD_BYTES:
            self._passing_bytes -= len(self._passing.pop(0).data)
        self._crowd = max(CROWDED, 2 * len(self._passing))

    async def read(self) -> list[Message]:
        """Wait for messages and take them as they were told; none come once it is not open."""
        await self._arrived.wait()
        self._arrived.clear()
        if self.is_behind:
            self._passing.clear()
            return []
        changes = self._take_changes()
        passing = self._take_passing()
        if not changes or not passing:
            return changes or passing
        # What has the same place was told before that change.
        return sorted([*passing, *changes], key=lambda message: message.place)

    def _take_changes(self) -> list[Message]:
        taken: list[Message] = []
        if self._first is None:
            return taken
        size, first, self._first = 0, self._first, None
        wants_all = not self._jobs and not self._known
        for change in self._log.since(first):
            if not wants_all and not self._is_news(change):
                continue
            if size >= READ_BYTES:
                self._first = change.place
                self._arrived.set()
                break
            taken.append(change)
            size += len(change.data)
        return taken

    def _is_news(self, change: Message) -> bool:
        if not self.wants(change):
            return False
        return not self._known or (change.sequence or 0) > self._known.get(change.job or "", 0)

    def _take_passing(self) -> list[Message]:
        """Take what was told before the next unread state change."""
        taken, self._passing, self._crowd = self._passing, [], CROWDED
        if (first := self._first) is not None:
            self._passing = [message for message in taken if message.place > first]
            taken = taken[: len(taken) - len(self._passing)]
        self._passing_bytes = sum(len(message.data) for message in self._passing)
        return taken


@dataclass(slots=True)
class Passing:
    """The newest progress and previews of a job at work, for those who come late."""

    progress: Progress = field(default_factory=Progress)
    stage: Stage | None = None
    message: Message | None = None
    previews: dict[int | None, Message] = field(default_factory=dict)


class LocalEventBus:
    """Tells every listener of this process. Owned by the app; used on its loop only."""

    def __init__(self, *, log_bytes: int = LOG_BYTES) -> None:
        self._log = EventLog(log_bytes)
        self._listeners: set[Listener] = set()
        self._passing: dict[str, Passing] = {}
        self._is_closed = False

    def start(self, sequence: int) -> None:
        """Begin after what an earlier process has stored."""
        self._log.start(sequence)

    @property
    def sequence(self) -> int:
        """The newest sequence that was told."""
        return self._log.sequence

    @property
    def floor(self) -> int:
        """After this sequence every state change can still be had."""
        return self._log.floor

    @property
    def watchers(self) -> int:
        return len(self._listeners)

    @contextlib.contextmanager
    def listen(
        self,
        jobs: frozenset[str] = frozenset(),
        *,
        previews: bool = True,
        since: int | None = None,
    ) -> Iterator[Listener]:
        """Listen to all jobs, or to the given ones, until the block ends.

        With ``since`` the listener begins with every state change after that sequence, if the log
        has them all; else it has not ``resumed``, and hears what is told from now on.
        """
        # Nothing is awaited between the look into the log and the moment from which the listener
        # is told, and changes are told on this loop in the order of their sequences: so each change
        # is either in the log now or told later, never both and never neither.
        listener = Listener(self._log, jobs, previews=previews)
        place = None if since is None else self._log.place_after(since)
        if place is not None:
            listener.resume(place, self.newest())
        self._listeners.add(listener)
        if self._is_closed:
            listener.close()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Let every listener go, and who still comes: the server is stopping."""
        self._is_closed = True
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
        is_removed = job.deleted_at is not None
        change = Message(
            "removed" if is_removed else "job",
            encode_removed(job) if is_removed else encode_job(self.now(job)),
            job.id,
            sequence=job.sequence,
            is_final=not job.state.is_active,
            place=self._log.end,
        )
        self._log.add(change)
        self._tell(change)

    def told(self, job_id: str) -> tuple[int, str] | None:
        """Return the sequence and the JSON of a job as it was told last; None if that is long ago.

        What is in the trash was told without its JSON: None too.
        """
        change = self._log.newest(job_id)
        if change is None or change.kind != "job":
            return None
        return change.sequence or 0, change.data[len(JOB_HEAD) : -1].decode()

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
        message = self._passing_message("progress", data, job_id, f"progress {job_id}")
        passing = self._passing.setdefault(job_id, Passing())
        passing.progress, passing.stage, passing.message = progress, stage, message
        self._tell(message)

    def offer_preview(self, job_id: str, image: int | None, media_type: str, data: bytes) -> None:
        """Tell a preview picture; never waits, and the newest wins."""
        frame = encode_preview(job_id, image, media_type, data)
        message = self._passing_message("preview", frame, job_id, f"preview {job_id} {image}")
        self._passing.setdefault(job_id, Passing()).previews[image] = message
        self._tell(message)

    def offer(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Tell something about the whole server, such as ``queue`` or ``engine``."""
        self._tell(self._passing_message(kind, encode_message(kind, **fields), None, kind))

    def _passing_message(self, kind: str, data: bytes, job: str | None, key: str) -> Message:
        return Message(kind, data, job, key, place=self._log.end)

    def passing(self, job_id: str) -> Passing | None:
        """The newest progress and previews of a job, if it is at work."""
        return self._passing.get(job_id)

    def newest(self) -> list[Message]:
        """The newest progress and previews of every job at work."""
        return [
            message
            for passing in self._passing.values()
            for message in (passing.message, *passing.previews.values())
            if message is not None
        ]

    def _tell(self, message: Message) -> None:
        for listener in self._listeners:
            if listener.wants(message):
                listener.put(message)
