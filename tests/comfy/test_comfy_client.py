"""The client and a ComfyUI that behaves, except for its age."""

import asyncio
from contextlib import aclosing

import aiohttp
import pytest

from imagine.comfy_client import ComfyClient, EngineState, Timing
from imagine.comfy_messages import (
    Cached,
    Finished,
    NodeFinished,
    NodeStarted,
    Outputs,
    Preview,
    Started,
    StepProgress,
)
from imagine.comfy_outputs import FileRef
from imagine.errors import (
    EngineError,
    EngineUnavailableError,
)
from imagine.ids import new_id
from tests.comfy.conftest import Connect
from tests.comfy.following import (
    PATIENCE_S,
    TIMING,
    Following,
    fetch,
    files,
    finals,
    pictures,
    run,
    until,
)
from tests.fakes.comfy import FakeComfy, Stage, example_graph, picture_of

# --- A plain run


async def test_a_run_tells_its_nodes_steps_previews_and_files(client: ComfyClient) -> None:
    prompt_id = new_id()
    events = await run(client, prompt_id=prompt_id)
    assert events[:2] == [Started(), Cached(())]
    assert events[-1] == Finished()
    assert len(finals(events)) == 1
    assert [e.value for e in events if isinstance(e, StepProgress) and e.node_id == "31"][-1] == 4
    assert {e.node_id for e in events if isinstance(e, Preview)} == {"30", "31"}
    assert await pictures(client, events) == [f"{prompt_id}/50/0", f"{prompt_id}/51/0"]


async def test_each_node_starts_once_and_finishes_once(client: ComfyClient) -> None:
    events = await run(client)
    started = [event.node_id for event in events if isinstance(event, NodeStarted)]
    finished = [event.node_id for event in events if isinstance(event, NodeFinished)]
    assert sorted(started) == sorted(finished) == sorted(example_graph())


async def test_the_caller_chooses_id_and_extra_data(client: ComfyClient, comfy: FakeComfy) -> None:
    prompt_id = new_id()
    await run(client, prompt_id=prompt_id, extra_data={"preview_method": "auto"})
    [body] = comfy.submitted
    assert body["prompt_id"] == prompt_id
    assert body["client_id"] == comfy.client_ids[0]
    assert body["extra_data"] == {"preview_method": "auto"}


async def test_the_socket_is_open_before_the_first_prompt(
    connect: Connect, comfy: FakeComfy
) -> None:
    client = await connect(is_ready=False)
    events = await run(client)
    assert events[0] == Started()
    assert comfy.submitted[0]["client_id"] in comfy.client_ids


async def test_success_alone_is_not_the_end(client: ComfyClient, comfy: FakeComfy) -> None:
    comfy.hold(Stage.LEFT)
    following = Following(client, example_graph())
    await following.until(lambda event: event == NodeFinished("51"))
    await comfy.reached(Stage.LEFT)
    assert finals(following.events) == []
    comfy.release()
    assert (await following.end())[-1] == Finished()


async def test_fifty_overlapping_runs_get_their_own_pictures(client: ComfyClient) -> None:
    running = [Following(client, example_graph(seed=n, pictures=1)) for n in range(50)]
    for following in running:
        events = await following.end()
        assert events[-1] == Finished()
        assert await pictures(client, events) == [f"{following.prompt_id}/50/0"]


async def test_branches_may_run_in_any_order(client: ComfyClient, comfy: FakeComfy) -> None:
    comfy.output_order = lambda outputs: sorted(outputs, reverse=True)
    events = await run(client)
    assert [event.node_id for event in events if isinstance(event, Outputs)] == ["51", "50"]


async def test_one_prompt_is_not_followed_twice(client: ComfyClient, comfy: FakeComfy) -> None:
    comfy.hold(Stage.START)
    following = Following(client, example_graph())
    await comfy.reached(Stage.START)
    with pytest.raises(ValueError, match="followed already"):
        await run(client, prompt_id=following.prompt_id)
    comfy.release()
    assert (await following.end())[-1] == Finished()


# --- Cached and incomplete answers


async def test_the_same_graph_a_hundred_times_gives_its_picture_every_time(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    for _ in range(100):
        events = await run(client)
        assert events[-1] == Finished()
        assert len(files(events)) == 2
    assert len(comfy.files) == 2


async def test_outputs_that_were_never_told_are_taken_from_the_history(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.tells_outputs = False
    events = await run(client)
    assert events[-1] == Finished()
    assert len(files(events)) == 2


async def test_a_history_that_comes_late_is_waited_for(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.tells_outputs = False
    comfy.history_late_s = 0.03
    events = await run(client)
    assert events[-1] == Finished()
    assert len(files(events)) == 2


async def test_a_history_that_never_comes_does_not_undo_a_success(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.tells_outputs = False
    comfy.history_late_s = PATIENCE_S
    assert (await run(client))[-1] == Finished()


# --- Others, and older ComfyUIs


async def test_others_progress_and_previews_are_not_ours(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    foreign = await comfy.submit(example_graph(seed=9, steps=16))
    await comfy.reached(Stage.SAMPLING, foreign)
    following = Following(client, example_graph())
    await comfy.queued(1)
    comfy.release()
    events = await following.end()
    previews = [event for event in events if isinstance(event, Preview)]
    assert len(previews) <= 8
    assert {event.max for event in events if isinstance(event, StepProgress)} == {4}
    assert events[0] == Started()


async def test_a_comfyui_without_flags_shows_previews_of_the_one_that_runs(
    connect: Connect, comfy: FakeComfy
) -> None:
    comfy.speaks_flags = False
    client = await connect()
    events = await run(client)
    assert {event.node_id for event in events if isinstance(event, Preview)} == {"30", "31"}


async def test_previews_are_known_from_the_command_line(connect: Connect, comfy: FakeComfy) -> None:
    assert (await connect()).previews is True
    comfy.previews = False
    assert (await connect()).previews is False


async def test_previews_that_come_all_the_same_are_noticed(
    connect: Connect, comfy: FakeComfy
) -> None:
    comfy.previews = False
    comfy.honors_preview_method = True
    client = await connect()
    assert client.previews is False
    events = await run(client, extra_data={"preview_method": "auto"})
    assert any(isinstance(event, Preview) for event in events)
    assert client.previews is True


# --- What is installed


async def test_the_node_list_is_raised_only_when_it_changed(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    assert client.object_info_version == 1
    await client.refresh()
    assert client.object_info_version == 1
    comfy.set_checkpoints(["new.safetensors"])
    await client.refresh()
    assert client.object_info_version == 2
    assert client.object_info is not None
    loader = client.object_info["CheckpointLoaderSimple"]
    assert loader["input"]["required"]["ckpt_name"][0] == ["new.safetensors"]


async def test_the_node_list_is_read_again_after_a_reconnect(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.set_checkpoints(["new.safetensors"])
    comfy.drop_sockets()
    await until(client, lambda: client.object_info_version == 2)


async def test_a_failing_listener_stops_nothing(connect: Connect, comfy: FakeComfy) -> None:
    client = await connect()

    def fail() -> None:
        raise RuntimeError("a mistake of ours")

    client.on_change = fail
    await client.refresh()
    assert client.state is EngineState.READY


async def test_the_queue_is_shown_as_it_is(client: ComfyClient) -> None:
    assert await client.queue() == {"queue_running": [], "queue_pending": []}


# --- Pictures


async def test_a_picture_that_is_gone_is_an_error(client: ComfyClient) -> None:
    with pytest.raises(EngineError) as caught:
        await fetch(client, FileRef("gone.png"))
    assert caught.value.error_code == "missing_output"


async def test_half_a_picture_is_an_error(client: ComfyClient, comfy: FakeComfy) -> None:
    [file, _] = files(await run(client))
    comfy.fault_next("/view", "truncate")
    with pytest.raises(EngineUnavailableError):
        await fetch(client, file)
    assert picture_of(await fetch(client, file))


async def test_the_readers_own_error_stays_its_own(client: ComfyClient) -> None:
    [file, _] = files(await run(client))
    with pytest.raises(OSError, match="disk full"):
        async with client.view(file):
            raise OSError("disk full")


# --- Stopping


async def test_stopping_the_client_lets_go_and_stops_nothing(comfy: FakeComfy) -> None:
    before = asyncio.all_tasks()
    comfy.hold(Stage.SAMPLING)
    async with aiohttp.ClientSession() as session:
        async with ComfyClient(comfy.url, session, timing=TIMING) as client:
            following = Following(client, example_graph())
            await comfy.reached(Stage.SAMPLING)
        with pytest.raises(EngineUnavailableError, match="stopping"):
            await following.end()
        assert client.state is EngineState.DOWN
    assert comfy.interrupts == comfy.deleted == []
    comfy.release()
    await comfy.reached(Stage.END)
    names = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not any("client" in name or "watch" in name for name in names)


async def test_a_reader_that_leaves_stops_nothing(client: ComfyClient, comfy: FakeComfy) -> None:
    prompt_id = new_id()
    async with aclosing(client.execute(prompt_id, example_graph())) as events:
        async for _ in events:
            break
    await comfy.reached(Stage.END, prompt_id)
    assert comfy.history[prompt_id]["status"]["completed"]


def test_retry_delays_grow_with_jitter_to_a_bound() -> None:
    delays = Timing(retry_s=1.0, retry_max_s=8.0).retry_delays()
    drawn = [next(delays) for _ in range(20)]
    assert 0.5 <= drawn[0] <= 1.0
    assert all(4.0 <= delay <= 8.0 for delay in drawn[5:])
    assert len(set(drawn[5:])) > 1
