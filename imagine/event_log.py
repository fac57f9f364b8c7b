"""The newest state changes as they were told, so that who was away hears what came meanwhile.

Apart from `imagine.events`, which tells: here is only what is kept of it, and for how long. The
bytes are those that the listeners got; nothing is made a second time.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

# What an entry costs beside its bytes, so that many small ones are bounded too.
ENTRY_BYTES = 256


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One thing told to all: ``data`` is JSON text, or a preview frame when ``is_binary``.

    One with a ``sequence`` is a state change, which nothing replaces; else ``key`` names what a
    newer message replaces. ``place`` is how many state changes were told before this message.
    """

    kind: str
    data: bytes
    job: str | None = None
    key: str | None = None
    sequence: int | None = None
    is_final: bool = False
    place: int = 0

    @property
    def is_binary(self) -> bool:
        return self.kind == "preview"


class EventLog:
    """State changes in the order of their sequences, the oldest given up when there are too many.

    Units: ``most_bytes`` over all that is kept. ``floor`` is the sequence after which every change
    is kept, ``sequence`` that of the newest, and ``begin`` the place of the oldest.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._changes: deque[Message] = deque()
        self._newest: dict[str, Message] = {}
        self.begin = 0
        self.floor = 0
        self.sequence = 0

    @property
    def end(self) -> int:
        """The place of the change that will be told next."""
        return self.begin + len(self._changes)

    def start(self, sequence: int) -> None:
        """What was stored up to here was told by an earlier process, if at all."""
        self.floor = self.sequence = sequence

    def add(self, change: Message) -> None:
        """Keep a change; its sequence is higher than all before, and its place is the end."""
        assert change.sequence is not None, "a state change"
        assert change.job is not None, "a state change"
        self._changes.append(change)
        self._newest[change.job] = change
        self.sequence = change.sequence
        self._bytes += len(change.data) + ENTRY_BYTES
        while self._bytes > self._most_bytes:
            self._give_up_oldest()

    def _give_up_oldest(self) -> None:
        oldest = self._changes.popleft()
        assert oldest.sequence is not None, "a state change"
        assert oldest.job is not None, "a state change"
        self.begin += 1
        self.floor = oldest.sequence
        self._bytes -= len(oldest.data) + ENTRY_BYTES
        if self._newest[oldest.job] is oldest:
            del self._newest[oldest.job]

    def newest(self, job_id: str) -> Message | None:
        """Return the newest change of a job, if it is kept."""
        return self._newest.get(job_id)

    def place_after(self, sequence: int) -> int | None:
        """Return the place of the first change after a sequence; None when some are not kept.

        A sequence that was not told yet belongs to another database.
        """
        if not self.floor <= sequence <= self.sequence:
            return None
        return self.begin + bisect_right(self._changes, sequence, key=_sequence_of)

    def since(self, place: int) -> Iterator[Message]:
        """Yield the changes from a place on. Nothing may be added meanwhile."""
        for index in range(place - self.begin, len(self._changes)):
            yield self._changes[index]


def _sequence_of(change: Message) -> int:
    return change.sequence or 0
