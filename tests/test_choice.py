"""Which of those who wait an engine takes next: fewest switches of models, and nobody forgotten."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from imagine.choice import (
    HELP_AFTER_S,
    MOST_OVERTAKEN,
    PATIENCE_S,
    SLOTS,
    WINDOW,
    Peer,
    Waiting,
    Worker,
    choose,
)
from imagine.job_queue import MemoryQueue
from imagine.models import Job
from tests.samples import PARAMETERS, a_job

WORKER = Worker()
NOW = 1000.0
TWO_PEERS = (Peer("A", SLOTS), Peer("B", SLOTS))


def line(models: str, *, since: float = NOW, rank: int = 0) -> list[Waiting]:
    """Jobs that wait, one for each letter, which is its model; ``?`` is not planned yet."""
    jobs = [a_job(number=n) for n in range(1, len(models) + 1)]
    return [
        Waiting(rank, job.number, job.id, job, None if model == "?" else model, since)
        for job, model in zip(jobs, models, strict=True)
    ]


def taken(waiting: Sequence[Waiting], worker: Worker, now: float = NOW) -> int | None:
    """The number of the job that is chosen."""
    chosen = choose(waiting, worker, now)
    return None if chosen is None else chosen.number


def only(*models: str) -> Callable[[Waiting], bool]:
    return lambda place: place.model in models


@pytest.mark.parametrize(
    ("waiting", "loaded", "number"),
    [
        ("ABA", "B", 2),  # what is loaded goes first …
        ("ABB", "B", 2),  # … the oldest of it
        ("ABA", "C", 1),
        ("ABA", None, 1),
        ("?BA", "B", 2),
        ("??", None, 1),
        ("", "A", None),
    ],
)
def test_an_engine_prefers_what_it_has_loaded(waiting, loaded, number):
    assert taken(line(waiting), replace(WORKER, model=loaded)) == number


def test_higher_priority_goes_first_whatever_is_loaded():
    waiting = [*line("A", rank=-5), *line("B")]
    chosen = choose(waiting, replace(WORKER, model="B"), NOW)
    assert chosen is waiting[0]


def test_what_is_urgent_is_not_left_to_a_peer_while_less_urgent_work_is_done():
    waiting = [*line("A", rank=-5), *line("B")]
    chosen = choose(waiting, replace(WORKER, model="B", peers=(Peer("A", SLOTS),)), NOW)
    assert chosen is waiting[0]


def test_an_idle_peer_that_has_the_model_takes_even_what_is_urgent():
    waiting = [*line("A", rank=-5), *line("B")]
    chosen = choose(waiting, replace(WORKER, model="B", peers=(Peer("A"),)), NOW)
    assert chosen is waiting[1]


def test_an_engine_takes_what_no_other_has_loaded():
    worker = replace(WORKER, model="C", peers=(Peer("A", SLOTS),))
    assert taken(line("AAB"), worker) == 3


def test_few_jobs_of_a_busy_peer_are_left_to_it():
    worker = replace(WORKER, model="B", peers=(Peer("A", SLOTS),))
    assert taken(line("A" * SLOTS), worker) is None


def test_a_peer_with_many_jobs_is_helped():
    waiting = line("A" * (SLOTS + 1))
    assert taken(waiting, replace(WORKER, model="B", peers=(Peer("A", SLOTS),))) == 1
    two = (Peer("A", SLOTS), Peer("A", SLOTS))
    assert taken(waiting, replace(WORKER, model="B", peers=two)) is None


def test_nobody_waits_for_long_while_an_engine_idles():
    worker = replace(WORKER, model="B", peers=(Peer("A", SLOTS),))
    assert taken(line("A"), worker, NOW + HELP_AFTER_S - 1) is None
    assert taken(line("A"), worker, NOW + HELP_AFTER_S) == 1


def test_a_peer_that_cannot_run_a_job_is_not_waited_for():
    worker = replace(WORKER, model="B", peers=(Peer("A", SLOTS, can_run=only("C")),))
    assert taken(line("A"), worker) == 1


def test_a_second_place_is_left_empty_while_an_idle_engine_could_do_the_work():
    idle = (Peer("B"),)
    assert taken(line("A"), replace(WORKER, model="A", busy=1, peers=idle)) is None
    assert taken(line("A"), replace(WORKER, model="A", busy=1, peers=(Peer("B", 1),))) == 1
    cannot = (Peer("B", can_run=only("B")),)
    assert taken(line("A"), replace(WORKER, model="A", busy=1, peers=cannot)) == 1


def test_what_an_engine_cannot_run_is_left_in_the_line():
    worker = replace(WORKER, can_run=only("B"))
    assert taken(line("AAB"), worker) == 3
    assert taken(line("AA"), worker) is None


def test_who_was_overtaken_often_enough_is_next():
    waiting = line("AB")
    for _ in range(MOST_OVERTAKEN):
        assert taken(waiting, replace(WORKER, model="B")) == 2
        waiting[0].overtake(NOW)
    assert taken(waiting, replace(WORKER, model="B")) == 1


def test_who_was_overtaken_long_ago_is_next():
    waiting = line("AB")
    waiting[0].overtake(NOW)
    worker = replace(WORKER, model="B")
    assert taken(waiting, worker, NOW + PATIENCE_S - 1) == 2
    assert taken(waiting, worker, NOW + PATIENCE_S) == 1


def a_model_job(number: int, model: str) -> Job:
    return a_job(number=number, parameters={**PARAMETERS, "model": model})


def test_the_line_counts_who_is_overtaken_and_forgets_it_with_another_priority():
    queue = MemoryQueue(100, clock=lambda: NOW)
    jobs = [a_model_job(n, model) for n, model in enumerate("ABBC", start=1)]
    for job in jobs:
        queue.put(job)
    queue.put(a_model_job(9, "C"), priority=5)
    queue.hand(jobs[3], can_run=only("A", "C"))  # which is not able to run the second and third
    places = {place.number: place for place in queue.waiting()}
    assert [places[n].overtaken for n in (1, 2, 3, 9)] == [1, 0, 0, 0]
    assert places[1].overtaken_since == NOW
    queue.hand(jobs[0], can_run=only("A"))
    queue.put(jobs[0])  # it was given back, and has not waited less
    assert {p.number: p.overtaken for p in queue.waiting()} == {9: 0, 1: 1, 2: 0, 3: 0}
    queue.move(jobs[0].id, 5)
    assert {p.number: p.overtaken for p in queue.waiting()} == {1: 0, 9: 0, 2: 0, 3: 0}


class Workshop:
    """Engines that work through a line, as the dispatcher feeds them, with a clock of its own."""

    def __init__(self, seed: int, engines: int, models: str) -> None:
        self.draw = random.Random(seed)
        self.now = NOW
        self.queue = MemoryQueue(10_000, clock=lambda: self.now)
        self.loaded: list[str | None] = [None] * engines
        # When each of the jobs that an engine has is done.
        self.busy: list[list[float]] = [[] for _ in range(engines)]
        everything = [set(models) for _ in range(engines)]
        for own in everything[1:]:  # the first can do all, so that nobody waits for ever
            own -= set(self.draw.sample(models, k=self.draw.randrange(len(models))))
        self.can_run = [only(*own) for own in everything]
        self.overtaken: dict[int, int] = {}
        self.switches = 0

    def feed(self) -> None:
        while self._feed_one():
            pass

    def _feed_one(self) -> bool:
        for index in sorted(range(len(self.busy)), key=lambda i: len(self.busy[i])):
            if len(self.busy[index]) >= SLOTS:
                continue
            peers = tuple(
                Peer(self.loaded[i], len(self.busy[i]), self.can_run[i])
                for i in range(len(self.busy))
                if i != index
            )
            worker = Worker(
                self.loaded[index],
                len(self.busy[index]),
                self.can_run[index],
                peers,
            )
            chosen = choose(self.queue.waiting(), worker, self.now)
            if chosen is not None:
                self._hand(index, chosen)
                return True
        return False

    def _hand(self, index: int, chosen: Waiting) -> None:
        for other in self.queue.waiting():
            if other.rank == chosen.rank and other < chosen and self.can_run[index](other):
                self.overtaken[other.number] = self.overtaken.get(other.number, 0) + 1
        self.queue.hand(chosen.job, can_run=self.can_run[index])
        self.queue.begin(chosen.id)
        self.switches += self.loaded[index] != chosen.model
        self.loaded[index] = chosen.model
        begins = max([self.now, *self.busy[index]])
        self.busy[index].append(begins + self.draw.uniform(1, 30))

    def pass_time(self) -> None:
        """Go on to the end of the next job, or to the next look at the clock."""
        ends = [end for ends in self.busy for end in ends]
        self.now = min([self.now + 5, *ends])
        self.busy = [[end for end in ends if end > self.now] for ends in self.busy]


@pytest.mark.parametrize("seed", range(20))
def test_nobody_is_overtaken_beyond_the_bound_and_all_are_done(seed):
    shop = Workshop(seed, engines=1 + seed % 4, models="ABCDE"[: 2 + seed % 4])
    coming = [a_model_job(n, shop.draw.choice("ABCDE"[: 2 + seed % 4])) for n in range(1, 151)]
    while coming or shop.queue.length:
        while coming and shop.draw.random() < 0.4:
            shop.queue.put(coming.pop(0))
        shop.feed()
        shop.pass_time()
        assert shop.now < NOW + 100_000, "somebody waits for ever"
    assert max(shop.overtaken.values(), default=0) <= MOST_OVERTAKEN


def test_one_engine_switches_far_less_than_first_in_first_out():
    shop = Workshop(1, engines=1, models="AB")
    models = "AB" * 20
    for n, model in enumerate(models, start=1):
        shop.queue.put(a_model_job(n, model))
    while shop.queue.length:
        shop.feed()
        shop.pass_time()
    assert shop.switches <= 0.4 * len(models)


@pytest.mark.parametrize(
    ("worker", "most"),
    [
        (replace(WORKER, model="C", peers=TWO_PEERS), WINDOW),
        (replace(WORKER, model="X", peers=TWO_PEERS), WINDOW),
        (replace(WORKER, model="C", busy=1, peers=(Peer("A"), Peer("B"))), 10 * WINDOW),
        (replace(WORKER, model="X", can_run=only("X")), 10_000),
    ],
)
def test_of_ten_thousand_who_wait_few_are_looked_at(worker: Worker, most: int):
    draw = random.Random(1)
    looked_at: list[Waiting] = []

    def can_run(place: Waiting) -> bool:
        looked_at.append(place)
        return worker.can_run(place)

    waiting = line("".join(draw.choices("ABC", k=10_000)))
    choose(waiting, replace(worker, can_run=can_run), NOW)
    assert len(looked_at) <= most
