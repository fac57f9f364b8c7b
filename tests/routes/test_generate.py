"""Running one workflow over HTTP: its values, its job, and all that is refused."""

import asyncio
import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, StartServer
from tests.fakes.comfy import CHECKPOINT, FakeComfy, Stage
from tests.following import ready
from tests.painting import picture
from tests.routes.workflows import (
    GENERATE,
    PORTRAIT,
    WORDS,
    form,
    get,
    post,
    put,
    put_graph,
    refused,
    run,
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


@pytest.mark.parametrize("path", [GENERATE, "/api/workflows/portrait"])
async def test_one_endpoint_runs_every_workflow_and_each_has_its_own(
    client: Client, portrait: Path, path: str
):
    body = {"workflow": "portrait"} if path == GENERATE else {}
    job = await run(client, {**body, "prompt": "a sailor", "parameters": {"seed": 7}}, path)
    assert (job["kind"], job["text"]) == ("workflow", "a sailor")
    assert len(job["images"]) == 1


async def test_the_job_shows_the_defaults_that_were_used(client: Client, portrait: Path):
    job = await run(client, {"workflow": "portrait", "parameters": {"steps": 3}})
    used = job["parameters"]
    assert (used["workflow"], used["steps"], used["cfg"]) == ("portrait", 3, 5.0)
    assert (used["negative"], used["sampler"]) == ("ugly", "euler")
    assert len(used["revision"]) == 12
    assert "--workflow portrait" in job["canonical"]


async def test_a_seed_of_minus_1_is_drawn_stored_and_makes_the_same_again(
    client: Client, portrait: Path
):
    first = await run(client, {"workflow": "portrait", "parameters": {"seed": -1}})
    seed = first["parameters"]["seed"]
    assert 0 <= seed < 2**32
    second = await run(client, {"workflow": "portrait", "parameters": {"seed": seed}})
    pictures = []
    for job in (first, second):
        async with client.get(job["images"][0]["url"]) as answer:
            pictures.append(await answer.read())
    assert second["parameters"]["seed"] == seed
    assert [len(data) > 100 for data in pictures] == [True, True]


async def test_exactly_the_inputs_that_are_fed_change(start_server: StartServer, own: Path):
    graph = copy.deepcopy(WORDS)
    graph["4"]["inputs"]["ckpt_name"] = CHECKPOINT
    put(own, "portrait", graph=graph)
    async with FakeComfy() as comfy:
        client = await ready(start_server, comfy)
        body = {
            "workflow": "portrait",
            "prompt": "a sailor",
            "parameters": {"steps": 4, "seed": 9, "negative": "", "cfg": 2},
        }
        job = await run(client, body)
        (sent,) = comfy.submitted
        assert job["prompt_id"] == sent["prompt_id"]
        changed = {
            (node, name): value
            for node, told in sent["prompt"].items()
            for name, value in told["inputs"].items()
            if value != graph[node]["inputs"][name]
        }
        prefix = changed.pop(("9", "filename_prefix"))
        assert job["prompt_id"] in prefix
        assert changed == {
            ("6", "text"): "a sailor",
            ("7", "text"): "",
            ("3", "steps"): 4,
            ("3", "seed"): 9,
            ("3", "cfg"): 2,
        }


async def test_the_reply_and_the_job_carry_our_id_and_that_of_comfyui(
    client: Client, portrait: Path
):
    told = await post(client, GENERATE, 202, json={"workflow": "portrait"})
    (queued,) = told["jobs"]
    done = await run(client, {"workflow": "portrait"})
    assert queued["id"]
    for name in (done["id"], done["prompt_id"]):
        assert (await get(client, f"/api/jobs/{name}"))["id"] == done["id"]


@pytest.mark.parametrize(
    ("given", "parameter", "words"),
    [
        ({"stepz": 3}, "stepz", "Did you mean steps?"),
        ({"steps": "3"}, "steps", "whole numbers"),
        ({"steps": True}, "steps", "whole numbers"),
        ({"steps": 2.5}, "steps", "whole numbers"),
        ({"cfg": False}, "cfg", "numbers"),
        ({"cfg": "much"}, "cfg", "numbers"),
        ({"steps": 0}, "steps", "1 to 12"),
        ({"steps": 13}, "steps", "1 to 12"),
        ({"sampler": "eulr"}, "sampler", "euler"),
        ({"prompt": 5}, "prompt", "text"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_name_of_the_parameter(
    client: Client, portrait: Path, given: dict[str, Any], parameter: str, words: str
):
    detail = await refused(client, {"workflow": "portrait", "parameters": given})
    assert detail["parameter"] == parameter
    assert words in detail["message"]
    assert detail["allowed"]


async def test_all_problems_are_told_at_once(client: Client, portrait: Path):
    body = {"workflow": "portrait", "parameters": {"steps": 0, "cfg": 99, "what": 1}}
    error = (await post(client, GENERATE, 422, json=body))["error"]
    assert {one["parameter"] for one in error["details"]} == {"steps", "cfg", "what"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_what_is_no_number_is_refused(client: Client, portrait: Path, number: str):
    body = f'{{"workflow": "portrait", "parameters": {{"cfg": {number}}}}}'
    headers = {"Content-Type": "application/json"}
    async with client.post(GENERATE, data=body, headers=headers) as answer:
        assert answer.status == (422 if number == "1e999" else 400)
    assert (await get(client, "/api/jobs"))["counts"]["all"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "workflow"),
        ({"workflow": 5}, "workflow"),
        ({"workflow": "portrait", "params": {}}, "params"),
        ({"workflow": "portrait", "parameters": []}, "parameters"),
        ({"workflow": "portrait", "images": "x"}, "images"),
        ({"workflow": "portrait", "images": [""]}, "images.0"),
        ({"workflow": "portrait", "priority": 1000}, "priority"),
        ({"workflow": "portrait", "images": ["0" * 64] * 17}, "images"),
        ({"workflow": "portrait", "prompt": "x" * 24_001}, "prompt"),
    ],
)
async def test_a_body_that_cannot_be_is_refused_by_field(
    client: Client, portrait: Path, body: dict[str, Any], field: str
):
    assert (await refused(client, body))["parameter"] == field


async def test_an_unknown_workflow_or_character_is_404(client: Client, portrait: Path):
    assert "nothing" in (await refused(client, {"workflow": "nothing"}, status=404))["message"]
    await refused(client, {}, "/api/workflows/nothing", 404)
    body = {"workflow": "portrait", "character": "nobody"}
    assert "nobody" in (await refused(client, body, status=404))["message"]


async def test_a_workflow_that_the_engine_cannot_run_is_refused(client: Client, own: Path):
    graph = copy.deepcopy(WORDS)
    graph["3"]["class_type"] = "SomebodysSampler"
    put(own, "portrait", graph=graph)
    error = (await post(client, GENERATE, 422, json={"workflow": "portrait"}))["error"]
    assert error["code"] == "invalid_workflow"
    assert "SomebodysSampler" in error["message"]


@pytest.mark.parametrize(
    ("feed", "reason"), [("3.foo", "has no such input"), ("6.text", "takes a text")]
)
async def test_what_is_listed_as_not_to_be_run_is_not_run(
    client: Client, own: Path, feed: str, reason: str
):
    put(own, "odd", PORTRAIT.replace("3.steps", feed).replace('"6.text"', '"7.text"', 1))
    shown = await get(client, "/api/workflows/odd")
    assert (shown["available"], reason in shown["reason"]) == (False, True)
    error = (await post(client, "/api/workflows/odd", 422, json={}))["error"]
    assert (error["code"], error["message"]) == ("invalid_workflow", shown["reason"])
    parsed = await post(client, "/api/parse", 200, json={"prompt": "a fox --workflow odd"})
    assert [one["message"] for one in parsed["errors"]][:1] == [shown["reason"]]


async def test_words_that_are_there_twice_are_refused_unless_they_are_the_same(
    client: Client, own: Path
):
    put(own, "portrait")
    body = {"prompt": "a fox", "parameters": {"prompt": "an owl"}}
    error = (await post(client, "/api/workflows/portrait", 422, json=body))["error"]
    assert "prompt is there twice" in error["message"]
    body["parameters"] = {"prompt": "a fox"}
    await post(client, "/api/workflows/portrait", 202, json=body)


async def test_a_graph_with_what_no_database_takes_runs(client: Client, own: Path):
    graph = json.loads(json.dumps(WORDS))
    graph["6"]["inputs"]["text"] = "a \ud800 fox"
    put_graph(own, "odd", graph)
    body = await post(client, "/api/workflows/odd", 202, json={})
    assert body["jobs"][0]["parameters"]["prompt"] == "a \ufffd fox"


async def test_a_workflow_for_video_and_one_that_enlarges_run_through_the_same_route(
    client: Client, own: Path
):
    graph = copy.deepcopy(WORDS)
    graph["5"]["inputs"]["batch_size"] = 3
    graph["9"] = {
        "class_type": "SaveWEBM",
        "inputs": {
            "filename_prefix": "x",
            "images": ["8", 0],
            "codec": "vp9",
            "fps": 8.0,
            "crf": 32.0,
        },
    }
    put(own, "film", graph=graph)
    assert (await get(client, "/api/workflows/film"))["outputs"] == ["video"]
    film = (await run(client, {"workflow": "film", "prompt": "waves"}))["images"][0]
    assert film["media_type"] == "video/webm"
    async with client.get(film["url"]) as answer:
        assert answer.content_type == "video/webm"
        assert len(await answer.read()) == film["bytes"]
    sent = await upload(client, picture(size=(64, 64)))
    enlarged = await run(client, {"workflow": "upscale", "images": [sent]})
    factor = enlarged["parameters"]["factor"]
    assert enlarged["images"][0]["width"] == 64 * factor


async def test_the_reply_does_not_wait_for_a_busy_engine(start_server: StartServer, own: Path):
    graph = copy.deepcopy(WORDS)
    graph["4"]["inputs"]["ckpt_name"] = CHECKPOINT
    put(own, "portrait", graph=graph)
    async with FakeComfy() as comfy:
        client = await ready(start_server, comfy)
        comfy.hold(Stage.SAMPLING)
        await post(client, GENERATE, 202, json={"workflow": "portrait"})
        await comfy.reached(Stage.SAMPLING)
        async with asyncio.timeout(20):
            async with client.post(GENERATE, json={"workflow": "portrait"}) as answer:
                told = await answer.json()
                assert answer.status == 202
                assert answer.headers["Location"] == f"/api/jobs/{told['jobs'][0]['id']}"
        comfy.release()


async def test_a_new_file_is_a_new_endpoint_with_checked_fields(client: Client, own: Path):
    await post(client, "/api/workflows/portrait", 404, json={})
    put(own, "portrait")
    detail = await refused(client, {"parameters": {"steps": 99}}, "/api/workflows/portrait")
    assert (detail["parameter"], detail["allowed"]) == ("steps", "1–12")
    await run(client, {}, "/api/workflows/portrait")


async def test_a_character_adds_its_lora_and_words_and_its_strength_can_be_changed(
    start_server: StartServer, own: Path, tmp_path: Path
):
    (tmp_path / "characters.toml").write_text(
        '[mira]\nname = "Mira"\nlora = "mira.safetensors"\nstrength = 0.75\n'
        'trigger = "mira woman"\n',
        encoding="utf-8",
    )
    graph = copy.deepcopy(WORDS)
    graph["4"]["inputs"]["ckpt_name"] = CHECKPOINT
    put(own, "portrait", graph=graph)
    async with FakeComfy(loras=["mira.safetensors"]) as comfy:
        client = await ready(start_server, comfy)
        for character, strength in (("mira", 0.75), ("mira:0.5", 0.5)):
            body = {"workflow": "portrait", "prompt": "at sea", "character": character}
            job = await run(client, body)
            sent = comfy.submitted[-1]["prompt"]
            (lora,) = [
                node["inputs"] for node in sent.values() if node["class_type"] == "LoraLoader"
            ]
            assert (lora["lora_name"], lora["strength_model"]) == ("mira.safetensors", strength)
            assert sent["6"]["inputs"]["text"] == "mira woman, at sea"
            assert job["parameters"]["character"] == [{"value": "mira", "weight": strength}]


async def test_a_key_makes_a_run_once(client: Client, portrait: Path):
    headers = {"Idempotency-Key": "a"}
    body = {"workflow": "portrait"}
    told = await asyncio.gather(
        *(post(client, GENERATE, 202, json=body, headers=headers) for _ in range(5))
    )
    assert len({one["jobs"][0]["id"] for one in told}) == 1
    await post(client, GENERATE, 409, json={"workflow": "upscale"}, headers=headers)
    form_headers = {"Idempotency-Key": "b"}
    fields = [("workflow", "portrait"), ("prompt", "x")]
    one = await post(client, GENERATE, 202, data=form(*fields), headers=form_headers)
    assert await post(client, GENERATE, 202, data=form(*fields), headers=form_headers) == one
