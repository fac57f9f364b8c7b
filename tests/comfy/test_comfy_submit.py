"""Bringing prompts in and taking them out: refusals, doubts and cancels."""

import asyncio

import aiohttp
import pytest

from imagine.comfy_client import ComfyClient, Timing
from imagine.comfy_messages import (
    Failed,
    Finished,
    Interrupted,
    Lost,
)
from imagine.errors import (
    EngineError,
    EngineRejectedError,
    EngineTimeoutError,
    EngineUnavailableError,
)
from imagine.ids import new_id
from tests.comfy.conftest import Connect
from tests.comfy.following import (
    WATCHFUL,
    Following,
    finals,
    pictures,
    run,
)
from tests.fakes.comfy import OUT_OF_MEMORY, FakeComfy, Stage, example_graph

# --- Refusals, failures and doubts


async def test_a_refused_graph_is_told_in_one_sentence(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    graph = example_graph() | {"9": {"class_type": "NoSuchNode", "inputs": {}}}
    with pytest.raises(EngineRejectedError) as caught:
        await Following(client, graph).end()
    assert caught.value.error_code == "missing_node"
    assert comfy.ran == []


async def test_a_refusal_names_the_title_of_the_node(client: ComfyClient, comfy: FakeComfy) -> None:
    problem = {"type": "required_input_missing", "extra_info": {"input_name": "model"}}
    report = {"30": {"class_type": "KSampler", "errors": [problem], "dependent_outputs": ["50"]}}
    comfy.reject_next({"error": {"type": "x"}, "node_errors": report})
    with pytest.raises(EngineRejectedError, match="Sampler of picture 1: model is missing"):
        await run(client)


async def test_a_half_accepted_graph_is_refused_and_taken_back(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    problem = {"type": "required_input_missing", "extra_info": {"input_name": "model"}}
    comfy.hold(Stage.START)
    comfy.accept_partly({"31": {"class_type": "KSampler", "errors": [problem]}})
    with pytest.raises(EngineRejectedError, match="Sampler of picture 2"):
        await run(client)
    assert comfy.pending == []
    comfy.release()
    assert (await run(client))[-1] == Finished()


async def test_a_refusal_without_words_says_what_to_check(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.fault_next("/prompt", 413)
    with pytest.raises(EngineRejectedError, match="answers a graph with 413"):
        await run(client)


@pytest.mark.parametrize("status", [200, 302, 401, 403])
async def test_a_page_in_place_of_an_answer_is_no_refusal(
    client: ComfyClient, comfy: FakeComfy, status: int
) -> None:
    comfy.fault_next("/prompt", status)
    with pytest.raises(EngineUnavailableError, match=f"with {status}, but not like ComfyUI"):
        await run(client)


async def test_a_canceled_prompt_that_begins_after_all_is_stopped_then(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    await run(client)
    ours, late, other = comfy.submitted[0]["client_id"], new_id(), new_id()
    await client.cancel(late)
    assert comfy.interrupts == []
    await comfy.submit(example_graph(seed=2), client_id=ours, prompt_id=other)
    await comfy.until(lambda: other in comfy.history)  # which was never canceled
    comfy.hold(Stage.SAMPLING)
    await comfy.submit(example_graph(seed=3), client_id=ours, prompt_id=late)
    await comfy.until(lambda: late in comfy.history)
    assert comfy.interrupts == [late]
    assert comfy.history[other]["status"]["completed"]
    assert not comfy.history[late]["status"]["completed"]


async def test_a_failure_says_why_and_at_which_step(client: ComfyClient, comfy: FakeComfy) -> None:
    comfy.fail_next(OUT_OF_MEMORY)
    [final] = finals(await run(client))
    assert isinstance(final, Failed)
    assert final.error.code == "out_of_memory"
    where = "“Sampler of picture 1”, at step 2 of 4"
    assert final.error.message == f"The GPU ran out of memory in {where}."


async def test_pictures_made_before_a_failure_are_told(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.fail_next(OUT_OF_MEMORY | {"node_id": "31"})
    following = Following(client, example_graph())
    events = await following.end()
    assert await pictures(client, events) == [f"{following.prompt_id}/50/0"]
    assert isinstance(events[-1], Failed)


async def test_a_failure_that_was_not_heard_is_read_in_the_history(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    comfy.fail_next(OUT_OF_MEMORY)
    following = Following(client, example_graph())
    await comfy.reached(Stage.SAMPLING)
    comfy.silent = True
    comfy.drop_sockets()
    comfy.release()
    [final] = finals(await following.end())
    assert isinstance(final, Failed)
    assert final.error.code == "out_of_memory"


async def test_an_answer_that_got_lost_is_looked_for(client: ComfyClient, comfy: FakeComfy) -> None:
    comfy.fault_next("/prompt", "drop_after")
    events = await run(client)
    assert events[-1] == Finished()
    assert len(comfy.ran) == 1


async def test_an_answer_that_takes_too_long_is_looked_for(
    connect: Connect, comfy: FakeComfy
) -> None:
    client = await connect(Timing(submit_s=0.05, poll_s=0.02, close_s=0.2))
    comfy.hold(Stage.START)
    comfy.fault_next("/prompt", "hang_after")
    following = Following(client, example_graph())
    await comfy.reached(Stage.START)
    comfy.release()
    assert (await following.end())[-1] == Finished()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("drop_before", EngineUnavailableError),
        ("hang_before", EngineTimeoutError),
        (500, EngineUnavailableError),
        (502, EngineUnavailableError),
    ],
)
async def test_a_prompt_that_never_arrived_is_said_to_be_so(
    connect: Connect, comfy: FakeComfy, fault: str | int, error: type[EngineError]
) -> None:
    client = await connect(Timing(submit_s=0.2, poll_s=0.02, close_s=0.2))
    comfy.fault_next("/prompt", fault)
    with pytest.raises(error):
        await run(client)
    assert comfy.ran == []
    assert ("GET", "/queue") in comfy.requests


async def test_a_comfyui_that_names_prompts_itself_is_too_old(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.names_prompts = False
    comfy.hold(Stage.START)
    with pytest.raises(EngineRejectedError) as caught:
        await run(client)
    assert caught.value.error_code == "engine_too_old"
    assert comfy.pending == []


# --- Cancel


async def test_a_waiting_prompt_is_canceled_alone(client: ComfyClient, comfy: FakeComfy) -> None:
    comfy.hold(Stage.SAMPLING)
    first, second, third = (Following(client, example_graph(seed=n)) for n in range(3))
    await comfy.reached(Stage.SAMPLING, first.prompt_id)
    await comfy.queued(2)
    await client.cancel(second.prompt_id)
    assert await second.end() == [Interrupted()]
    comfy.release()
    assert (await first.end())[-1] == (await third.end())[-1] == Finished()
    assert comfy.interrupts == []


async def test_a_waiting_prompt_that_is_withdrawn_is_lost_to_its_reader(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    first, second = (Following(client, example_graph(seed=n)) for n in range(2))
    await comfy.reached(Stage.SAMPLING, first.prompt_id)
    await comfy.queued(1)
    while second.prompt_id not in comfy.deleted:  # not before its answer came
        await client.withdraw(second.prompt_id)
        await asyncio.sleep(0)
    assert await second.end() == [Lost()]
    comfy.release()
    assert (await first.end())[-1] == Finished()
    assert (set(comfy.deleted), comfy.interrupts) == ({second.prompt_id}, [])


async def test_a_running_prompt_is_not_withdrawn(client: ComfyClient, comfy: FakeComfy) -> None:
    comfy.hold(Stage.RUNNING)  # it runs, and nobody was told
    following = Following(client, example_graph())
    await comfy.reached(Stage.RUNNING)
    await client.withdraw(following.prompt_id)
    comfy.release()
    assert (await following.end())[-1] == Finished()
    assert comfy.interrupts == []


async def test_a_running_prompt_is_canceled_alone(client: ComfyClient, comfy: FakeComfy) -> None:
    comfy.hold(Stage.SAMPLING)
    first = Following(client, example_graph(seed=1))
    await comfy.reached(Stage.SAMPLING, first.prompt_id)
    second = Following(client, example_graph(seed=2))
    foreign = await comfy.submit(example_graph(seed=9))
    await comfy.queued(2)
    await client.cancel(first.prompt_id)
    assert finals(await first.end()) == [Interrupted()]
    comfy.release()
    assert (await second.end())[-1] == Finished()
    await comfy.reached(Stage.END, foreign)
    assert set(comfy.interrupts) == {first.prompt_id}


async def test_a_prompt_canceled_before_it_was_submitted_never_is(
    connect: Connect, comfy: FakeComfy
) -> None:
    await comfy.stop()
    client = await connect(is_ready=False)
    following = Following(client, example_graph())
    await asyncio.sleep(0)
    await client.cancel(following.prompt_id)
    await comfy.start()
    assert await following.end() == [Interrupted()]
    assert comfy.submitted == []


async def test_a_prompt_canceled_on_its_way_is_stopped_when_it_arrives(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    following = Following(client, example_graph())
    await asyncio.sleep(0)  # the request is being written
    await client.cancel(following.prompt_id)
    assert finals(await following.end()) == [Interrupted()]


async def test_a_cancel_that_comes_too_late_stops_nothing(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    prompt_id = new_id()
    await run(client, prompt_id=prompt_id)
    await client.cancel(prompt_id)
    assert comfy.interrupts == []


async def test_a_cancel_while_the_engine_is_gone_ends_the_run(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    following = Following(client, example_graph())
    await comfy.reached(Stage.SAMPLING)
    await comfy.stop()
    await client.cancel(following.prompt_id)
    assert finals(await following.end()) == [Interrupted()]
    await comfy.start()


async def test_a_cancel_that_could_not_be_asked_is_asked_again(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    following = Following(client, example_graph())
    await comfy.reached(Stage.SAMPLING)
    comfy.fault_next("/queue", 500, times=2)
    with pytest.raises(EngineUnavailableError):
        await client.cancel(following.prompt_id)
    assert finals(await following.end()) == [Interrupted()]


async def test_an_interrupt_by_somebody_else_is_no_success(
    client: ComfyClient, comfy: FakeComfy
) -> None:
    comfy.hold(Stage.SAMPLING)
    following = Following(client, example_graph())
    await comfy.reached(Stage.SAMPLING)
    async with aiohttp.ClientSession() as other:
        await other.post(f"{comfy.url}/interrupt")
    assert finals(await following.end()) == [Interrupted()]


async def test_a_prompt_that_somebody_deleted_is_lost(connect: Connect, comfy: FakeComfy) -> None:
    client = await connect(WATCHFUL)
    comfy.hold(Stage.START)
    following = Following(client, example_graph())
    await comfy.queued(1)
    async with aiohttp.ClientSession() as other:
        await other.post(f"{comfy.url}/queue", json={"delete": [following.prompt_id]})
    assert await following.end() == [Lost()]
