"""Memory that runs out: freed once, tried once more, and never a third time by itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from imagine.app_keys import PARTS
from imagine.jobs import MOVES
from imagine.store import SqliteJobStore
from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy, Stage
from tests.following import Follower, eventually, finish, follow, ready, submit
from tests.pictures import pixels

PROMPT = "a red fox --size 64x64 --steps 3 --batch 4 --seed 42"
TOGETHER = f"{PROMPT} --batch-mode together"
FREED = {"unload_models": True, "free_memory": True}


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


@pytest.fixture
async def client(comfy: FakeComfy, start_server: StartServer) -> Client:
    return await ready(start_server, comfy, oom_retry=True)


async def ended(client: Client, follower: Follower, job_id: str) -> dict[str, Any]:
    async with client.get(f"/api/jobs/{job_id}") as answer:
        job: dict[str, Any] = await answer.json()
    return job if job["finished_at"] else await follower.end(job_id)


async def tried_again(follower: Follower, job_id: str) -> dict[str, Any]:
    """Read on until the job is back in the line after memory ran out."""
    wanted = await follower.until(
        lambda m: m["type"] == "job" and m["job"]["id"] == job_id and told(m["job"]) != []
    )
    job: dict[str, Any] = wanted["job"]
    assert job["state"] == "queued"
    return job


async def post(client: Client, path: str) -> Any:
    async with client.post(path) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


def shares(comfy: FakeComfy) -> list[list[int]]:
    """Return how many pictures each branch of each graph makes."""
    graphs = [body["prompt"].values() for body in comfy.submitted]
    return [
        [n["inputs"]["length"] for n in graph if n["class_type"] == "LatentFromBatch"]
        for graph in graphs
    ]


def told(job: dict[str, Any]) -> list[str]:
    return [note["message"] for note in job["notes"] if note["parameter"] == "oom_retry"]


async def test_without_the_option_it_fails_at_once_and_the_hint_names_it(
    start_server: StartServer, comfy: FakeComfy
):
    client = await ready(start_server, comfy)
    comfy.fail_next()
    async with follow(client) as follower:
        (job,) = await submit(client, TOGETHER)
        failed = await ended(client, follower, job["id"])
    assert failed["error"]["code"] == "out_of_memory"
    assert "--oom-retry" in failed["error"]["hint"]
    assert (comfy.freed, len(comfy.submitted), told(failed)) == ([], 1, [])


async def test_a_batch_is_tried_once_more_in_halves_and_the_job_says_so(
    client: Client, comfy: FakeComfy
):
    comfy.fail_next()
    async with follow(client) as follower:
        (job,) = await submit(client, TOGETHER)
        done = await ended(client, follower, job["id"])
        states = [(j["state"], len(told(j))) for j in follower.of(job["id"], "job")]
    assert comfy.freed == [FREED]
    assert shares(comfy) == [[], [2, 2]]
    assert (done["state"], done["attempt"]) == ("succeeded", 2)
    assert [image["index"] for image in done["images"]] == [0, 1, 2, 3]
    assert done["parameters"]["oom_retry"] == "half_batch"
    assert "two halves" in told(done)[0]
    # From the moment it is back in the line.
    assert states[:4] == [("queued", 0), ("running", 0), ("queued", 1), ("running", 1)]
    assert len({body["prompt_id"] for body in comfy.submitted}) == 2


async def test_pictures_made_one_by_one_stay_and_the_note_says_that_nothing_was_halved(
    client: Client, comfy: FakeComfy
):
    async with follow(client) as follower:
        (first,) = await submit(client, PROMPT)
        await ended(client, follower, first["id"])
        savers = [n for n, v in comfy.submitted[0]["prompt"].items() if "KSam" in v["class_type"]]
        comfy.fail_next(
            {
                "exception_type": "torch.OutOfMemoryError",
                "node_id": savers[1],
                "exception_message": "Allocation on device",
                "traceback": [],
            }
        )
        (job,) = await submit(client, f"{PROMPT}1")
        kept = (await tried_again(follower, job["id"]))["images"]
        done = await ended(client, follower, job["id"])
    assert len(kept) == 1
    assert kept[0] in done["images"]
    assert (done["state"], len(done["images"])) == ("succeeded", 4)
    assert done["parameters"]["oom_retry"] == "memory_freed"
    assert "no batch to halve" in told(done)[0]
    assert shares(comfy) == [[1, 1, 1, 1]] * 3


@pytest.mark.parametrize(
    ("prompt", "tried"), [(TOGETHER, "halving the batch"), (PROMPT, "Freeing the memory did not")]
)
async def test_a_second_time_fails_it_and_the_hint_names_what_was_tried(
    client: Client, comfy: FakeComfy, prompt: str, tried: str
):
    for _ in range(3):
        comfy.fail_next()
    async with follow(client) as follower:
        (job,) = await submit(client, prompt)
        failed = await ended(client, follower, job["id"])
    assert (failed["state"], failed["attempt"]) == ("failed", 2)
    assert failed["error"]["code"] == "out_of_memory"
    assert tried in failed["error"]["hint"]
    assert (len(comfy.submitted), len(comfy.freed)) == (2, 1)
    assert len(told(failed)) == 1


async def test_a_retry_by_a_person_begins_afresh(client: Client, comfy: FakeComfy):
    for _ in range(3):
        comfy.fail_next()
    async with follow(client) as follower:
        (job,) = await submit(client, TOGETHER)
        await ended(client, follower, job["id"])
        fresh = await post(client, f"/api/jobs/{job['id']}/retry")
        done = await follower.until(
            lambda m: m["type"] == "job" and m["job"]["state"] == "succeeded"
        )
        done = done["job"]
    assert told(fresh) == []
    assert "oom_retry" not in fresh["parameters"]
    assert shares(comfy) == [[], [2, 2], [], [2, 2]]
    assert len(comfy.freed) == 2
    assert (done["state"], done["attempt"], len(told(done))) == ("succeeded", 4, 1)


async def test_a_restart_between_the_two_tries_changes_nothing(
    client: Client, comfy: FakeComfy, start_server: StartServer, tmp_path: Path
):
    comfy.fail_next()
    comfy.fail_next()
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        (job,) = await submit(client, TOGETHER)
        await comfy.reached(Stage.SAMPLING)
        await post(client, "/api/queue/pause")
        comfy.release()
        await tried_again(follower, job["id"])
    await client.close()
    async with SqliteJobStore(tmp_path / "output" / "imagine.db", MOVES) as store:
        marks = await store.marks(job["id"])
        assert marks is not None
        assert marks.oom_retried
    client = await ready(start_server, comfy, oom_retry=True)
    async with follow(client) as follower:
        await post(client, "/api/queue/resume")
        failed = await ended(client, follower, job["id"])
    assert failed["state"] == "failed"
    assert "halving" in failed["error"]["hint"]
    assert shares(comfy) == [[], [2, 2]]
    assert len(comfy.freed) == 1


async def test_memory_that_ran_out_while_the_server_was_away_is_freed_when_it_is_back(
    client: Client, comfy: FakeComfy, start_server: StartServer
):
    comfy.fail_next()
    comfy.hold(Stage.SAMPLING)
    (job,) = await submit(client, TOGETHER)
    await comfy.reached(Stage.SAMPLING)
    await client.close()
    comfy.release()
    await comfy.reached(Stage.END)
    client = await ready(start_server, comfy, oom_retry=True)
    async with follow(client) as follower:
        done = await ended(client, follower, job["id"])
    assert (done["state"], done["attempt"]) == ("succeeded", 2)
    assert (comfy.freed, shares(comfy)) == ([FREED], [[], [2, 2]])


async def test_an_engine_that_dies_at_the_second_try_leaves_it_as_it_is(
    client: Client, comfy: FakeComfy
):
    comfy.fail_next()
    async with follow(client) as follower:
        comfy.at(Stage.END, lambda: comfy.hold(Stage.SAMPLING))
        (job,) = await submit(client, TOGETHER)
        await eventually(lambda: len(comfy.submitted) == 2)
        await comfy.reached(Stage.SAMPLING, comfy.submitted[1]["prompt_id"])
        await comfy.restart()
        comfy.release()
        done = await ended(client, follower, job["id"])
    assert (done["state"], done["attempt"], len(told(done))) == ("succeeded", 3, 1)
    assert shares(comfy) == [[], [2, 2], [2, 2]]


async def test_an_engine_that_frees_nothing_is_tried_once_more_all_the_same(
    client: Client, comfy: FakeComfy
):
    comfy.fail_next()
    comfy.fault_next("/free", 500, times=2)
    async with follow(client) as follower:
        (job,) = await submit(client, TOGETHER)
        assert (await ended(client, follower, job["id"]))["state"] == "succeeded"


async def test_an_engine_that_freed_its_memory_has_no_model_loaded(
    client: Client, comfy: FakeComfy
):
    comfy.fail_next()
    comfy.hold(Stage.SAMPLING)
    (engine,) = client.app[PARTS].engines.serving
    async with follow(client) as follower:
        (job,) = await submit(client, TOGETHER)
        await comfy.reached(Stage.SAMPLING)
        assert engine.model == job["parameters"]["model"]
        await post(client, "/api/queue/pause")
        comfy.release()
        await tried_again(follower, job["id"])
        assert (engine.model, engine.loaded) == (None, None)


async def test_a_job_canceled_between_the_two_tries_stays_canceled(
    client: Client, comfy: FakeComfy
):
    comfy.fail_next()
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        (job,) = await submit(client, TOGETHER)
        await comfy.reached(Stage.SAMPLING)
        await post(client, "/api/queue/pause")
        comfy.release()
        await tried_again(follower, job["id"])
        await post(client, f"/api/jobs/{job['id']}/cancel")
        await post(client, "/api/queue/resume")
        assert (await ended(client, follower, job["id"]))["state"] == "canceled"
    assert len(comfy.submitted) == 1


async def test_halves_are_the_same_pictures(start_server: StartServer):
    client = await start_server()
    parts = client.app[PARTS]
    whole = await finish(client, "a red fox --size 64x64 --batch 3 --seed 7 --batch-mode together")
    (planned,) = await parts.planner.plan_all(whole["canonical"], {})
    job = planned.job("halves")
    marked = job.model_copy(update={"parameters": {**job.parameters, "oom_retry": "half_batch"}})
    async with follow(client) as follower:
        (stored,) = await parts.store.add([marked])
        parts.jobs.requeue(stored)
        halves = await ended(client, follower, stored.id)
    assert len(told(halves)) == 1
    for one, other in zip(whole["images"], halves["images"], strict=True):
        assert await pixels(client, one["url"]) == await pixels(client, other["url"])
