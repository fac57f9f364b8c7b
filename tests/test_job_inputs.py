"""Jobs that start from pictures: what an engine is brought, and what becomes of it there.

The whole server over real sockets, in front of the scriptable fake.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy, Stage
from tests.following import Follower, eventually, follow, ready, submit
from tests.painting import picture

PROMPT = "a red fox --size 64x64 --steps 3 --batch 1 --seed 42"


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


@pytest.fixture
async def client(comfy: FakeComfy, start_server: StartServer) -> Client:
    return await ready(start_server, comfy)


@pytest.fixture
async def fox(client: Client) -> str:
    """The id of an uploaded picture."""
    async with client.post(
        "/api/uploads", data=picture(), headers={"Content-Type": "image/png"}
    ) as answer:
        return str((await answer.json())["id"])


@pytest.fixture
async def follower(client: Client) -> AsyncIterator[Follower]:
    async with follow(client) as follower:
        yield follower


async def end(client: Client, follower: Follower, image: Any, prompt: str = PROMPT) -> Any:
    (job,) = await submit(client, prompt, images=[image])
    return await follower.end(job["id"])


def loaded(graph: Any) -> set[str]:
    return {node["inputs"]["image"] for node in graph.values() if node["class_type"] == "LoadImage"}


async def test_an_engine_is_brought_the_picture_before_the_graph(client, comfy, follower, fox):
    assert (await end(client, follower, fox))["state"] == "succeeded"
    assert comfy.uploaded == [f"imagine/{fox}.png"]
    assert comfy.files["input", "imagine", f"{fox}.png"] == picture()
    assert loaded(comfy.submitted[0]["prompt"]) == set(comfy.uploaded)
    posts = [path for method, path in comfy.requests if method == "POST"]
    assert posts.index("/upload/image") < posts.index("/prompt")


async def test_a_second_job_brings_the_same_picture_no_more(client, comfy, follower, fox):
    for _ in range(2):
        assert (await end(client, follower, fox))["state"] == "succeeded"
    assert len(comfy.uploaded) == 1


async def test_a_picture_of_another_job_can_be_started_from(client, comfy, follower):
    (first,) = await submit(client, PROMPT)
    made = await follower.end(first["id"])
    job = await end(client, follower, {"job": first["id"], "image": 0})
    assert job["state"] == "succeeded"
    name = made["images"][0]["url"].rpartition("/")[2]
    assert comfy.uploaded == [f"imagine/{name}"]
    assert name.isascii()


async def test_an_engine_that_lost_the_picture_gets_it_again(client, comfy, follower, fox):
    assert (await end(client, follower, fox))["state"] == "succeeded"
    comfy.files.clear()
    assert (await end(client, follower, fox))["state"] == "succeeded"
    assert len(comfy.uploaded) == 2
    assert len(comfy.submitted) == 3


async def test_an_upload_that_is_refused_fails_the_job_with_a_sentence(
    client, comfy, follower, fox
):
    comfy.fault_next("/upload", 413)
    job = await end(client, follower, fox)
    assert job["state"] == "failed"
    assert "too large for ComfyUI" in job["error"]["message"]
    assert comfy.submitted == []


async def test_an_engine_out_of_reach_for_uploads_is_tried_again(client, comfy, follower, fox):
    comfy.fault_next("/upload", "drop_before", times=3)
    assert (await end(client, follower, fox))["state"] == "succeeded"
    assert len(comfy.uploaded) == 1


async def test_a_job_canceled_while_its_picture_goes_over_is_not_made(client, comfy, follower, fox):
    comfy.takes_uploads.clear()
    (job,) = await submit(client, PROMPT, images=[fox])
    await eventually(lambda: ("POST", "/upload/image") in comfy.requests)
    async with client.post(f"/api/jobs/{job['id']}/cancel") as answer:
        assert answer.status in (200, 202)
    comfy.takes_uploads.set()
    assert (await follower.end(job["id"]))["state"] == "canceled"
    assert comfy.submitted == []


async def test_a_picture_that_somebody_removed_is_said(client, comfy, follower, fox, tmp_path):
    comfy.hold(Stage.RUNNING)
    (first,) = await submit(client, PROMPT)
    (second,) = await submit(client, PROMPT)
    await comfy.reached(Stage.RUNNING)
    (job,) = await submit(client, PROMPT, images=[fox])
    (tmp_path / "output" / "uploads" / f"{fox}.png").unlink()
    comfy.release()
    ended = await follower.end(job["id"])
    assert ended["state"] == "failed"
    assert "There is no upload" in ended["error"]["message"]
    assert first["id"] != second["id"]
