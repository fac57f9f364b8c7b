"""Jobs over HTTP: from a prompt to pictures, and every way in which a request can be wrong."""

import asyncio
import io
import json
import threading
from typing import Any

import pytest

from imagine.explain import explain
from tests.conftest import SMALL, Client, StartServer
from tests.following import finish, follow, submit
from tests.pictures import chunks, pixels


async def problem(answer: Any, status: int) -> dict[str, Any]:
    """Check the one error shape and return the error."""
    told = await answer.json()
    assert answer.status == status, told
    assert set(told) == {"error"}
    error: dict[str, Any] = told["error"]
    assert set(error) == {"code", "message", "hint", "request_id", "details"}
    assert error["message"]
    assert error["request_id"] == answer.headers["X-Request-ID"]
    return error


async def test_a_prompt_becomes_four_pictures_on_disk(client: Client):
    job = await finish(client, f"a red fox in the snow {SMALL} --seed 42")
    assert job["state"] == "succeeded"
    assert [image["index"] for image in job["images"]] == [0, 1, 2, 3]
    bodies = []
    for image in job["images"]:
        async with client.get(image["url"]) as answer:
            assert answer.status == 200
            assert answer.content_type == "image/png"
            bodies.append(await answer.read())
        assert len(bodies[-1]) == image["bytes"]
        assert (image["width"], image["height"], image["seed"]) == (128, 128, 42)
    assert len(set(bodies)) == 4


async def test_the_answer_comes_at_once_and_names_the_first_job(client: Client):
    async with client.post("/imagine", json={"prompt": f"a red fox {SMALL}"}) as answer:
        assert answer.status == 202
        told = await answer.json()
    assert answer.headers["Location"] == f"/api/jobs/{told['jobs'][0]['id']}"
    assert told["warnings"] == []
    job = told["jobs"][0]
    assert job["state"] == "queued"
    assert job["batch"] == told["batch"]
    assert job["progress"]["value"] == 0


async def test_the_same_prompt_and_seed_give_the_same_pixels(client: Client):
    first = await finish(client, f"a red fox {SMALL} --seed 7 --batch 2")
    second = await finish(client, first["canonical"])
    for one, two in zip(first["images"], second["images"], strict=True):
        assert await pixels(client, one["url"]) == await pixels(client, two["url"])


async def test_a_seed_is_drawn_and_told(client: Client):
    one, two = [(await submit(client, f"a fox {SMALL}"))[0] for _ in range(2)]
    assert one["parameters"]["seed"] != two["parameters"]["seed"]
    assert f"--seed {one['parameters']['seed']}" in one["canonical"]


async def test_a_flag_in_the_prompt_beats_the_same_option(client: Client):
    (job,) = await submit(
        client, f"a fox {SMALL} --seed 5", options={"seed": 6, "steps": 3, "negative_prompt": "fog"}
    )
    assert job["parameters"]["seed"] == 5
    assert job["parameters"]["steps"] == 3
    assert "fog" in job["parameters"]["negative"]
    assert job["canonical"].count("--seed") == 1


async def test_permutations_make_a_batch_of_jobs(client: Client):
    jobs = await submit(client, f"a {{red, blue}} fox {SMALL} --batch 1")
    assert [job["text"] for job in jobs] == ["a red fox", "a blue fox"]
    assert len({job["batch"] for job in jobs}) == 1


@pytest.mark.parametrize(("length", "apart"), [(10, False), (5000, True)])
async def test_only_a_long_prompt_is_read_beside_the_loop(
    client: Client, monkeypatch: pytest.MonkeyPatch, length: int, apart: bool
):
    threads = []

    def watched(*arguments: Any, **options: Any) -> dict[str, Any]:
        threads.append(threading.current_thread())
        return explain(*arguments, **options)

    monkeypatch.setattr("imagine.routes.jobs.explain", watched)
    async with client.post("/api/parse", json={"prompt": "a" * length}) as answer:
        assert (await answer.json())["ok"]
    assert [thread is not threading.main_thread() for thread in threads] == [apart]


async def test_two_equal_prompts_are_two_jobs(client: Client):
    one = await submit(client, f"a fox {SMALL} --seed 1 --batch 1")
    two = await submit(client, f"a fox {SMALL} --seed 1 --batch 1")
    async with follow(client) as follower:
        ends = {job["id"]: await finished(client, follower, job["id"]) for job in (*one, *two)}
    assert all(job["state"] == "succeeded" for job in ends.values())
    assert len({job["images"][0]["url"] for job in ends.values()}) == 2


async def finished(client: Client, follower: Any, job_id: str) -> dict[str, Any]:
    async with client.get(f"/api/jobs/{job_id}") as answer:
        job: dict[str, Any] = await answer.json()
    return job if job["finished_at"] else await follower.end(job_id)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "not JSON"),
        (b"not json", 400, "not JSON"),
        (b"[1]", 400, "not a JSON object"),
        (b'{"prompt": NaN}', 400, "NaN"),
        (b'{"prompt": 3}', 422, "prompt"),
        (b"{}", 422, "prompt is missing"),
        (b'{"prompt": "a fox", "opshuns": {}}', 422, "opshuns"),
        (b'{"prompt": "a fox", "options": {"steps": true}}', 422, "steps"),
        (b'{"prompt": "a fox", "options": {"nonsense": 1}}', 422, "nonsense"),
        (b'{"prompt": "   "}', 422, ""),
        (b'{"prompt": "--seed 3"}', 422, ""),
        (b'{"prompt": "a fox --steps 0"}', 422, "1–150"),
        (b"[" * 100_000, 400, "not JSON"),
    ],
)
async def test_a_body_that_cannot_be_is_refused_in_a_sentence(
    client: Client, body: bytes, status: int, words: str
):
    headers = {"Content-Type": "application/json"}
    async with client.post("/api/imagine", data=body, headers=headers) as answer:
        error = await problem(answer, status)
    assert words in error["message"] + json.dumps(error["details"], ensure_ascii=False)
    async with client.get("/api/jobs") as answer:
        assert (await answer.json())["jobs"] == []


async def test_an_impossible_ratio_is_refused_with_its_span(client: Client):
    async with client.post("/api/imagine", json={"prompt": "🦊 fox --ar 1:0"}) as answer:
        error = await problem(answer, 422)
    (detail,) = error["details"]
    assert "🦊 fox --ar 1:0"[detail["start"] : detail["end"]] == "--ar 1:0"


async def test_a_body_of_another_kind_or_size_is_refused(client: Client):
    async with client.post("/api/imagine", data="prompt=fox") as answer:
        await problem(answer, 415)
    large = io.BytesIO(json.dumps({"prompt": "a" * (2 * 1024**2)}).encode())
    headers = {"Content-Type": "application/json"}
    async with client.post("/api/imagine", data=large, headers=headers) as answer:
        await problem(answer, 413)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/jobs/0198aaaa", 404),
        ("POST", "/api/jobs/0198aaaa/cancel", 404),
        ("DELETE", "/api/jobs/0198aaaa", 404),
        ("GET", "/api/jobs/0198aaaa/events", 404),
        ("PUT", "/api/jobs", 405),
        ("GET", "/api/jobs?limit=0", 400),
        ("GET", "/api/jobs?limit=1000", 400),
        ("GET", "/api/jobs?state=nonsense", 400),
        ("GET", "/api/jobs?kind=nonsense", 400),
        ("GET", "/api/jobs?before=nonsense", 400),
        ("GET", "/api/jobs?what=1", 400),
        ("GET", "/api/live?since=-1", 400),
        ("GET", "/static/../pyproject.toml", 404),
        ("GET", "/static/js", 404),
    ],
)
async def test_a_request_that_cannot_be_gets_the_error_shape(
    client: Client, method: str, path: str, status: int
):
    async with client.request(method, path) as answer:
        await problem(answer, status)


async def test_a_method_that_is_not_allowed_hears_which_are(client: Client):
    async with client.put("/api/jobs") as answer:
        assert "GET" in answer.headers["Allow"]
        await problem(answer, 405)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/imagine", rb'{"prompt": "fox", "\udfff": 1}'),
        ("/api/imagine", rb'{"prompt": "fox \udfff"}'),
        ("/api/imagine", rb'{"prompt": "fox", "images": ["\udfff"]}'),
        ("/api/imagine", rb'{"prompt": "fox", "images": ["a"], "mask": "\udfff"}'),
        ("/api/jobs/0198aaaa/actions", rb'{"action": "\udfff"}'),
        ("/api/jobs/0198aaaa/actions", rb'{"action": "pan", "direction": "\udfff"}'),
    ],
)
async def test_half_a_character_is_refused_like_any_other(client: Client, path: str, body: bytes):
    headers = {"Content-Type": "application/json"}
    async with client.post(path, data=body, headers=headers) as answer:
        await problem(answer, 422)


async def test_a_body_that_is_not_encoded_as_it_says_is_refused(client: Client):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    async with client.post("/api/imagine", data=b'{"prompt": "fox"}', headers=headers) as answer:
        await problem(answer, 400)


@pytest.mark.parametrize(
    "preferences", [["wait=30"], ["respond-async", "Wait=30"], ["respond-async, wait=30;x=1"]]
)
async def test_waiting_is_asked_for_in_any_prefer_header(client: Client, preferences: list[str]):
    headers = [("Prefer", preference) for preference in preferences]
    prompt = {"prompt": "a fox --size 64x64 --steps 1 --batch 1"}
    async with client.post("/api/imagine", json=prompt, headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Preference-Applied"] == "wait=30"


async def test_pages_follow_each_other_by_key(client: Client):
    names = ["fox", "owl", "hare", "wolf", "lynx"]
    for name in names:
        await finish(client, f"one {name} {SMALL} --batch 1 --steps 1")
    seen: list[str] = []
    after = ""
    while True:
        async with client.get(f"/api/jobs?limit=2{after}") as answer:
            told = await answer.json()
        seen += [job["text"] for job in told["jobs"]]
        if told["next"] is None:
            break
        after = f"&before={told['next']}"
    assert seen == [f"one {name}" for name in reversed(names)]
    assert told["counts"]["succeeded"] == 5
    async with client.get("/api/jobs?q=HARE%20-wolf&state=succeeded") as answer:
        assert [job["text"] for job in (await answer.json())["jobs"]] == ["one hare"]


async def test_stars_are_kept_counted_and_checked(client: Client):
    job = await finish(client, f"a fox {SMALL} --batch 2 --steps 1")
    path = f"/api/jobs/{job['id']}"
    async with client.patch(path, json={"favorites": [1, 1]}) as answer:
        assert (await answer.json())["favorites"] == [1]
    async with client.get("/api/jobs?favorite=1") as answer:
        told = await answer.json()
    assert [one["id"] for one in told["jobs"]] == [job["id"]]
    assert told["counts"]["starred"] == 1
    async with client.patch(path, json={"favorites": [7]}) as answer:
        assert "no picture 7" in (await problem(answer, 422))["message"]
    async with client.patch(path, json={"favorites": [True]}) as answer:
        await problem(answer, 422)


async def test_a_finished_job_goes_into_the_trash_and_back(client: Client):
    job = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    path = f"/api/jobs/{job['id']}"
    async with client.delete(path) as answer:
        assert (await answer.json())["deleted_at"]
    async with client.get("/api/jobs") as answer:
        assert (await answer.json())["jobs"] == []
    async with client.get("/api/jobs?trash=1") as answer:
        assert [one["id"] for one in (await answer.json())["jobs"]] == [job["id"]]
    async with client.post(f"{path}/restore") as answer:
        assert (await answer.json())["deleted_at"] is None
    async with client.post(f"{path}/restore") as answer:
        await problem(answer, 409)
    async with client.post(f"{path}/retry") as answer:
        await problem(answer, 409)
    async with client.post(f"{path}/cancel") as answer:
        await problem(answer, 409)


async def test_canceling_one_leaves_the_others(start_server: StartServer):
    client = await start_server(sketch_step_ms=20)
    async with follow(client) as follower:
        jobs = [(await submit(client, f"fox {n} {SMALL}"))[0]["id"] for n in range(4)]
        await follower.until(lambda m: m["type"] == "progress" and m["step"] > 2)
        for job_id in (jobs[0], jobs[2]):
            async with client.post(f"/api/jobs/{job_id}/cancel") as answer:
                assert answer.status in (200, 202)
        states = {job_id: (await finished(client, follower, job_id))["state"] for job_id in jobs}
    assert list(states.values()) == ["canceled", "succeeded", "canceled", "succeeded"]


async def test_a_canceled_job_can_be_made_after_all(start_server: StartServer):
    client = await start_server(sketch_step_ms=20)
    async with follow(client) as follower:
        (job,) = await submit(client, f"a fox {SMALL} --batch 1")
        await follower.until(lambda m: m["type"] == "progress" and m["step"] > 2)
        async with client.delete(f"/api/jobs/{job['id']}") as answer:
            await problem(answer, 409)
        async with client.post(f"/api/jobs/{job['id']}/cancel") as answer:
            assert answer.status == 202
        assert (await follower.end(job["id"]))["state"] == "canceled"
        async with client.post(f"/api/jobs/{job['id']}/retry") as answer:
            assert answer.status == 202
        ended = await follower.end(job["id"])
    assert ended["state"] == "succeeded"
    assert ended["attempt"] == 2
    assert ended["prompt_id"] != job["id"]


async def test_events_of_one_job_end_with_its_end(client: Client):
    (job,) = await submit(client, f"a fox {SMALL} --batch 1")
    async with client.get(f"/api/jobs/{job['id']}/events") as answer:
        assert answer.content_type == "text/event-stream"
        async with asyncio.timeout(30):
            text = await answer.text()
    events = [block.split("\n") for block in text.strip().split("\n\n")]
    names = [lines[0] for lines in events if lines[0].startswith("event: ")]
    assert names[0] == "event: job"
    last = json.loads(events[-1][-1].removeprefix("data: "))
    assert last["job"]["state"] == "succeeded"
    async with client.get(f"/api/jobs/{job['id']}/events") as answer:
        assert (await answer.text()).count("event: job") == 1


async def test_fifty_jobs_of_five_clients_keep_their_own_pictures(client: Client):
    async def one_client(name: int) -> list[dict[str, Any]]:
        prompts = [f"fox {name}-{n} {SMALL} --batch 1 --steps 2 --seed {n}" for n in range(10)]
        return list(await asyncio.gather(*(finish(client, prompt) for prompt in prompts)))

    groups = await asyncio.gather(*(one_client(name) for name in range(5)))
    jobs = [job for group in groups for job in group]
    assert len(jobs) == 50
    for job in jobs:
        assert job["state"] == "succeeded"
        (image,) = job["images"]
        text = await chunks(client, image["url"])
        assert json.loads(text["imagine"])["job"] == job["id"]
        assert job["text"] in text["prompt"]


async def test_the_queue_has_a_bound_and_says_when_to_come_back(start_server: StartServer):
    client = await start_server(sketch_step_ms=200, max_waiting=2)
    refused = None
    for _ in range(6):
        async with client.post("/api/imagine", json={"prompt": f"a fox {SMALL}"}) as answer:
            if answer.status == 429:
                refused = await problem(answer, 429)
                assert int(answer.headers["Retry-After"]) > 0
    assert refused is not None
    assert refused["code"] == "queue_full"


async def test_waiting_ends_with_the_time_it_was_given(start_server: StartServer):
    client = await start_server(sketch_step_ms=500)
    headers = {"Prefer": "wait=1"}
    async with client.post(
        "/api/imagine", json={"prompt": f"a fox {SMALL}"}, headers=headers
    ) as answer:
        assert answer.status == 202
        assert (await answer.json())["jobs"][0]["state"] in ("queued", "running")
