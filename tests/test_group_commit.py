"""One thread that does together what waits."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from imagine import group_commit
from imagine.group_commit import GroupThread, StoppedError


class Recorder:
    """Does work by returning it doubled; holds its first turn until told."""

    def __init__(self) -> None:
        self.turns: list[list[int]] = []
        self.begun = asyncio.Event()
        self.go_on = threading.Event()
        self._loop = asyncio.get_running_loop()

    def __call__(self, works: Sequence[int]) -> Sequence[Any]:
        self.turns.append(list(works))
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self.go_on.wait(20)
        return [work * 2 if work >= 0 else ValueError(str(work)) for work in works]


async def test_what_waits_during_a_turn_is_done_in_the_next_one():
    run = Recorder()
    thread = GroupThread(run, "test")
    tasks = [asyncio.create_task(thread.do(number)) for number in range(200)]
    await run.begun.wait()
    run.go_on.set()

    assert await asyncio.gather(*tasks) == [number * 2 for number in range(200)]
    assert [number for turn in run.turns for number in turn] == list(range(200))
    assert len(run.turns) <= 3
    await thread.stop()


async def test_a_returned_exception_is_raised_at_its_caller_only():
    run = Recorder()
    run.go_on.set()
    thread = GroupThread(run, "test")
    outcomes = await asyncio.gather(thread.do(1), thread.do(-1), return_exceptions=True)
    assert outcomes[0] == 2
    assert isinstance(outcomes[1], ValueError)
    await thread.stop()


async def test_a_failing_turn_fails_all_its_callers_and_the_thread_goes_on():
    def run(works: Sequence[int]) -> Sequence[Any]:
        if 0 in works:
            raise OSError("gone")
        return works

    thread = GroupThread(run, "test")
    with pytest.raises(OSError, match="gone"):
        await thread.do(0)
    assert await thread.do(1) == 1
    await thread.stop()


async def test_stopping_does_what_waits_and_takes_nothing_more():
    run = Recorder()
    thread = GroupThread(run, "test")
    tasks = [asyncio.create_task(thread.do(number)) for number in range(3)]
    await asyncio.sleep(0)
    stopping = asyncio.create_task(thread.stop())
    await asyncio.sleep(0)
    run.go_on.set()

    assert await asyncio.gather(*tasks) == [0, 2, 4]
    await stopping
    with pytest.raises(StoppedError):
        await thread.do(4)
    await thread.stop()  # a second time is harmless


async def test_work_of_a_cancelled_caller_is_done_all_the_same():
    run = Recorder()
    thread = GroupThread(run, "test")
    task = asyncio.create_task(thread.do(7))
    await run.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    run.go_on.set()
    assert await thread.do(8) == 16
    assert run.turns == [[7], [8]]
    await thread.stop()


async def test_callers_wait_when_the_line_is_full(monkeypatch):
    monkeypatch.setattr(group_commit, "WAITING_LIMIT", 4)
    run = Recorder()
    thread = GroupThread(run, "test")
    tasks = [asyncio.create_task(thread.do(number)) for number in range(10)]
    await run.begun.wait()
    run.go_on.set()
    assert await asyncio.gather(*tasks) == [number * 2 for number in range(10)]
    assert max(map(len, run.turns)) <= 4
    await thread.stop()


async def test_a_turn_takes_no_more_than_its_limit(monkeypatch):
    monkeypatch.setattr(group_commit, "TURN_LIMIT", 3)
    run = Recorder()
    run.go_on.set()
    thread = GroupThread(run, "test")
    assert await asyncio.gather(*(thread.do(n) for n in range(20))) == list(range(0, 40, 2))
    assert max(map(len, run.turns)) <= 3
    await thread.stop()
