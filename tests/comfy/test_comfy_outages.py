"""The client and a ComfyUI that drops, stalls, forgets and comes back."""

import logging
import random
from dataclasses import replace

import aiohttp
import pytest

from imagine.comfy_client import ComfyClient, EngineState, Timing
from imagine.comfy_messages import (
    Finished,
    Interrupted,
    Lost,
    Started,
    StepProgress,
)
from imagine.errors import EngineTimeoutError, EngineUnavailableError
from tests.comfy.conftest import Connect
from tests.comfy.following import WATCHFUL, Following, files, finals, pictures, run, settled, until
from tests.fakes.comfy import FakeComfy, Stage, example_graph

IN_A_RUN = [s for s in Stage if Stage.START < s < Stage.END]


# --- Lost sockets


@pytest.mark.parametrize("stage", IN_A_RUN, ids=lambda stage: stage.name)
async def test_a_socket_cut_at_any_stage_loses_no_picture(
    client: ComfyClient, comfy: FakeComfy, stage: Stage
) -> None:
    comfy.at(stage, comfy.drop_sockets)
    following = Following(client, example_graph())
    events = await following.end()
    assert events[-1] == Finished()
    assert await pictures(client, events) == [f"{following.prompt_id}/{n}/0" for n in (50, 51)]
    await settled(client.wait_ready())


async def test_a_run_stays_live_after_its_socket_was_cut(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    following = Following(client, example_graph(steps=8))
    await comfy.reached(Stage.SAMPLING)
    comfy.drop_sockets()
    await comfy.connected(3)  # the old one, a new one, and one more under the old id
    comfy.release()
    events = await following.end()
    assert events[-1] == Finished()
    assert StepProgress("31", 8, 8) in events


async def test_each_connection_has_a_fresh_client_id(client: ComfyClient, comfy: FakeComfy) -> None:
    for count in (2, 3):
        comfy.drop_sockets()
        await comfy.connected(count)
    await run(client)
    assert len(set(comfy.client_ids)) == 3
    assert comfy.submitted[0]["client_id"] == comfy.client_ids[-1]


async def test_a_drop_that_heals_at_once_is_no_outage(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    states: list[EngineState] = []
    client.on_change = lambda: states.append(client.state)
    comfy.drop_sockets()
    await comfy.connected(2)
    await run(client)
    assert EngineState.DOWN not in states


async def test_silence_on_an_open_socket_is_noticed_and_the_socket_replaced(
    connect: Connect, comfy: FakeComfy
) -> None:
    client = await connect(WATCHFUL)
    comfy.at(Stage.SAMPLING, comfy.go_silent)
    events = await run(client)
    assert events[-1] == Finished()
    assert len(files(events)) == 2
    comfy.silent = False
    await comfy.connected(2)


async def test_a_socket_that_answers_no_ping_is_given_up(
    connect: Connect, comfy: FakeComfy
) -> None:
    comfy.answers_pings = False
    await connect(Timing(close_s=0.1, ping_s=0.05, pong_s=0.05, retry_s=0.01))
    await comfy.connected(2)


async def test_garbage_on_the_socket_disturbs_nothing(
    client: ComfyClient, comfy: FakeComfy, caplog: pytest.LogCaptureFixture
) -> None:
    comfy.at(Stage.SAMPLING, comfy.send_garbage)
    with caplog.at_level(logging.WARNING):
        assert (await run(client))[-1] == Finished()
    assert caplog.records == []
    assert len(comfy.client_ids) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_no_mix_of_mishaps_loses_or_mixes_up_a_picture(
    connect: Connect, comfy: FakeComfy, seed: int
) -> None:
    draw = random.Random(seed)
    client = await connect(WATCHFUL)
    mishaps = [
        comfy.drop_sockets,
        comfy.go_silent,
        comfy.send_garbage,
        lambda: comfy.fault_next("/queue", 500),
        lambda: comfy.fault_next("/history", "drop_before"),
    ]
    for number in range(8):
        comfy.silent = False
        for _ in range(2):
            comfy.at(draw.choice(IN_A_RUN), draw.choice(mishaps))
        following = Following(client, example_graph(seed=number))
        events = await following.end()
        assert finals(events) == [Finished()]
        assert await pictures(client, events) == [f"{following.prompt_id}/{n}/0" for n in (50, 51)]


# --- Restarts and outages


async def test_a_restart_loses_what_ran_and_what_waited(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    runs = [Following(client, example_graph(seed=seed)) for seed in (1, 2)]
    await comfy.reached(Stage.SAMPLING)
    await comfy.restart()
    for following in runs:
        assert finals(await following.end()) == [Lost()]
    comfy.release()
    assert (await run(client))[-1] == Finished()


async def test_down_says_why_and_ready_comes_back(client: ComfyClient, comfy: FakeComfy) -> None:
    await comfy.stop()
    await until(client, lambda: client.state is EngineState.DOWN)
    assert client.reason == f"ComfyUI does not answer at {comfy.url}."
    await comfy.start()
    await settled(client.wait_ready())
    assert client.reason is None


async def test_nobody_there_is_told_soon(connect: Connect, comfy: FakeComfy) -> None:
    await comfy.stop()
    client = await connect(Timing(connect_s=0.05, retry_s=0.01), is_ready=False)
    with pytest.raises(EngineUnavailableError) as caught:
        await run(client)
    assert caught.value.message == f"ComfyUI does not answer at {comfy.url}."
    await comfy.start()
    assert comfy.submitted == []


async def test_something_that_is_no_comfyui_is_down(connect: Connect, comfy: FakeComfy) -> None:
    comfy.fault_next("/object_info", 404, times=100_000)
    client = await connect(is_ready=False)
    await until(client, lambda: client.state is EngineState.DOWN)
    assert client.reason == "ComfyUI answers /object_info with 404."
    comfy.heal()
    await settled(client.wait_ready())


async def test_a_password_in_the_address_is_never_shown(comfy: FakeComfy) -> None:
    async with aiohttp.ClientSession() as session:
        client = ComfyClient(comfy.url.replace("//", "//me:secret@"), session)
        assert client.url == comfy.url


# --- Adopting


async def test_a_running_prompt_is_adopted_and_followed_live(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    graph = example_graph(steps=8)
    prompt_id = await comfy.submit(graph, client_id="an-earlier-process")
    await comfy.reached(Stage.SAMPLING)
    following = Following(client, graph, prompt_id=prompt_id, adopt=True)
    await comfy.connected(2)
    comfy.release()
    events = await following.end()
    assert events[0] == Started()
    assert StepProgress("31", 8, 8) in events
    assert await pictures(client, events) == [f"{prompt_id}/{n}/0" for n in (50, 51)]
    assert comfy.submitted == []


async def test_a_finished_prompt_is_adopted_with_its_pictures(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    prompt_id = await comfy.submit(example_graph())
    await comfy.reached(Stage.END)
    events = await run(client, prompt_id=prompt_id, adopt=True)
    assert events[-1] == Finished()
    assert await pictures(client, events) == [f"{prompt_id}/{n}/0" for n in (50, 51)]


async def test_an_unknown_prompt_cannot_be_adopted(client: ComfyClient, comfy: FakeComfy) -> None:
    assert await run(client, adopt=True) == [Lost()]
    assert comfy.submitted == []


async def test_adopting_waits_for_an_engine_that_is_away(
    connect: Connect, comfy: FakeComfy
) -> None:
    await comfy.stop()
    client = await connect(is_ready=False)
    following = Following(client, example_graph(), adopt=True)
    await until(client, lambda: client.state is EngineState.DOWN)
    assert following.events == []
    await comfy.start()
    assert await following.end() == [Lost()]


async def test_an_adopted_prompt_can_be_canceled(client: ComfyClient, comfy: FakeComfy) -> None:
    comfy.hold(Stage.SAMPLING)
    prompt_id = await comfy.submit(example_graph(), client_id="an-earlier-process")
    await comfy.reached(Stage.SAMPLING)
    following = Following(client, example_graph(), prompt_id=prompt_id, adopt=True)
    await following.until(lambda event: event == Started())
    await client.cancel(prompt_id)
    assert finals(await following.end()) == [Interrupted()]


def is_lost(client: ComfyClient) -> bool:
    return client.lost_at is not None


async def test_a_client_knows_since_when_its_engine_is_silent(
    connect: Connect, comfy: FakeComfy
) -> None:
    client = await connect(replace(WATCHFUL, request_s=0.1))
    assert not is_lost(client)
    comfy.go_dark()
    with pytest.raises(EngineTimeoutError):
        await client.queue()
    assert is_lost(client)
    comfy.come_back()
    await until(client, lambda: not is_lost(client))


async def test_a_client_knows_that_nobody_listens(connect: Connect, comfy: FakeComfy) -> None:
    client = await connect()
    await comfy.stop()
    await until(client, lambda: client.is_refused)
    assert is_lost(client)
    await comfy.start()
    await settled(client.wait_ready())
    assert not is_lost(client)
