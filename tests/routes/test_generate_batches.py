"""Batches of runs over HTTP, which do not hurt each other."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, StartServer
from tests.routes.workflows import (
    GENERATE,
    PORTRAIT,
    WAIT,
    colours,
    get,
    join_entry,
    joined,
    post,
    put,
    started,
    upload,
)


@pytest.fixture
async def client(start_server: StartServer) -> Client:
    return await started(start_server)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "workflows"


@pytest.fixture
def portrait(own: Path) -> Path:
    return put(own, "portrait")


def batch_of(*steps: Any) -> dict[str, Any]:
    return {"batch": [{"parameters": {"steps": one}} for one in steps]}


async def test_of_a_batch_of_ten_with_three_that_cannot_be_seven_are_made(
    client: Client, own: Path
):
    put(own, "portrait", PORTRAIT.replace("max_batch_size = 4", "max_batch_size = 10"))
    steps = [1, 99, 1, 1, "x", 1, 1, 1, True, 1]
    headers = {"Idempotency-Key": "ten"}
    path = "/api/workflows/portrait"
    async with client.post(path, json=batch_of(*steps), headers=headers) as answer:
        assert answer.status == 202
        first = await answer.read()
        told = json.loads(first)
        assert answer.headers["Location"] == f"/api/jobs/{told['results'][0]['job']['id']}"
    results = told["results"]
    assert [("job" in one, "error" in one) for one in results] == [
        (step == 1 and step is not True, step != 1 or step is True) for step in steps
    ]
    errors = [one["error"] for one in results if "error" in one]
    assert {one["details"][0]["parameter"] for one in errors} == {"steps"}
    assert all(one["request_id"] for one in errors)
    jobs = [one["job"] for one in results if "job" in one]
    assert {job["batch"] for job in jobs} == {told["batch"]}
    assert [job["number"] for job in jobs] == sorted(job["number"] for job in jobs)
    async with client.post(path, json=batch_of(*steps), headers=headers) as answer:
        assert await answer.read() == first
    assert (await get(client, "/api/jobs"))["counts"]["all"] == 7


async def test_a_batch_has_runs_of_any_workflows(client: Client, portrait: Path):
    runs = [
        {"workflow": "portrait", "prompt": "one", "priority": 7},
        {"workflow": "nothing"},
        {"workflow": "portrait", "prompt": "two", "character": "nobody"},
        "x",
        {},
        {"workflow": "upscale"},
        {"workflow": "portrait", "prompt": "three"},
    ]
    told = await post(client, GENERATE, 200, json={"batch": runs}, headers=WAIT)
    results = told["results"]
    codes = [one["error"]["code"] if "error" in one else one["job"]["state"] for one in results]
    assert codes == [
        "succeeded",
        "not_found",
        "not_found",
        "invalid_parameter",
        "invalid_parameter",
        "invalid_parameter",
        "succeeded",
    ]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/api/workflows/portrait", batch_of(1, 1, 1, 1, 1), "at most 4 runs"),
        (GENERATE, {"batch": [{"workflow": "portrait"}] * 5}, "at most 4 runs"),
        (GENERATE, {"batch": [{"workflow": "upscale"}] * 11}, "at most 10 runs"),
        (GENERATE, {"batch": []}, "a list of runs"),
        (GENERATE, {"batch": {}}, "a list of runs"),
        (GENERATE, {"batch": [{}], "workflow": "portrait"}, "beside a batch"),
    ],
)
async def test_a_batch_that_is_too_large_or_none_is_refused_whole(
    client: Client, portrait: Path, path: str, body: dict[str, Any], words: str
):
    error = (await post(client, path, 422, json=body))["error"]
    assert words in error["message"]
    assert (await get(client, "/api/jobs"))["counts"]["all"] == 0


async def test_of_a_batch_that_cannot_be_at_all_every_error_is_told(client: Client, portrait: Path):
    told = await post(client, "/api/workflows/portrait", 200, json=batch_of(0, 99))
    assert told["batch"] is None
    assert ["error" in one for one in told["results"]] == [True, True]
    assert (await get(client, "/api/jobs"))["counts"]["all"] == 0


async def test_a_run_of_a_batch_makes_one_job(client: Client, own: Path):
    put(own, "single", join_entry(1, most=3), joined(1))
    sent = [await upload(client, data) for data in colours(2)]
    body = {"batch": [{"images": sent}, {"images": sent[:1]}]}
    told = await post(client, "/api/workflows/single", 202, json=body)
    assert "a run of its own" in told["results"][0]["error"]["message"]
    assert "job" in told["results"][1]


async def test_a_batch_behind_a_path_has_addresses_with_it(
    start_server: StartServer, own: Path, portrait: Path
):
    client = await started(start_server, base_path="/imagine")
    async with client.post(
        "/imagine/api/workflows/portrait", json=batch_of(1), headers=WAIT
    ) as answer:
        told = await answer.json()
        assert answer.status == 200, told
        assert answer.headers["Location"].startswith("/imagine/api/jobs/")
        assert told["results"][0]["job"]["images"][0]["url"].startswith("/imagine/api/images/")
