"""How soon a canceled job frees its engine: counted in steps that are made after the request."""

from typing import Any

from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy, Stage
from tests.following import follow, ready, submit

LONG = "a red fox --size 64x64 --steps 150 --batch 1"
STEP_MS = 100
# Two seconds of them.
MOST_STEPS = 2000 // STEP_MS


async def cancel(client: Client, job_id: str) -> None:
    async with client.post(f"/api/jobs/{job_id}/cancel") as answer:
        assert answer.status == 202, await answer.text()


async def test_a_comfyui_makes_no_step_after_it_was_asked_and_the_next_job_has_it(
    start_server: StartServer,
):
    async with FakeComfy() as comfy:
        client = await ready(start_server, comfy)
        comfy.hold(Stage.SAMPLING)
        async with follow(client) as follower:
            jobs = [(await submit(client, f"{LONG} --seed {n}"))[0]["id"] for n in (1, 2)]
            await comfy.reached(Stage.SAMPLING, jobs[0])
            prompt = comfy.running
            assert prompt is not None
            before = dict(prompt.nodes)
            await cancel(client, jobs[0])
            # It goes on by itself once it is interrupted.
            await follower.job(jobs[0], "canceled")
            assert prompt.nodes == before
            await comfy.reached(Stage.SAMPLING, jobs[1])
            comfy.release()
            await follower.job(jobs[1], "succeeded")
        assert set(comfy.interrupts) == {jobs[0]}


async def test_the_sketch_engine_stops_within_two_seconds_of_its_next_step(
    start_server: StartServer,
):
    client = await start_server(sketch_step_ms=STEP_MS)
    async with follow(client) as follower:
        (job,) = await submit(client, LONG)
        before = await follower.until(lambda m: m["type"] == "progress" and m["step"] >= 2)
        await cancel(client, job["id"])
        await follower.job(job["id"], "canceled")
        after = follower.of(job["id"], "progress")[-1]
    assert after["step"] - before["step"] <= MOST_STEPS
    async with client.get("/api/comfyui/queue") as answer:
        queue: dict[str, Any] = await answer.json()
    assert queue == {"running": [], "pending": []}
