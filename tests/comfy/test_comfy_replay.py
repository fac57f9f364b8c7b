"""The client and what a real ComfyUI said: recorded sessions, played to it over a real socket."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from imagine.comfy_client import ComfyClient
from imagine.comfy_messages import (
    Cached,
    Failed,
    Finished,
    Interrupted,
    Lost,
    NodeFinished,
    NodeStarted,
    Outputs,
    Preview,
    RunEvent,
    Started,
    StepProgress,
)
from imagine.errors import EngineRejectedError
from tests.comfy.following import TIMING, Following, files, finals, settled
from tests.fakes import recording
from tests.fakes.comfy_replay import ReplayComfy


@dataclass
class Played:
    """What came of each prompt of a recording, in the order of their submission."""

    runs: list[Following] = field(default_factory=list)
    stops: list[asyncio.Task[None]] = field(default_factory=list)

    async def events(self) -> list[list[RunEvent]]:
        return [await run.end() for run in self.runs]


async def play(name: str, *roles: str, stops: bool = False) -> Played:
    """Play a recording to a client until every run has ended."""
    played = Played()
    async with aiohttp.ClientSession() as session:

        def submit(prompt_id: str, graph: dict[str, Any]) -> None:
            played.runs.append(Following(client, graph, prompt_id=prompt_id))

        def stop(prompt_id: str) -> None:
            played.stops.append(asyncio.create_task(client.cancel(prompt_id)))

        replay = ReplayComfy(name, *roles, submit=submit, stop=stop if stops else None)
        async with (
            replay.serve(),
            ComfyClient(replay.url, session, timing=TIMING) as client,
        ):
            await settled(client.wait_ready())
            await settled(replay.play())
            for task in [*played.stops, *(run.task for run in played.runs)]:
                await settled(asyncio.wait({task}))
    return played


def counted(events: list[RunEvent]) -> Counter[str]:
    return Counter(type(event).__name__ for event in events)


def recorded_files(name: str, prompt_id: str) -> list[str]:
    """The file names that ComfyUI told for a prompt, in the order of the nodes."""
    told: dict[str, list[str]] = {}
    for line in recording.lines_of(name):
        message = line.get("json")
        if line["ch"] == "ws" and isinstance(message, dict) and message["type"] == "executed":
            data = message["data"]
            if data["prompt_id"] == prompt_id:
                told[data["node"]] = [image["filename"] for image in data["output"]["images"]]
    return [file for node in sorted(told) for file in told[node]]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("txt2img_small_previews", "A"),
        ("four_branches", "A"),
        ("cached_rerun", "A"),
        ("batch4", "A"),
        ("lora_hires", "A"),
        ("preview_image", "A"),
        ("several_outputs", "A"),
        ("text_frame", "A"),
        ("two_clients", "A"),
        ("two_clients", "B"),
    ],
)
async def test_every_recorded_run_ends_with_its_files(name: str, role: str) -> None:
    played = await play(name, role)
    assert played.runs
    for following in played.runs:
        events = await following.end()
        assert finals(events) == [Finished()]
        assert counted(events)["Started"] == counted(events)["Cached"] == 1
        told = [file.filename for file in files(events)]
        assert told == recorded_files(name, following.prompt_id)
        assert told


async def test_a_recorded_run_shows_each_of_its_steps_and_previews() -> None:
    [events] = await (await play("txt2img_small_previews", "A")).events()
    assert events[0] == Started()
    steps = [event.value for event in events if isinstance(event, StepProgress)]
    assert steps == sorted(steps)
    assert steps[-1] == 8
    previews = [event for event in events if isinstance(event, Preview)]
    assert previews
    assert all(event.media_type == "image/jpeg" and event.node_id == "5" for event in previews)
    assert all(event.data.startswith(b"\xff\xd8\xff") for event in previews)


async def test_four_recorded_branches_are_told_one_after_the_other() -> None:
    [events] = await (await play("four_branches", "A")).events()
    outputs = [event.node_id for event in events if isinstance(event, Outputs)]
    assert outputs == ["51", "50", "53", "52"]
    previewed = {event.node_id for event in events if isinstance(event, Preview)}
    assert previewed == {"30", "31", "32", "33"}
    ended = [event.node_id for event in events if isinstance(event, NodeFinished)]
    began = [event.node_id for event in events if isinstance(event, NodeStarted)]
    assert ended == began


async def test_a_cached_run_repeats_the_files_of_the_first() -> None:
    first, second, *_ = await (await play("cached_rerun", "A")).events()
    assert files(first) == files(second)
    assert Cached(("1", "2", "3", "4", "5", "6", "7")) in second
    assert counted(second)["NodeStarted"] == 0


async def test_a_picture_sent_over_the_socket_ends_without_files() -> None:
    for events in await (await play("save_image_websocket", "B")).events():
        assert finals(events) == [Finished()]
        assert files(events) == []
        assert {event.media_type for event in events if isinstance(event, Preview)} == {
            "image/jpeg",
            "image/png",
        }


async def test_recorded_failures_end_as_the_history_says() -> None:
    played = await play("runtime_errors", "A")
    codes = []
    for events in await played.events():
        [final] = finals(events)
        codes.append(final.error.code if isinstance(final, Failed) else "")
    assert codes == [
        "model_mismatch",
        "incomplete_model",
        "broken_model",
        "bad_input",
        "missing_model",
        "bad_input",
        "broken_model",
        "",
    ]


async def test_recorded_refusals_are_raised_and_the_rest_runs() -> None:
    played = await play("validation_errors", "A")
    refused = [run for run in played.runs if run.task.exception() is not None]
    assert len(refused) > 15
    for run in refused:
        assert isinstance(run.task.exception(), EngineRejectedError)
        assert run.events == []
    for run in played.runs:
        if run not in refused:
            assert finals(run.events) == [Finished()]


async def test_the_recorded_half_accepted_prompt_is_refused() -> None:
    played = await play("validation_errors", "A")
    told = [run.task.exception() for run in played.runs]
    halves = [error for error in told if error and "no_such_file.png" in str(error)]
    assert len(halves) == 2  # once with 400, once with 200


async def test_sockets_lost_in_recorded_runs_are_made_up_for() -> None:
    first, second = await (await play("reconnect_midrun", "A1", "A2", "A3", "A4")).events()
    for events in (first, second):
        assert finals(events) == [Finished()]
        assert len(files(events)) == 1
    steps = [event.value for event in first if isinstance(event, StepProgress)]
    assert steps[-1] > 5  # heard under the old client id again


async def test_a_recorded_restart_loses_what_ran_and_waited() -> None:
    done, ran, waited, after = await (await play("server_restart", "A", "C")).events()
    assert finals(done) == finals(after) == [Finished()]
    assert finals(ran) == finals(waited) == [Lost()]


async def test_a_recorded_interrupt_stops_the_named_prompt_only() -> None:
    played = await play("interrupt_targeted", "A", stops=True)
    [events] = await played.events()
    assert finals(events) == [Interrupted()]


async def test_a_recorded_delete_takes_the_named_prompt_only() -> None:
    runs = await (await play("queue_delete", "A", stops=True)).events()
    assert [finals(events) for events in runs] == [
        [Finished()],
        [Finished()],
        [Interrupted()],
        [Finished()],
    ]
    assert runs[2] == [Interrupted()]


async def test_others_prompts_are_not_heard() -> None:
    played = await play("no_ws", "W")
    assert played.runs == []
