"""One run without a network: what is told, what is held back, what is dropped."""

import pytest

from imagine.comfy_history import HistoryEntry, Outcome
from imagine.comfy_messages import (
    Executed,
    Executing,
    ExecutionCached,
    ExecutionStart,
    ExecutionSuccess,
    Finished,
    LeftQueue,
    NodeFinished,
    NodeStarted,
    Outputs,
    Preview,
    PreviewFrame,
    ProgressMessage,
    RunEvent,
    RunMessage,
    Started,
    StepProgress,
)
from imagine.comfy_outputs import FileRef
from imagine.comfy_run import Run
from imagine.errors import EngineUnavailableError

GRAPH = {node: {"class_type": "KSampler", "inputs": {}} for node in ("1", "5", "7")}
FILE = FileRef("a.png")


def a_run(*messages: RunMessage) -> Run:
    run = Run("P", GRAPH, frozenset({"7"}))
    for message in messages:
        run.feed(message)
    return run


async def told(run: Run) -> list[RunEvent]:
    """Read what a run that is over has to tell."""
    events = []
    while (event := await run.next_event()) is not None:
        events.append(event)
    return events


async def test_a_slow_reader_gets_the_newest_step_and_preview_and_every_node() -> None:
    run = a_run(ExecutionStart("P"), Executing("P", "1", "1"), Executing("P", "5", "5"))
    for step in range(1, 10_001):
        run.feed(PreviewFrame("P", "5", "image/jpeg", b"%d" % step))
        run.feed(ProgressMessage("P", "5", step, 10_000))
    for message in (Executing("P", "7", "7"), Executed("P", "7", (FILE,)), ExecutionSuccess("P")):
        run.feed(message)
    run.feed(LeftQueue("P"))
    assert await told(run) == [
        Started(),
        NodeStarted("1"),
        NodeFinished("1"),
        NodeStarted("5"),
        Preview("5", "image/jpeg", b"10000"),
        StepProgress("5", 10_000, 10_000),
        NodeFinished("5"),
        NodeStarted("7"),
        Outputs("7", (FILE,)),
        NodeFinished("7"),
        Finished(),
    ]


async def test_a_node_in_an_endless_loop_does_not_fill_the_memory() -> None:
    run = a_run(ExecutionStart("P"))
    for turn in range(20_000):
        run.feed(ExecutionCached("P", ("1", "999")))
        run.feed(Executing("P", f"5.{turn}", "5"))
        run.feed(Executing("P", f"unknown {turn}", f"unknown {turn}"))
        run.feed(ProgressMessage("P", f"unknown {turn}", 1, 2))
        run.feed(PreviewFrame("P", f"unknown {turn}", "image/png", b"x"))
        run.feed(Executed("P", f"unknown {turn}", (FileRef(f"{turn}.png"),)))
    run.settle(HistoryEntry(Outcome.SUCCEEDED, {"7": (FILE,)}))
    events = await told(run)
    assert len(events) < 10_010
    assert events[-1] == Finished()


async def test_nodes_of_a_subgraph_count_as_the_node_that_was_submitted() -> None:
    run = a_run(Executing("P", "5.0.1", "5"), ProgressMessage("P", "5.0.1", 1, 2))
    run.settle(HistoryEntry(Outcome.SUCCEEDED, {}))
    assert await told(run) == [Started(), NodeStarted("5"), StepProgress("5", 1, 2), Finished()]


async def test_more_files_of_a_node_come_with_those_before() -> None:
    run = a_run(Executed("P", "7", (FileRef("a.png"),)))
    assert await run.next_event() == Outputs("7", (FileRef("a.png"),))
    run.feed(Executed("P", "7", (FileRef("a.png"),)))
    run.feed(Executed("P", "7", (FileRef("b.png"),)))
    assert await run.next_event() == Outputs("7", (FileRef("a.png"), FileRef("b.png")))


@pytest.mark.parametrize(
    "messages",
    [
        [Executed("P", "7", (FILE,))],  # no success was heard
        [ExecutionSuccess("P")],  # no output was heard
        [Executed("P", "7", ()), ExecutionSuccess("P")],  # an output without files
    ],
)
async def test_an_end_with_a_gap_before_it_is_looked_up(messages: list[RunMessage]) -> None:
    run = a_run(*messages, LeftQueue("P"))
    assert run.is_settling
    assert not run.is_over


async def test_nothing_is_told_after_the_end() -> None:
    run = a_run(Executed("P", "7", (FILE,)), ExecutionSuccess("P"), LeftQueue("P"))
    run.feed(ProgressMessage("P", "5", 1, 2))
    run.settle(HistoryEntry(Outcome.INTERRUPTED, {"1": (FileRef("late.png"),)}))
    assert await told(run) == [Outputs("7", (FILE,)), Finished()]


async def test_a_failure_comes_after_what_was_told_before() -> None:
    run = a_run(ExecutionStart("P"))
    run.fail(EngineUnavailableError("gone"))
    assert await run.next_event() == Started()
    with pytest.raises(EngineUnavailableError):
        await run.next_event()
