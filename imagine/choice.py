"""Which of those who wait an engine should take next: a pure function, and all that it looks at.

Higher priority goes first. Within one, an engine prefers what needs the model that it has loaded,
because to load another takes longer than many a picture. `MOST_OVERTAKEN` and `PATIENCE_S` say how
long anybody can be kept waiting by that. ``docs/architecture.md`` states the rules one by one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from imagine.models import Job

# At most so many jobs are handed to one engine, so that it never idles between two.
SLOTS = 2
# A job that waits is overtaken so often within its priority, and for so long; then it is next.
MOST_OVERTAKEN = 8
PATIENCE_S = 600.0
# Nobody waits longer for the engine that has the model while another one idles.
HELP_AFTER_S = 10.0
# So many of one priority are looked at, the first ones. A line of thousands costs no more.
WINDOW = 200


@dataclass(slots=True, order=True)
class Waiting:
    """A job's place in the line: higher priority first, then the older.

    ``since`` is when it came into the line, ``overtaken`` how often one behind it went first, and
    ``overtaken_since`` when that began. Units: monotonic seconds.
    """

    rank: int
    number: int
    id: str
    job: Job = field(compare=False)
    model: str | None = field(compare=False, default=None)
    since: float = field(compare=False, default=0.0)
    overtaken: int = field(compare=False, default=0)
    overtaken_since: float | None = field(compare=False, default=None)

    def overtake(self, now: float) -> None:
        """One that stands behind it goes first."""
        self.overtaken += 1
        if self.overtaken_since is None:
            self.overtaken_since = now

    def is_due(self, now: float) -> bool:
        """Has it been overtaken as often, or for as long, as anybody is?"""
        if self.overtaken_since is None:
            return False
        return self.overtaken >= MOST_OVERTAKEN or now - self.overtaken_since >= PATIENCE_S


def anything(_: Waiting) -> bool:
    """Say that an engine can run it."""
    return True


@dataclass(frozen=True, slots=True)
class Peer:
    """Another engine that could take jobs now: its model, and how many jobs it has."""

    model: str | None
    busy: int = 0
    can_run: Callable[[Waiting], bool] = anything

    def has(self, place: Waiting) -> bool:
        """Has it loaded what a job needs?"""
        return self.model is not None and self.model == place.model and self.can_run(place)


@dataclass(frozen=True, slots=True)
class Worker:
    """An engine with room for one more job, as `choose` sees it; ``busy``: it has so many."""

    model: str | None = None
    busy: int = 0
    can_run: Callable[[Waiting], bool] = anything
    peers: tuple[Peer, ...] = ()


def choose(waiting: Iterable[Waiting], worker: Worker, now: float) -> Waiting | None:
    """Return the job that this worker should take next; None when it should take none.

    ``waiting`` in the order of the line. Units: ``now`` in monotonic seconds.
    """
    lane: list[Waiting] = []
    idle = _left_to(worker)
    for place in waiting:
        if lane and (place.rank != lane[0].rank or len(lane) >= WINDOW):
            if place.rank == lane[0].rank:
                break
            if worker.can_run(place):
                # Whoever leaves these to a peer must not take less urgent ones meanwhile.
                return _choose_within(lane, worker, now) or lane[0]
            continue
        if not worker.can_run(place):
            continue
        if not lane and _fits(worker, place) and not any(peer.can_run(place) for peer in idle):
            return place  # the first one fits: nobody is overtaken
        if place.is_due(now) or _fits(worker, place) or not _is_idle_with(worker, place):
            lane.append(place)
    return _choose_within(lane, worker, now)


def _fits(worker: Worker, place: Waiting) -> bool:
    return place.model is not None and place.model == worker.model


def _left_to(worker: Worker) -> list[Peer]:
    """Return whom a second job is left to: idle engines, which would have nothing to do."""
    return [peer for peer in worker.peers if worker.busy and peer.busy == 0]


def _is_idle_with(worker: Worker, place: Waiting) -> bool:
    """Does a peer idle that has the model loaded? It takes the job in this very round."""
    return any(peer.busy == 0 and peer.has(place) for peer in worker.peers)


def _choose_within(lane: Sequence[Waiting], worker: Worker, now: float) -> Waiting | None:
    """Choose among those of one priority that the worker can run."""
    for place in lane:
        if place.is_due(now):
            return place
    idle = _left_to(worker)
    open_to = [place for place in lane if not any(peer.can_run(place) for peer in idle)]
    for place in open_to:
        if _fits(worker, place):
            return place
    for place in open_to:
        if not any(peer.has(place) for peer in worker.peers):
            return place
    return _help(lane, open_to, worker, now)


def _help(
    lane: Sequence[Waiting], open_to: Sequence[Waiting], worker: Worker, now: float
) -> Waiting | None:
    """Choose among those whose model peers have loaded: where many wait, or have waited long."""
    many = Counter(place.model for place in lane)
    for place in open_to:
        if many[place.model] > SLOTS * sum(peer.has(place) for peer in worker.peers):
            return place
    if worker.busy:
        return None
    return next((place for place in lane if now - place.since >= HELP_AFTER_S), None)
