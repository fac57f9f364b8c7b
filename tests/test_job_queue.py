"""The line: order, places, bound, and what still waits at an engine."""

import pytest

from imagine.choice import Worker, choose
from imagine.errors import QueueFullError
from imagine.job_queue import MemoryQueue
from imagine.models import JobState
from tests.samples import a_job

WORKER = Worker()


def filled(count: int) -> tuple[MemoryQueue, list[str]]:
    queue = MemoryQueue(100)
    jobs = [a_job(number=n) for n in range(1, count + 1)]
    for job in reversed(jobs):
        queue.put(job)
    return queue, [job.id for job in jobs]


def test_the_older_goes_first_whatever_the_order_of_arrival():
    queue, ids = filled(3)
    assert [place.id for place in queue.waiting()] == ids
    chosen = choose(queue.waiting(), WORKER, 0.0)
    assert chosen is not None
    assert chosen.id == ids[0]


def test_nothing_is_chosen_from_an_empty_line():
    assert choose(MemoryQueue(1).waiting(), WORKER, 0.0) is None


def test_priority_passes_age():
    queue, ids = filled(2)
    urgent = a_job(number=9)
    queue.put(urgent, priority=5)
    assert [place.id for place in queue.waiting()] == [urgent.id, *ids]


def test_a_job_that_comes_back_keeps_its_priority():
    queue, ids = filled(2)
    urgent = a_job(number=9)
    queue.put(urgent, priority=5)
    queue.hand(urgent)
    queue.begin(urgent.id)
    queue.put(urgent)
    assert [place.id for place in queue.waiting()] == [urgent.id, *ids]


def test_a_job_moves_in_the_line_while_it_waits():
    queue, (first, second, third) = filled(3)
    queue.move(third, 1)
    queue.move(first, -1)
    assert [place.id for place in queue.waiting()] == [third, second, first]
    queue.hand(a_job(id=second, number=2))
    queue.move(second, 100)
    queue.move("nobody", 100)
    assert [place.id for place in queue.waiting()] == [third, first]


def test_a_job_handed_out_but_not_begun_still_has_a_place():
    queue, (first, second, third) = filled(3)
    queue.hand(a_job(id=first, number=1))
    assert [queue.position(job) for job in (first, second, third)] == [1, 2, 3]
    queue.begin(first)
    assert [queue.position(job) for job in (first, second, third)] == [None, 1, 2]
    assert queue.begun() == (first,)
    assert queue.length == 2


def test_a_job_that_is_over_is_gone_from_wherever_it_was():
    queue, (first, second, third) = filled(3)
    queue.hand(a_job(id=first, number=1))
    queue.begin(first)
    queue.hand(a_job(id=second, number=2))
    for job in (first, second, third):
        queue.stored(a_job(id=job, state=JobState.CANCELED))
    assert queue.length == 0
    assert queue.begun() == ()


def test_the_line_is_bounded_and_says_when_to_come_back():
    queue = MemoryQueue(2)
    queue.put(a_job(number=1))
    queue.reserve(1)
    with pytest.raises(QueueFullError, match="1 sets are waiting already, and 2 is the most") as e:
        queue.reserve(1)
    assert e.value.retry_after_s > 0
    queue.release(1)
    queue.reserve(1)
