"""Several ComfyUIs: who makes what, and what becomes of it when one dies, falls silent or flaps.

The whole server over real sockets, in front of two scriptable fakes.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from imagine import out_of_reach
from imagine.app_keys import PARTS
from imagine.comfy_client import Timing
from imagine.engine import Engine
from imagine.jobs import MOVES
from imagine.models import JobState
from imagine.store import SqliteJobStore
from tests.catalogs import object_info
from tests.conftest import QUICK, Client, StartServer
from tests.fakes.comfy import FakeComfy, Stage
from tests.following import eventually, submit
from tests.painting import picture

A, B = "sd_xl_base_1.0.safetensors", "juggernautXL_v9.safetensors"
IP_ADAPTER = "ip-adapter-plus_sdxl_vit-h.safetensors"
IP_VISION = "CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors"
TINY = "--size 64x64 --steps 2 --batch 1"
# What another program has them make.
STRANGE: dict[str, Any] = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64}},
    "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
}
ENDS = ("succeeded", "failed", "canceled")
# It notices soon that nobody answers.
WATCHFUL = Timing(
    connect_s=0.3,
    request_s=0.3,
    submit_s=0.5,
    silence_s=0.2,
    poll_s=0.05,
    retry_s=0.02,
    retry_max_s=0.1,
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose patience with an engine that is out of reach within tenths of a second."""
    monkeypatch.setattr("imagine.out_of_reach.TICK_S", 0.02)
    monkeypatch.setattr("imagine.out_of_reach.REFUSED_S", 0.2)
    monkeypatch.setattr("imagine.out_of_reach.SILENT_S", 0.5)
    monkeypatch.setattr("imagine.out_of_reach.UNBEGUN_S", 0.2)
    monkeypatch.setattr("imagine.choice.HELP_AFTER_S", 0.0)


@pytest.fixture
async def pair() -> AsyncIterator[tuple[FakeComfy, FakeComfy]]:
    async with FakeComfy(checkpoints=[A, B]) as one, FakeComfy(checkpoints=[A, B]) as other:
        yield one, other


async def serve(
    start_server: StartServer, comfies: Iterable[FakeComfy], *, timing: Timing = WATCHFUL
) -> Client:
    """Start a server in front of these, and wait until it knows all of them that answer."""
    comfies = list(comfies)
    urls = [comfy.url for comfy in comfies]
    client = await start_server(engine="comfyui", comfyui_url=urls, timing=timing)
    up = {comfy.url for comfy in comfies if comfy.is_up}
    engines = client.app[PARTS].engines.serving
    await eventually(
        lambda: all(e.catalog is not None and e.is_clean for e in engines if e.url in up)
    )
    return client


async def ask(client: Client, path: str) -> dict[str, Any]:
    async with client.get(path) as answer:
        body: dict[str, Any] = await answer.json()
    return body


async def until_some_wait(client: Client) -> None:
    await eventually(lambda: client.app[PARTS].queue.length)


async def job_of(client: Client, job_id: str) -> dict[str, Any]:
    return await ask(client, f"/api/jobs/{job_id}")


async def ended(client: Client, *job_ids: str) -> list[dict[str, Any]]:
    """Wait until all these are over; return them."""
    store = client.app[PARTS].store
    async with asyncio.timeout(30):
        while True:
            jobs = [await store.get(job_id) for job_id in job_ids]
            if all(job is not None and job.state in ENDS for job in jobs):
                return [await job_of(client, job_id) for job_id in job_ids]
            await asyncio.sleep(0.02)


async def send(client: Client, prompt: str, **body: Any) -> str:
    (job,) = await submit(client, f"{prompt} {TINY}", **body)
    return str(job["id"])


async def engine_url(client: Client, job_id: str) -> str | None:
    marks = await client.app[PARTS].store.marks(job_id)
    assert marks is not None
    return marks.engine_url


def at(client: Client, comfy: FakeComfy) -> Engine:
    engine = client.app[PARTS].engines.at(comfy.url)
    assert engine is not None
    return engine


# --- who makes what


async def test_two_idle_engines_share_the_work(start_server: StartServer, pair: Any):
    for comfy in pair:
        comfy.hold(Stage.SAMPLING)
    client = await serve(start_server, pair)
    jobs = [await send(client, f"fox {n} --model {model}") for n, model in enumerate((A, B))]
    for comfy in pair:
        await comfy.reached(Stage.SAMPLING)
        comfy.release()
    assert [job["state"] for job in await ended(client, *jobs)] == ["succeeded"] * 2
    assert {await engine_url(client, job) for job in jobs} == {comfy.url for comfy in pair}


async def test_what_only_one_engine_has_goes_there(start_server: StartServer):
    one = FakeComfy(checkpoints=[A], loras=["ink.safetensors"])
    other = FakeComfy(checkpoints=[B], loras=["oil.safetensors"])
    async with one, other:
        client = await serve(start_server, (one, other))
        catalog = await ask(client, "/api/catalog")
        assert {model["name"] for model in catalog["models"]} == {A, B}
        assert {"ink.safetensors", "oil.safetensors"} <= set(catalog["loras"])
        jobs = [
            await send(client, f"fox --model {A}"),
            await send(client, f"fox --model {B}"),
            await send(client, "a fox --lora oil --model juggernaut"),
            await send(client, "a fox --lora ink --model sd_xl"),
        ]
        states = [job["state"] for job in await ended(client, *jobs)]
        assert states == ["succeeded"] * 4
        assert [await engine_url(client, job) for job in jobs] == [
            one.url,
            other.url,
            other.url,
            one.url,
        ]


async def test_the_lora_decides_when_both_have_the_model(start_server: StartServer):
    one = FakeComfy(checkpoints=[A], loras=["ink.safetensors"])
    other = FakeComfy(checkpoints=[A], loras=["oil.safetensors"])
    async with one, other:
        client = await serve(start_server, (one, other))
        jobs = [await send(client, f"a fox {n} --lora oil") for n in range(3)]
        assert [job["state"] for job in await ended(client, *jobs)] == ["succeeded"] * 3
        assert {await engine_url(client, job) for job in jobs} == {other.url}
        assert one.submitted == []


async def test_what_no_single_engine_has_fails_with_a_sentence(start_server: StartServer):
    one = FakeComfy(checkpoints=[A], loras=["ink.safetensors"])
    other = FakeComfy(checkpoints=[B], loras=["oil.safetensors"])
    async with one, other:
        client = await serve(start_server, (one, other))
        (job,) = await ended(client, await send(client, f"a fox --model {A} --lora oil"))
        assert job["state"] == "failed"
        assert "oil" in job["error"]["message"]


async def test_the_model_chosen_at_first_is_kept_on_every_engine(start_server: StartServer):
    one = FakeComfy(checkpoints=[A])
    other = FakeComfy(checkpoints=["flux1-schnell-fp8.safetensors", A])
    async with one, other:
        client = await serve(start_server, (one, other))
        best = (await ask(client, "/api/catalog"))["default_model"]
        assert best == "flux1-schnell-fp8.safetensors"
        (job,) = await ended(client, await send(client, "a fox"))
        assert job["parameters"]["model"] == best
        assert any("the best installed" in note["message"] for note in job["notes"])
        assert one.submitted == []


async def test_a_graph_that_one_engine_refuses_is_given_to_another(
    start_server: StartServer, pair: Any
):
    refusal = {"error": {"type": "invalid_prompt", "message": "Broken here"}, "node_errors": {}}
    client = await serve(start_server, pair)
    pair[0].reject_next(refusal)
    (job,) = await ended(client, await send(client, "fox"))
    assert (job["state"], job["attempt"]) == ("succeeded", 2)
    assert await engine_url(client, job["id"]) == pair[1].url
    for comfy in pair:
        comfy.reject_next(refusal)
    (job,) = await ended(client, await send(client, "fox"))
    assert (job["state"], job["attempt"]) == ("failed", 2)
    assert "Broken here" in job["error"]["message"]


async def upload(client: Client) -> str:
    async with client.post(
        "/api/uploads", data=picture(), headers={"Content-Type": "image/png"}
    ) as answer:
        return str((await answer.json())["link"])


async def test_an_engine_that_would_leave_something_out_is_left_out(
    start_server: StartServer, pair: Any
):
    able = pair[1]
    able.object_info = object_info(
        checkpoints=[A], loras=[], ip_adapters=[IP_ADAPTER], clip_visions=[IP_VISION]
    )
    client = await serve(start_server, pair)
    style = await upload(client)
    jobs = [await send(client, f"fox {n} --sref {style}") for n in range(3)]
    found = await ended(client, *jobs)
    assert {job["attempt"] for job in found} == {1}
    assert {await engine_url(client, job) for job in jobs} == {able.url}
    assert all("IPAdapter" in str(job["notes"]) for job in found)


async def test_what_no_engine_can_do_in_full_is_made_all_the_same(start_server: StartServer):
    one, other = FakeComfy(checkpoints=[A], loras=["ink.safetensors"]), FakeComfy()
    other.object_info = object_info(
        checkpoints=[A], loras=[], ip_adapters=[IP_ADAPTER], clip_visions=[IP_VISION]
    )
    async with one, other:
        client = await serve(start_server, (one, other))
        style = await upload(client)
        (job,) = await ended(client, await send(client, f"a fox --sref {style} --lora ink"))
        assert job["state"] == "succeeded"
        assert "IPAdapter" not in str(job["notes"])
        assert await engine_url(client, job["id"]) == one.url


async def test_40_mixed_jobs_need_far_fewer_switches_than_first_in_first_out(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("imagine.choice.HELP_AFTER_S", 10.0)
    models = [A, B] * 20
    random.Random(4).shuffle(models)

    async def loads_of(folder: str) -> int:
        async with AsyncExitStack() as stack:
            comfies = [
                await stack.enter_async_context(FakeComfy(checkpoints=[A, B])) for _ in range(2)
            ]
            urls = [comfy.url for comfy in comfies]
            client = await start_server(
                engine="comfyui", comfyui_url=urls, output=tmp_path / folder, timing=QUICK
            )
            await client.post("/api/queue/pause")
            engines = client.app[PARTS].engines.serving
            await eventually(lambda: all(engine.is_available(0.0) for engine in engines))
            jobs = [await send(client, f"fox {n} --model {m}") for n, m in enumerate(models)]
            await client.post("/api/queue/resume")
            assert {job["state"] for job in await ended(client, *jobs)} == {"succeeded"}
            await client.close()
            return sum(len(comfy.loads) for comfy in comfies)

    ours = await loads_of("ours")
    monkeypatch.setattr("imagine.hand_out.choose", lambda waiting, *_: next(iter(waiting), None))
    first_in_first_out = await loads_of("fifo")
    assert ours <= 0.4 * first_in_first_out


async def test_among_idle_engines_the_one_with_more_free_memory_is_first(
    start_server: StartServer, pair: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.engines.MEMORY_EVERY_S", 0.02)
    pair[0].vram_free, pair[1].vram_free = 2**30, 2**33
    client = await serve(start_server, pair)
    (job,) = await ended(client, await send(client, f"a fox --model {A}"))
    assert await engine_url(client, job["id"]) == pair[1].url
    pair[0].vram_free = 2**34
    await eventually(lambda: at(client, pair[0]).memory_left == 2**34)
    (job,) = await ended(client, await send(client, f"a fox --model {B}"))
    assert await engine_url(client, job["id"]) == pair[0].url


async def test_a_job_waits_for_an_engine_that_was_not_seen_yet(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.out_of_reach.REFUSED_S", 60.0)
    monkeypatch.setattr("imagine.out_of_reach.SILENT_S", 60.0)  # while it starts it may be slow
    one, other = FakeComfy(checkpoints=[A]), FakeComfy(checkpoints=[B])
    async with one, other:
        await one.stop()
        await other.stop()
        client = await serve(start_server, (one, other))
        job_id = await send(client, "a fox --model juggernaut")
        await one.start()
        await eventually(lambda: job_id in at(client, one).refused)
        assert (await job_of(client, job_id))["state"] == "queued"
        await other.start()
        (job,) = await ended(client, job_id)
        assert (job["state"], job["parameters"]["model"]) == ("succeeded", B)


async def test_an_engine_that_is_never_seen_is_not_waited_for_for_ever(start_server: StartServer):
    one, other = FakeComfy(checkpoints=[A]), FakeComfy(checkpoints=[B])
    async with one, other:
        await one.stop()
        await other.stop()
        client = await serve(start_server, (one, other))
        job_id = await send(client, "a fox --model juggernaut")
        await one.start()
        (job,) = await ended(client, job_id)
        assert job["state"] == "failed"
        assert "juggernaut" in job["error"]["message"]


# --- one dies


async def test_what_a_dead_engine_had_not_begun_goes_to_the_other_at_once(
    start_server: StartServer, pair: Any
):
    for comfy in pair:
        comfy.hold(Stage.SAMPLING)
    client = await serve(start_server, pair)
    jobs = [await send(client, f"fox {n}") for n in range(4)]
    await eventually(lambda: sum(len(comfy.submitted) for comfy in pair) == 4)
    for comfy in pair:
        await comfy.reached(Stage.SAMPLING)
    dead, alive = pair
    running = dead.running.id
    await dead.stop()
    alive.release()
    others = [job for job in jobs if job != running]
    assert [job["state"] for job in await ended(client, *others)] == ["succeeded"] * 3
    (job,) = await ended(client, running)  # and in the end what it had begun
    assert (job["state"], job["attempt"]) == ("succeeded", 2)
    assert {await engine_url(client, job) for job in jobs} == {alive.url}


async def test_a_black_hole_loses_its_jobs_to_the_other_and_is_cleaned_when_it_is_back(
    start_server: StartServer, pair: Any
):
    for comfy in pair:
        comfy.hold(Stage.SAMPLING)
    client = await serve(start_server, pair)
    stranger = await pair[0].submit(STRANGE)
    jobs = [await send(client, f"fox {n}") for n in range(4)]
    await eventually(lambda: sum(len(comfy.submitted) for comfy in pair) == 4)
    dark, bright = pair
    await bright.reached(Stage.SAMPLING)
    dark.go_dark()
    bright.release()
    assert [job["state"] for job in await ended(client, *jobs)] == ["succeeded"] * 4
    assert {await engine_url(client, job) for job in jobs} == {bright.url}
    left = [prompt.id for prompt in (dark.running, *dark.pending) if prompt and prompt.id in jobs]
    assert left
    dark.come_back()
    await eventually(lambda: at(client, dark).is_available(time.monotonic()))
    dark.release()
    await eventually(lambda: dark.running is None and not dark.pending)
    assert await client.app[PARTS].store.strays(dark.url) == []
    assert stranger in dark.history
    assert not (set(left) & dark.history.keys()) or set(left) & set(dark.interrupts)
    assert stranger not in {*dark.interrupts, *dark.deleted}


async def test_with_a_single_engine_a_job_waits_for_it(start_server: StartServer):
    async with FakeComfy(checkpoints=[A]) as comfy:
        comfy.hold(Stage.SAMPLING)
        client = await serve(start_server, [comfy])
        job_id = await send(client, "a fox")
        await comfy.reached(Stage.SAMPLING)
        comfy.go_dark()
        engine = at(client, comfy)
        # Longer than anybody would wait for it if there were another engine.
        await eventually(lambda: (engine.out_s(time.monotonic()) or 0) > out_of_reach.SILENT_S)
        assert (await job_of(client, job_id))["state"] == "running"
        health = await ask(client, "/api/health")
        assert health["engine"]["state"] == "down"
        assert health["engine"]["reason"]
        comfy.come_back()
        comfy.release()
        (job,) = await ended(client, job_id)
        assert (job["state"], job["attempt"]) == ("succeeded", 1)


async def test_what_only_a_dead_engine_can_run_waits_for_it(start_server: StartServer):
    one, other = FakeComfy(checkpoints=[A]), FakeComfy(checkpoints=[B])
    async with one, other:
        one.hold(Stage.SAMPLING)
        client = await serve(start_server, (one, other))
        begun = await send(client, f"fox --model {A}")
        await one.reached(Stage.SAMPLING)
        await one.stop()
        await eventually(lambda: at(client, one).client.state == "down")
        waiting = await send(client, f"fox --model {A}")  # it was seen with that model
        (job,) = await ended(client, await send(client, f"fox --model {B}"))
        assert job["state"] == "succeeded"
        assert (await job_of(client, waiting))["state"] == "queued"
        assert (await job_of(client, begun))["state"] == "running"
        await one.start()
        one.release()
        jobs = await ended(client, begun, waiting)
        assert [job["state"] for job in jobs] == ["succeeded"] * 2


async def test_a_cancel_does_not_wait_for_an_engine_that_is_out_of_reach(
    start_server: StartServer,
):
    async with FakeComfy(checkpoints=[A]) as comfy:
        comfy.hold(Stage.SAMPLING)
        client = await serve(start_server, [comfy])
        job_id = await send(client, "a fox")
        await comfy.reached(Stage.SAMPLING)
        comfy.go_dark()
        async with client.post(f"/api/jobs/{job_id}/cancel") as answer:
            assert answer.status == 202
        (job,) = await ended(client, job_id)
        assert job["state"] == "canceled"
        comfy.come_back()
        await eventually(lambda: job_id in comfy.interrupts)


async def test_an_engine_that_comes_back_with_other_models_is_read_before_it_gets_jobs(
    start_server: StartServer,
):
    async with FakeComfy(checkpoints=[A]) as comfy:
        client = await serve(start_server, [comfy])
        comfy.hold(Stage.SAMPLING)
        jobs = [await send(client, f"fox {n}") for n in range(3)]
        await comfy.reached(Stage.SAMPLING)
        await comfy.stop()
        comfy.set_checkpoints([B])
        engine = at(client, comfy)
        await eventually(lambda: engine.client.is_refused)
        comfy.fault_next("/system_stats", "hang")
        comfy.release()
        await comfy.start()
        found = await ended(client, *jobs)
    assert [(job["state"], job["parameters"]["model"]) for job in found] == [("succeeded", B)] * 3


async def test_a_job_that_its_engine_cannot_take_holds_up_nobody_and_fails(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.breaker.FIRST_S", 0.1)
    async with FakeComfy(checkpoints=[A]) as comfy:
        client = await serve(start_server, [comfy])
        comfy.chokes_on = "cursed"
        cursed = await send(client, "a cursed fox")
        await eventually(lambda: at(client, comfy).breaker.is_open)
        others = [await send(client, f"fox {n}") for n in range(8)]
        assert {job["state"] for job in await ended(client, *others)} == {"succeeded"}
        (end,) = await ended(client, cursed)
    assert end["state"] == "failed"
    assert "500" in end["error"]["message"]


async def disturb(client: Client, comfy: FakeComfy, how: int) -> None:
    """Let something happen to an engine that works, in one of four ways."""
    engine = at(client, comfy)
    await eventually(lambda: comfy.running or not client.app[PARTS].queue.length)
    match how:
        case 0:
            comfy.drop_sockets()
        case 1:
            await comfy.restart()
        case 2:
            comfy.go_dark()
            await eventually(lambda: engine.client.lost_at is not None or not engine.jobs)
            comfy.come_back()
        case _:
            comfy.go_silent()
            await eventually(lambda: not engine.jobs or not comfy.pending)
            comfy.silent = False


async def test_engines_that_flap_end_every_job_and_touch_nobody_elses(
    start_server: StartServer, pair: Any
):
    client = await serve(start_server, pair)
    for comfy in pair:
        comfy.step_s = 0.01
    jobs = [await send(client, f"fox {n} --model {(A, B)[n % 2]}") for n in range(16)]
    for turn in range(8):
        await disturb(client, pair[turn % 2], turn // 2)
    found = await ended(client, *jobs)
    assert {job["state"] for job in found} == {"succeeded"}
    for comfy in pair:
        assert set(comfy.interrupts) <= {body["prompt_id"] for body in comfy.submitted}
        assert len({body["prompt_id"] for body in comfy.submitted}) == len(comfy.submitted)


# --- a restart of the server


async def test_each_attempt_is_adopted_from_its_own_engine(start_server: StartServer, pair: Any):
    for comfy in pair:
        comfy.hold(Stage.SAMPLING)
    client = await serve(start_server, pair)
    jobs = [await send(client, f"fox {n}") for n in range(4)]
    await eventually(lambda: sum(len(comfy.submitted) for comfy in pair) == 4)
    for comfy in pair:
        await comfy.reached(Stage.SAMPLING)
    before = [await engine_url(client, job) for job in jobs]
    await client.close()
    client = await serve(start_server, reversed(pair))
    for comfy in pair:
        comfy.release()
    found = await ended(client, *jobs)
    assert [(job["state"], job["attempt"]) for job in found] == [("succeeded", 1)] * 4
    assert [await engine_url(client, job) for job in jobs] == before
    assert sum(len(comfy.submitted) for comfy in pair) == 4


async def test_an_engine_that_stays_down_over_a_restart_loses_its_jobs_to_the_other(
    start_server: StartServer, pair: Any
):
    dead, alive = pair
    for comfy in pair:
        comfy.hold(Stage.SAMPLING)
    client = await serve(start_server, pair)
    jobs = [await send(client, f"fox {n} --model {m}") for n, m in enumerate((A, B))]
    for comfy in pair:
        await comfy.reached(Stage.SAMPLING)
    await client.close()
    await dead.stop()
    alive.release()
    client = await serve(start_server, pair)
    assert [job["state"] for job in await ended(client, *jobs)] == ["succeeded"] * 2
    assert {await engine_url(client, job) for job in jobs} == {alive.url}


async def test_the_jobs_of_an_engine_that_is_no_longer_configured_are_given_back(
    start_server: StartServer, pair: Any
):
    for comfy in pair:
        comfy.hold(Stage.SAMPLING)
    client = await serve(start_server, pair[:1])
    job_id = await send(client, "a fox")
    await pair[0].reached(Stage.SAMPLING)
    await client.close()
    client = await serve(start_server, pair[1:])
    pair[1].release()
    (job,) = await ended(client, job_id)
    assert (job["state"], job["attempt"]) == ("succeeded", 2)
    assert await engine_url(client, job_id) == pair[1].url
    await client.close()
    client = await serve(start_server, pair)  # configured again: it is stopped there
    await eventually(lambda: job_id in pair[0].interrupts)


async def test_sketches_of_an_earlier_server_are_made_anew(start_server: StartServer):
    client = await start_server(sketch_step_ms=200)
    job_id = await send(client, "a fox --steps 40")
    await eventually(lambda: client.app[PARTS].queue.begun())
    await client.close()
    client = await start_server()
    (job,) = await ended(client, job_id)
    assert (job["state"], job["attempt"]) == ("succeeded", 2)


async def test_auto_waits_for_a_comfyui_whose_jobs_are_unfinished(
    start_server: StartServer, tmp_path: Path
):
    async with FakeComfy(checkpoints=[A]) as comfy:
        settings: dict[str, Any] = {"engine": "auto", "comfyui_url": [comfy.url]}
        comfy.hold(Stage.SAMPLING)
        client = await start_server(**settings)
        *begun, waiting = [await send(client, f"fox {n}") for n in range(3)]
        await comfy.reached(Stage.SAMPLING)
        await client.close()
        await comfy.stop()
        for done in ([], begun):  # also when only what was never begun is left
            async with SqliteJobStore(tmp_path / "output" / "imagine.db", MOVES) as store:
                for job_id in done:
                    assert await store.move(job_id, JobState.CANCELED)
            client = await start_server(**settings)
            health = await ask(client, "/api/health")
            assert health["engine"]["kind"] == "comfyui"
            await until_some_wait(client)
            await client.close()
        comfy.release()
        await comfy.start()
        client = await start_server(**settings)
        (job,) = await ended(client, waiting)
        assert (job["state"], job["engine"]) == ("succeeded", "comfyui")


# --- an engine that answers, and fails


async def test_a_failing_engine_gets_no_jobs_for_a_while_and_others_make_them(
    start_server: StartServer, pair: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.attempts.RETRY_S", 0.0)
    monkeypatch.setattr("imagine.breaker.FIRST_S", 3.0)
    failing, other = pair
    failing.fault_next("/prompt", 500, times=1000)
    other.hold(Stage.SAMPLING)
    client = await serve(start_server, pair)
    jobs = [await send(client, f"fox {n} --model {(A, B)[n % 2]}") for n in range(12)]
    await eventually(lambda: at(client, failing).breaker.is_open)
    other.release()
    found = await ended(client, *jobs)
    assert {job["state"] for job in found} == {"succeeded"}
    assert sum(job["attempt"] for job in found) <= len(jobs) + 6
    health = await ask(client, "/api/health")
    engines = {engine["name"]: engine for engine in health["engines"]}
    assert health["engine"]["state"] == "ready"
    told = engines[failing.url]
    assert told["state"] == "down"
    assert f"ComfyUI at {failing.url} fails" in told["reason"]
    assert "tried again in" in told["reason"]


async def test_a_failing_engine_recovers_by_itself(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.attempts.RETRY_S", 0.0)
    monkeypatch.setattr("imagine.breaker.FIRST_S", 0.1)
    async with FakeComfy(checkpoints=[A]) as comfy:
        comfy.fault_next("/prompt", 500, times=4)
        client = await serve(start_server, [comfy])
        (job,) = await ended(client, await send(client, "a fox"))
        assert (job["state"], job["attempt"]) == ("succeeded", 5)
        assert (await ask(client, "/api/health"))["engine"]["state"] == "ready"


# --- what is told


async def test_health_has_an_object_for_each_engine(start_server: StartServer, pair: Any):
    for comfy in pair:
        comfy.hold(Stage.SAMPLING)
    client = await serve(start_server, pair)
    jobs = [await send(client, f"fox {n} --model {m}") for n, m in enumerate((A, B))]
    for comfy in pair:
        await comfy.reached(Stage.SAMPLING)
    await eventually(lambda: len(client.app[PARTS].queue.begun()) == 2)
    engines = (await ask(client, "/api/health"))["engines"]
    assert [engine["name"] for engine in engines] == [comfy.url for comfy in pair]
    assert {engine["model"] for engine in engines} == {A, B}
    assert [engine["running"] for engine in engines] == [1, 1]
    for comfy in pair:
        comfy.release()
    await ended(client, *jobs)


async def test_the_queue_of_one_is_told_while_the_other_is_down(
    start_server: StartServer, pair: Any
):
    client = await serve(start_server, pair)
    pair[1].hold(Stage.START)
    stranger = await pair[1].submit(STRANGE)
    await pair[0].stop()
    async with client.get("/api/comfyui/queue") as answer:
        assert answer.status == 200
        body = await answer.json()
    assert [item["prompt_id"] for item in body["pending"]] == [stranger]
    await pair[1].stop()
    engines = client.app[PARTS].engines.serving
    await eventually(lambda: all(engine.client.state == "down" for engine in engines))
    async with client.get("/api/comfyui/queue") as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        error = (await answer.json())["error"]
    assert error["code"] == "engine_unavailable"
    assert pair[0].url in error["message"]


async def test_passwords_of_engines_are_never_shown(start_server: StartServer):
    async with FakeComfy(checkpoints=[A]) as comfy:
        url = comfy.url.replace("//", "//me:secret@")
        client = await start_server(engine="comfyui", comfyui_url=[url])
        job_id = await send(client, "a fox")
        await ended(client, job_id)
        async with client.get("/api/health") as answer:
            assert "secret" not in await answer.text()
        assert await engine_url(client, job_id) == comfy.url
