"""A job that is run again: a new attempt, with what the job has, and without what held it back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from imagine.app_keys import PARTS
from imagine.job_endings import MOST_LOSSES
from imagine.models import JobState, Marks
from tests.conftest import Client, StartServer
from tests.fakes.comfy import OUT_OF_MEMORY, FakeComfy, Stage, picture_of
from tests.following import Follower, follow, ready, submit

PROMPT = "a red fox --size 64x64 --steps 3 --batch 2 --seed 42"
TINY = "--size 64x64 --steps 1 --batch 1"
# How a job comes into a state.
WAYS: dict[JobState, tuple[JobState, ...]] = {
    JobState.QUEUED: (),
    JobState.RUNNING: (JobState.RUNNING,),
    JobState.SUCCEEDED: (JobState.RUNNING, JobState.SUCCEEDED),
    JobState.FAILED: (JobState.RUNNING, JobState.FAILED),
    JobState.CANCELED: (JobState.CANCELED,),
    JobState.EXPIRED: (JobState.RUNNING, JobState.SUCCEEDED, JobState.EXPIRED),
}


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


async def retry(client: Client, job_id: str, status: int = 202) -> dict[str, Any]:
    async with client.post(f"/api/jobs/{job_id}/retry") as answer:
        told: dict[str, Any] = await answer.json()
        assert answer.status == status, told
        return told


async def until(follower: Follower, job_id: str, state: str, attempt: int) -> dict[str, Any]:
    told = await follower.until(
        lambda m: (
            m["type"] == "job"
            and m["job"]["id"] == job_id
            and (m["job"]["state"], m["job"]["attempt"]) == (state, attempt)
        )
    )
    job: dict[str, Any] = told["job"]
    return job


@pytest.mark.parametrize("state", list(JobState))
async def test_only_what_failed_or_was_canceled_is_run_again(client: Client, state: JobState):
    parts = client.app[PARTS]
    async with client.post("/api/queue/pause") as answer:
        assert answer.status == 200
    (planned,) = await parts.planner.plan_all(f"a fox {TINY}", {})
    (job,) = await parts.store.add([planned.job("batch")])
    for step in WAYS[state]:
        assert await parts.store.move(job.id, step) is not None
    may = state in (JobState.FAILED, JobState.CANCELED)
    told = await retry(client, job.id, 202 if may else 409)
    if may:
        assert (told["state"], told["error"], told["finished_at"]) == ("queued", None, None)
        assert told["position"] == 1
        assert await retry(client, job.id, 409)


async def test_a_failed_job_is_a_new_attempt_with_a_new_prompt_id(
    start_server: StartServer, comfy: FakeComfy
):
    client = await ready(start_server, comfy)
    comfy.fail_next()
    comfy.fail_next()
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        for attempt in (1, 2):
            failed = await until(follower, job["id"], "failed", attempt)
            assert failed["error"]["code"] == "out_of_memory"
            await retry(client, job["id"])
        done = await until(follower, job["id"], "succeeded", 3)
    prompts = [body["prompt_id"] for body in comfy.submitted]
    assert len(set(prompts)) == 3
    assert (prompts[0], prompts[2]) == (job["id"], done["prompt_id"])
    assert done["error"] is None
    assert done["created_at"] == job["created_at"]
    for either in (job["id"], done["prompt_id"]):
        async with client.get(f"/api/jobs/{either}") as answer:
            assert await answer.json() == done


async def test_pictures_that_are_there_are_kept_and_only_the_others_fetched(
    start_server: StartServer, comfy: FakeComfy
):
    client = await ready(start_server, comfy)
    async with follow(client) as follower:
        (first,) = await submit(client, PROMPT)
        await until(follower, first["id"], "succeeded", 1)
        graph = comfy.submitted[0]["prompt"]
        _, second = [node for node in graph if graph[node]["class_type"] == "KSampler"]
        comfy.fail_next({**OUT_OF_MEMORY, "node_id": second})
        (job,) = await submit(client, f"{PROMPT}3")
        failed = await until(follower, job["id"], "failed", 1)
        await retry(client, job["id"])
        done = await until(follower, job["id"], "succeeded", 2)
    assert [image["index"] for image in failed["images"]] == [0]
    assert done["images"][0] == failed["images"][0]
    makers = []
    for image in done["images"]:
        async with client.get(image["url"]) as answer:
            makers.append(picture_of(await answer.read()).split("/")[0])
    assert makers == [job["id"], done["prompt_id"]]


async def test_an_engine_may_die_as_often_again(start_server: StartServer, comfy: FakeComfy):
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        for _ in range(MOST_LOSSES):
            await comfy.reached(Stage.SAMPLING)
            await comfy.restart()
        failed = await until(follower, job["id"], "failed", MOST_LOSSES)
        assert failed["error"]["code"] == "engine_died"
        await retry(client, job["id"])
        for _ in range(MOST_LOSSES - 1):
            await comfy.reached(Stage.SAMPLING)
            await comfy.restart()
        await comfy.reached(Stage.SAMPLING)
        comfy.release()
        await until(follower, job["id"], "succeeded", 2 * MOST_LOSSES)


async def test_the_marks_of_the_life_before_are_gone_and_the_place_in_line_stays(client: Client):
    parts = client.app[PARTS]
    async with client.post("/api/queue/pause") as answer:
        assert answer.status == 200
    (planned,) = await parts.planner.plan_all(f"a fox {TINY}", {})
    (job,) = await parts.store.add([planned.job("b")], priorities={planned.prompt_id: 7})
    await parts.store.move(job.id, JobState.RUNNING, marks={"losses": 2, "oom_retried": True})
    await parts.store.request_cancel(job.id)
    await parts.store.move(job.id, JobState.FAILED)
    await retry(client, job.id)
    assert await parts.store.marks(job.id) == Marks(priority=7)
