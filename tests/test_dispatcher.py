"""The life of a job at a ComfyUI that is cut off, restarts, refuses, dies or says nothing.

The whole server over real sockets, in front of the scriptable fake.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from imagine.errors import StorageError
from imagine.job_endings import MOST_LOSSES
from imagine.jobs import MOVES
from imagine.models import Job, Marks
from imagine.store import SqliteJobStore
from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy, Stage, picture_of
from tests.following import Follower, eventually, follow, ready, submit

PROMPT = "a red fox --size 64x64 --steps 3 --batch 2 --seed 42"
ENDS = ("succeeded", "failed", "canceled")


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


@pytest.fixture
async def client(comfy: FakeComfy, start_server: StartServer) -> Client:
    return await ready(start_server, comfy)


async def end(client: Client, follower: Follower, job_id: str) -> dict[str, Any]:
    """Return the job at its end, whether it has come already or not."""
    async with client.get(f"/api/jobs/{job_id}") as answer:
        job: dict[str, Any] = await answer.json()
    return job if job["state"] in ENDS else await follower.end(job_id)


async def pictures(client: Client, job: dict[str, Any]) -> list[Any]:
    """Say which pictures of the fake the job has."""
    found = []
    for image in job["images"]:
        async with client.get(image["url"]) as answer:
            assert answer.status == 200
            found.append(picture_of(await answer.read()))
    return found


async def test_a_job_uses_its_own_id_and_tells_comfyui_what_it_is(client: Client, comfy: FakeComfy):
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await follower.end(job["id"])
    assert ended["state"] == "succeeded"
    assert ended["engine"] == "comfyui"
    (body,) = comfy.submitted
    assert body["prompt_id"] == job["id"] == ended["prompt_id"]
    written = body["extra_data"]["extra_pnginfo"]["imagine"]
    assert written["canonical"] == job["canonical"]
    assert len(set(await pictures(client, ended))) == 2


async def test_a_cached_run_still_gives_its_own_file(client: Client, comfy: FakeComfy):
    ends = []
    async with follow(client) as follower:
        for _ in range(2):
            (job,) = await submit(client, PROMPT)
            ends.append(await follower.end(job["id"]))
    assert [job["state"] for job in ends] == ["succeeded", "succeeded"]
    urls = {image["url"] for job in ends for image in job["images"]}
    assert len(urls) == 4


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_socket_cut_at_any_stage_loses_nothing(
    client: Client, comfy: FakeComfy, stage: Stage
):
    comfy.at(stage, comfy.drop_sockets)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await end(client, follower, job["id"])
    assert ended["state"] == "succeeded"
    assert ended["attempt"] == 1
    assert len(ended["images"]) == 2


async def test_a_socket_that_goes_silent_loses_nothing(client: Client, comfy: FakeComfy):
    comfy.at(Stage.SAMPLING, comfy.go_silent)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await end(client, follower, job["id"])
    assert ended["state"] == "succeeded"
    assert len(ended["images"]) == 2


async def test_a_restart_in_the_middle_gives_a_new_attempt_with_a_new_id(
    client: Client, comfy: FakeComfy
):
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        await comfy.reached(Stage.SAMPLING)
        await comfy.restart()
        comfy.release()
        ended = await end(client, follower, job["id"])
    assert ended["state"] == "succeeded"
    assert ended["attempt"] == 2
    assert [body["prompt_id"] for body in comfy.submitted] == [job["id"], ended["prompt_id"]]
    assert ended["prompt_id"] != job["id"]


async def test_an_engine_that_keeps_dying_fails_the_job_with_that_reason(
    client: Client, comfy: FakeComfy
):
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        for _ in range(MOST_LOSSES):
            await comfy.reached(Stage.SAMPLING)
            await comfy.restart()
        ended = await end(client, follower, job["id"])
        comfy.release()
    assert ended["state"] == "failed"
    assert ended["error"]["code"] == "engine_died"
    assert len(comfy.submitted) == MOST_LOSSES


async def test_jobs_wait_while_comfyui_is_away_and_start_when_it_is_back(
    client: Client, comfy: FakeComfy
):
    await comfy.stop()
    async with follow(client) as follower:
        await follower.until(lambda m: m["type"] == "engine" and m["engine"]["state"] == "down")
        (job,) = await submit(client, PROMPT)
        async with client.get("/api/health") as answer:
            health = await answer.json()
        assert answer.status == 200
        assert health["status"] == "degraded"
        assert health["engine"]["reason"]
        await comfy.start()
        ended = await end(client, follower, job["id"])
    assert ended["state"] == "succeeded"


async def test_a_refused_graph_fails_with_comfyuis_reason(client: Client, comfy: FakeComfy):
    comfy.reject_next(
        {
            "error": {
                "type": "prompt_outputs_failed_validation",
                "message": "Prompt outputs failed validation",
                "details": "",
                "extra_info": {},
            },
            "node_errors": {
                "1": {
                    "errors": [
                        {
                            "type": "value_not_in_list",
                            "message": "Value not in list",
                            "details": "ckpt_name: 'gone.safetensors' not in ['other.safetensors']",
                            "extra_info": {
                                "input_name": "ckpt_name",
                                "received_value": "gone.safetensors",
                            },
                        }
                    ],
                    "dependent_outputs": ["7"],
                    "class_type": "CheckpointLoaderSimple",
                }
            },
        }
    )
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await end(client, follower, job["id"])
    assert ended["state"] == "failed"
    assert "gone.safetensors" in ended["error"]["message"]


async def test_out_of_memory_fails_with_a_next_step(client: Client, comfy: FakeComfy):
    comfy.fail_next()
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await end(client, follower, job["id"])
    assert ended["state"] == "failed"
    assert ended["error"]["code"] == "out_of_memory"
    assert ended["error"]["hint"]
    assert ended["stage"] is None


async def test_a_model_that_is_not_there_is_refused_before_it_is_queued(
    client: Client, comfy: FakeComfy
):
    async with client.post("/api/imagine", json={"prompt": "a fox --model zzzz"}) as answer:
        told = await answer.json()
    assert answer.status == 422
    assert told["error"]["details"][0]["parameter"] == "model"
    assert comfy.submitted == []


async def test_cancel_while_comfyui_runs_it_stops_that_prompt_only(
    client: Client, comfy: FakeComfy
):
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        jobs = [(await submit(client, f"{PROMPT}{n}"))[0]["id"] for n in range(3)]
        await comfy.reached(Stage.SAMPLING, jobs[0])
        for job_id in (jobs[1], jobs[0]):
            async with client.post(f"/api/jobs/{job_id}/cancel") as answer:
                assert answer.status in (200, 202)
        assert (await end(client, follower, jobs[1]))["state"] == "canceled"
        await eventually(lambda: comfy.interrupts)
        comfy.release()
        states = [(await end(client, follower, job_id))["state"] for job_id in jobs]
    assert states == ["canceled", "canceled", "succeeded"]
    assert set(comfy.interrupts) == {jobs[0]}


async def test_a_run_stopped_in_comfyui_itself_is_canceled_with_that_reason(
    client: Client, comfy: FakeComfy
):
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        await comfy.reached(Stage.SAMPLING)
        async with client.session.post(f"{comfy.url}/interrupt") as answer:
            assert answer.status == 200
        comfy.release()
        ended = await end(client, follower, job["id"])
    assert ended["state"] == "canceled"
    assert "ComfyUI itself" in ended["error"]["message"]


async def test_garbage_on_the_socket_disturbs_nothing(client: Client, comfy: FakeComfy):
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        await comfy.reached(Stage.SAMPLING)
        await comfy.send_garbage()
        comfy.release()
        assert (await end(client, follower, job["id"]))["state"] == "succeeded"


async def test_at_most_two_jobs_are_at_an_engine(client: Client, comfy: FakeComfy):
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        jobs = [(await submit(client, f"{PROMPT}{n}"))[0]["id"] for n in range(5)]
        await comfy.reached(Stage.SAMPLING, jobs[0])
        assert len(comfy.submitted) <= 2
        async with client.get("/api/queue") as answer:
            line = await answer.json()
        assert line["running"] == 1
        assert [line["positions"].get(job) for job in jobs] == [None, 1, 2, 3, 4]
        comfy.release()
        for job_id in jobs:
            assert (await end(client, follower, job_id))["state"] == "succeeded"
    assert comfy.ran == jobs


async def test_a_server_that_stops_leaves_the_run_and_takes_it_up_again(
    comfy: FakeComfy, start_server: StartServer
):
    settings: dict[str, Any] = {"engine": "comfyui", "comfyui_url": [comfy.url]}
    client = await start_server(**settings)
    comfy.hold(Stage.SAMPLING)
    (job,) = await submit(client, PROMPT)
    await comfy.reached(Stage.SAMPLING)
    await client.close()
    assert comfy.interrupts == []
    client = await start_server(**settings)
    async with follow(client) as follower:
        comfy.release()
        ended = await end(client, follower, job["id"])
    assert ended["state"] == "succeeded"
    assert ended["attempt"] == 1
    assert len(comfy.submitted) == 1
    assert len(ended["images"]) == 2


async def test_a_run_that_ended_while_the_server_was_away_is_fetched(
    comfy: FakeComfy, start_server: StartServer
):
    settings: dict[str, Any] = {"engine": "comfyui", "comfyui_url": [comfy.url]}
    client = await start_server(**settings)
    comfy.hold(Stage.SAMPLING)
    (job,) = await submit(client, PROMPT)
    await comfy.reached(Stage.SAMPLING)
    await client.close()
    comfy.release()
    await comfy.reached(Stage.END, job["id"])
    client = await start_server(**settings)
    async with follow(client) as follower:
        ended = await end(client, follower, job["id"])
    assert ended["state"] == "succeeded"
    assert len(comfy.submitted) == 1


async def test_a_job_that_is_taken_and_forgotten_again_and_again_is_given_up(
    client: Client, comfy: FakeComfy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.job_endings.MOST_ATTEMPTS", 3)
    comfy.hold(Stage.START)

    async def forget() -> None:
        while True:
            await comfy.queued(1)
            comfy.pending.clear()

    forgetting = asyncio.create_task(forget())
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await follower.end(job["id"])
    forgetting.cancel()
    assert (ended["state"], ended["attempt"]) == ("failed", 3)
    assert ended["error"]["code"] == "engine_unavailable"
    assert "took this one 3 times" in ended["error"]["message"]


async def test_a_cancel_that_was_only_written_down_is_kept_after_a_restart(
    comfy: FakeComfy, start_server: StartServer, tmp_path: Path
):
    await comfy.stop()
    settings: dict[str, Any] = {"engine": "comfyui", "comfyui_url": [comfy.url]}
    client = await start_server(**settings)
    (job,) = await submit(client, PROMPT)
    await client.close()
    async with SqliteJobStore(tmp_path / "output" / "imagine.db", MOVES) as store:
        await store.request_cancel(job["id"])
    client = await start_server(**settings)
    async with follow(client) as follower:  # with no engine to ask
        assert (await end(client, follower, job["id"]))["state"] == "canceled"
    assert comfy.submitted == []


async def test_a_prompt_at_the_limit_can_be_made_after_a_restart_too(
    comfy: FakeComfy, start_server: StartServer
):
    await comfy.stop()
    settings: dict[str, Any] = {"engine": "comfyui", "comfyui_url": [comfy.url]}
    client = await start_server(**settings)
    (job,) = await submit(client, "a" * 6000, options={"steps": 1, "size": "64x64"})
    assert len(job["canonical"]) > 6000
    await client.close()
    await comfy.start()
    client = await start_server(**settings)
    async with follow(client) as follower:
        assert (await end(client, follower, job["id"]))["state"] == "succeeded"


async def test_a_model_whose_name_tells_nothing_is_known_by_its_header(start_server: StartServer):
    async with FakeComfy(checkpoints=["mine.safetensors"]) as comfy:
        header = {"modelspec.architecture": "stable-diffusion-v1"}
        comfy.model_headers["mine.safetensors"] = header
        client = await start_server(engine="comfyui", comfyui_url=[comfy.url])
        async with follow(client) as follower:
            (job,) = await submit(client, "a fox --batch 1 --steps 1")
            ended = await end(client, follower, job["id"])
    assert ended["parameters"]["family"] == "sd15"
    assert ended["parameters"]["width"] == 512


async def test_auto_goes_from_sketches_to_comfyui_when_it_appears(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.engines.LOOK_EVERY_S", 0.02)
    comfy = FakeComfy()
    async with comfy:
        pass  # its port is known now, and nobody answers there
    client = await start_server(engine="auto", comfyui_url=[comfy.url])
    async with follow(client) as follower:
        assert follower.messages[0]["engine"]["kind"] == "sketch"
        assert comfy.url in follower.messages[0]["engine"]["reason"]
        async with comfy:
            await follower.until(
                lambda m: (
                    m["type"] == "engine"
                    and (m["engine"]["kind"], m["engine"]["state"]) == ("comfyui", "ready")
                )
            )
            (job,) = await submit(client, PROMPT)
            ended = await end(client, follower, job["id"])
    assert ended["engine"] == "comfyui"
    assert json.dumps(comfy.submitted[0]["prompt"]).count("SaveImage") == 2


async def test_a_cancel_is_kept_when_comfyui_dies_before_it_answers(
    client: Client, comfy: FakeComfy
):
    comfy.fault_next("/prompt", "hang")
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        await eventually(lambda: ("POST", "/prompt") in comfy.requests)
        async with client.post(f"/api/jobs/{job['id']}/cancel") as answer:
            assert answer.status == 202
        await comfy.stop()
        ended = await follower.end(job["id"])
    assert ended["state"] == "canceled"


async def test_a_mistake_of_ours_ends_the_job_with_a_sentence(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr("imagine.job_runner.picture_text", fail)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await follower.end(job["id"])
        assert ended["state"] == "failed"
        assert ended["error"]["hint"]
        assert "a mistake" in caplog.text
        monkeypatch.undo()
        (job,) = await submit(client, PROMPT)
        assert (await follower.end(job["id"]))["state"] == "succeeded"


@pytest.mark.parametrize("fault", [500, 503])
async def test_a_picture_that_cannot_be_had_at_once_is_asked_for_again(
    client: Client, comfy: FakeComfy, monkeypatch: pytest.MonkeyPatch, fault: int
):
    monkeypatch.setattr("imagine.job_pictures.RETRY_S", 0.02)
    comfy.fault_next("/view", fault, times=2)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await follower.end(job["id"])
    assert ended["state"] == "succeeded"
    assert ended["attempt"] == 1
    assert len(ended["images"]) == 2


async def test_a_picture_that_never_comes_whole_is_what_the_job_fails_with(
    client: Client, comfy: FakeComfy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.job_pictures.RETRY_S", 0.0)
    comfy.fault_next("/view", "begin", times=100)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        ended = await follower.end(job["id"])
    assert ended["state"] == "failed"
    assert ended["error"]["code"] == "engine_unavailable"
    assert "ends too early" in ended["error"]["message"]


async def test_a_database_that_is_locked_at_the_start_stops_no_job_for_good(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.left_over.RETRY_S", 0.02)
    read, failures = SqliteJobStore.active, [StorageError("It is locked.")]

    async def fail_once(store: SqliteJobStore) -> list[tuple[Job, Marks]]:
        if failures:
            raise failures.pop()
        return await read(store)

    monkeypatch.setattr(SqliteJobStore, "active", fail_once)
    client = await start_server()
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        assert (await end(client, follower, job["id"]))["state"] == "succeeded"
    assert failures == []
