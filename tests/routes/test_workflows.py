"""Workflows over HTTP: what there is, what comes in, what goes, and how all of it is described."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from jsonschema import Draft202012Validator

from imagine.importing.documents import FILE_LIMIT
from imagine.registry.entry_text import Notation, read_text
from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import ready
from tests.importing.samples import raw
from tests.painting import picture
from tests.routes.workflows import (
    PORTRAIT,
    WORDS,
    get,
    join_entry,
    joined,
    names,
    post,
    put,
    put_graph,
    started,
)


@pytest.fixture
async def client(start_server: StartServer) -> Client:
    return await started(start_server)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "workflows"


async def workflow(client: Client, name: str) -> dict[str, Any]:
    told: dict[str, Any] = await get(client, f"/api/workflows/{name}")
    return told


# --- what there is


async def test_the_list_shows_every_workflow_with_its_inputs(client: Client, own: Path):
    put(own, "portrait")
    put(own, "join", join_entry(3), joined(3))
    listed = {one["id"]: one for one in (await get(client, "/api/workflows"))["workflows"]}
    assert listed.keys() > {"portrait", "join", "text_to_image", "inpaint", "image_to_video"}
    assert listed["portrait"]["inputs"] == {
        "prompt": True,
        "images": {"min": 0, "max": 0},
        "mask": None,
        "videos": {"min": 0, "max": 0},
        "audios": {"min": 0, "max": 0},
        "batch": True,
    }
    assert listed["join"]["inputs"]["images"] == {"min": 1, "max": 3}
    assert listed["inpaint"]["inputs"]["mask"] == "required"
    assert all(one["available"] or one["reason"] for one in listed.values())
    assert listed["portrait"]["available"]
    families = {one["family"] for one in listed.values()}
    assert {"sdxl", "flux", "qwen-image"} <= families


async def test_one_workflow_is_told_with_every_field(client: Client, own: Path):
    put(own, "portrait")
    told = await workflow(client, "portrait")
    steps = next(one for one in told["parameters"] if one["name"] == "steps")
    assert steps == {
        "name": "steps",
        "flag": "--steps",
        "type": "int",
        "label": "Steps",
        "description": "How long it is worked on",
        "default": 2,
        "required": False,
        "min": 1,
        "max": 12,
        "step": 1,
        "choices": [],
        "rank": "main",
        "feeds": [["3", "steps"]],
    }
    sampler = next(one for one in told["parameters"] if one["name"] == "sampler")
    assert sampler["default"] == "euler"
    assert "euler" in sampler["choices"]
    assert len(told["revision"]) == 12
    del told["parameters"], told["revision"], told["inputs"]
    assert told == {
        "id": "portrait",
        "name": "Portrait",
        "description": "A face",
        "category": "portrait",
        "family": "",
        "version": 1,
        "source": "own",
        "max_batch_size": 4,
        "outputs": ["image"],
        "example": {"prompt": "an old sailor", "parameters": {"steps": 3}},
        "picture": None,
        "notes": [],
        "available": True,
        "reason": None,
        "problems": [],
    }


async def test_an_unknown_workflow_is_404(client: Client):
    for path in ("", "/graph", "/picture"):
        told = await get(client, f"/api/workflows/nothing{path}", 404)
        assert told["error"]["code"] == "not_found"
        assert told["error"]["request_id"]


async def test_the_list_is_of_one_category_and_of_an_unknown_one_empty(client: Client, own: Path):
    put(own, "portrait")
    told = await get(client, "/api/workflows?category=portrait")
    assert [one["id"] for one in told["workflows"]] == ["portrait"]
    assert {"portrait", "text-to-image", "video"} <= set(told["categories"])
    assert (await get(client, "/api/workflows?category=nothing"))["workflows"] == []


async def test_a_list_that_the_reader_has_is_not_sent_again(client: Client, own: Path):
    etag = ""
    for path in ("/api/workflows/text_to_image", "/api/workflows"):
        async with client.get(path) as answer:
            etag = answer.headers["ETag"]
        async with client.get(path, headers={"If-None-Match": etag}) as answer:
            assert answer.status == 304
            assert await answer.read() == b""
    put(own, "portrait")
    async with client.get("/api/workflows", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 200


async def test_a_parameter_added_to_a_file_is_there_without_a_restart(client: Client, own: Path):
    path = put(own, "portrait")
    before = await workflow(client, "portrait")
    more = '\n[[parameters]]\nname = "strength"\ntype = "float"\nmax = 0.5\nfeeds = ["3.denoise"]\n'
    path.write_text(PORTRAIT + more, encoding="utf-8")
    os.utime(path, ns=(1, 1))
    after = await workflow(client, "portrait")
    assert after["revision"] != before["revision"]
    assert "strength" in [one["name"] for one in after["parameters"]]
    document = await get(client, "/api/openapi.json")
    body = document["paths"]["/api/workflows/portrait"]["post"]["requestBody"]["content"]
    run = body["application/json"]["schema"]["anyOf"][0]
    assert run["properties"]["parameters"]["properties"]["strength"]["maximum"] == 0.5
    told = await post(
        client, "/api/workflows/portrait", 422, json={"parameters": {"strength": 0.7}}
    )
    assert told["error"]["details"][0]["parameter"] == "strength"


async def test_toml_and_json_give_the_same_workflow(client: Client, own: Path):
    put(own, "one")
    (own / "two.json").write_text(json.dumps(WORDS), encoding="utf-8")
    entry = read_text(PORTRAIT, Notation.TOML)
    (own / "two.entry.json").write_text(json.dumps(entry), encoding="utf-8")
    one, two = await workflow(client, "one"), await workflow(client, "two")
    assert one | {"id": "two"} == two


async def test_a_broken_file_is_told_by_name_and_line_and_leaves_the_others(
    client: Client, own: Path
):
    put(own, "portrait")
    put(own, "bad", PORTRAIT.replace('"int"', '"number"'))
    told = await get(client, "/api/workflows")
    (broken,) = told["broken"]
    assert (broken["file"], broken["line"]) == ("bad.toml", 23)
    assert "type" in broken["message"]
    assert "portrait" in [one["id"] for one in told["workflows"]]


async def test_what_the_engine_cannot_run_is_listed_with_the_reason(client: Client, own: Path):
    graph = json.loads(json.dumps(WORDS))
    graph["3"]["class_type"] = "SomebodysSampler"
    put(own, "portrait", graph=graph)
    told = await workflow(client, "portrait")
    assert not told["available"]
    assert "SomebodysSampler" in told["reason"]
    assert told["problems"][0]["message"] == told["reason"]


async def test_before_an_engine_tells_its_nodes_nothing_is_said_to_run(start_server: StartServer):
    client = await start_server(engine="comfyui", comfyui_url=["http://127.0.0.1:9"])
    told = await workflow(client, "text_to_image")
    assert not told["available"]
    assert "No engine" in told["reason"]


async def test_a_graph_without_an_entry_is_listed_as_well(client: Client, own: Path):
    put_graph(own, "mine")
    told = await workflow(client, "mine")
    assert (told["name"], told["category"]) == ("Mine", "text-to-image")
    assert {"prompt", "negative", "steps", "seed"} <= {one["name"] for one in told["parameters"]}


async def test_the_graph_is_there_for_comfyui(client: Client, own: Path):
    put(own, "portrait")
    async with client.get("/api/workflows/portrait/graph") as answer:
        assert await answer.json() == WORDS
        assert 'filename="portrait.json"' in answer.headers["Content-Disposition"]


async def test_the_picture_beside_an_entry_is_served_as_a_picture_only(
    start_server: StartServer, own: Path
):
    client = await started(start_server, base_path="/imagine")
    put(own, "portrait", f'picture = "it.png"\n{PORTRAIT}')
    put(own, "page", f'picture = "it.html"\n{PORTRAIT}')
    (own / "it.png").write_bytes(picture())
    (own / "it.html").write_text("<script>alert(1)</script>", encoding="utf-8")
    address = (await get(client, "/imagine/api/workflows/portrait"))["picture"]
    assert address == "/imagine/api/workflows/portrait/picture"
    async with client.get(address) as answer:
        assert answer.content_type == "image/png"
        assert await answer.read() == picture()
    await get(client, "/api/workflows/page/picture", 404)


# --- what comes in


def file_form(data: bytes, name: str = "My Portrait.json", field: str = "file") -> FormData:
    made = FormData(quote_fields=False)
    made.add_field(field, data, filename=name, content_type="application/octet-stream")
    return made


async def test_a_file_that_comes_in_is_a_workflow_at_once(start_server: StartServer, own: Path):
    async with FakeComfy(checkpoints=["v1-5-pruned-emaonly.ckpt"]) as comfy:
        client = await ready(start_server, comfy)
        async with client.post("/api/workflows", data=file_form(raw("sd15_default"))) as answer:
            told = await answer.json()
            assert answer.status == 201, told
            assert answer.headers["Location"] == "/api/workflows/my_portrait"
        made = told["workflow"]
        assert (made["id"], made["name"], made["source"]) == ("my_portrait", "My Portrait", "own")
        assert (made["available"], made["problems"]) == (True, [])
        assert await workflow(client, "my_portrait") == made
    assert names(own) == ["my_portrait.json", "my_portrait.toml"]


@pytest.mark.parametrize("day", ["", "2026-11-20-"])
async def test_a_picture_made_here_gives_its_words_as_the_name(client: Client, day: str):
    file = f"{day}a-red-fox-3ca4e9c6fe15-0.png"
    told = await post(client, "/api/workflows", 201, data=file_form(raw("sd15_default"), file))
    assert (told["workflow"]["id"], told["workflow"]["name"]) == ("a_red_fox", "A red fox")


async def test_they_are_listed_as_people_count(client: Client):
    for number in (10, 9, 1):
        await post(client, f"/api/workflows?name=Take%20{number}", 201, json=WORDS)
    listed = (await get(client, "/api/workflows"))["workflows"]
    takes = [one["name"] for one in listed if one["name"].startswith("Take")]
    assert takes == ["Take 1", "Take 9", "Take 10"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (json.dumps(WORDS).encode(), "application/json"),
        (raw("sd15_default_new"), "application/json"),
        (raw("sd15_default"), "application/octet-stream"),
    ],
)
async def test_it_may_be_the_body_itself_and_is_called_as_the_sender_says(
    client: Client, data: bytes, kind: str
):
    told = await post(
        client,
        "/api/workflows?id=fox-2&name=A%20fox",
        201,
        data=data,
        headers={"Content-Type": kind},
    )
    assert (told["workflow"]["id"], told["workflow"]["name"]) == ("fox-2", "A fox")


async def test_a_taken_id_becomes_the_next_free_one(client: Client):
    ids = []
    for _ in range(3):
        told = await post(
            client, "/api/workflows", 201, data=file_form(json.dumps(WORDS).encode(), "x.json")
        )
        ids.append(told["workflow"]["id"])
    assert ids == ["x", "x_2", "x_3"]
    told = await post(client, "/api/workflows?id=text_to_image", 201, json=WORDS)
    assert told["workflow"]["id"] == "text_to_image_2"


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b'{"dependencies": {}, "version": 1}', 422, "package file"),
        (b"buy milk", 422, "not JSON"),
        (picture(), 422, "holds no workflow"),
        (b"", 422, "empty"),
        (b"[" * 5000, 422, "nested too deep"),
    ],
)
async def test_what_is_no_workflow_is_refused_with_a_sentence(
    client: Client, own: Path, data: bytes, status: int, words: str
):
    told = await post(client, "/api/workflows", status, data=file_form(data))
    assert words in told["error"]["message"]
    assert names(own) == []


async def test_a_file_that_is_too_large_is_refused_unread(client: Client):
    headers = {"Content-Type": "application/json", "Content-Length": str(FILE_LIMIT * 2)}
    async with client.post("/api/workflows", data=b"{", headers=headers) as answer:
        assert answer.status == 413
        assert "64 MiB" in (await answer.json())["error"]["message"]


@pytest.mark.parametrize("query", ["id=../x", "id=CON", "id=con", "id=", "what=1", "id=a&id=b"])
async def test_an_id_that_could_be_no_file_is_refused(client: Client, own: Path, query: str):
    await post(client, f"/api/workflows?{query}", 400, json=WORDS)
    assert names(own) == []


async def test_a_form_for_one_file_takes_no_other(client: Client):
    await post(client, "/api/workflows", 422, data=file_form(b"{}", field="image"))
    made = FormData(default_to_multipart=True)
    await post(client, "/api/workflows", 422, data=made)


# --- what goes


async def test_a_removed_workflow_can_be_taken_back(client: Client, own: Path):
    put(own, "portrait")
    before = await workflow(client, "portrait")
    async with client.delete("/api/workflows/portrait") as answer:
        assert answer.status == 200
        assert await answer.json() == before
    await get(client, "/api/workflows/portrait", 404)
    await post(client, "/api/workflows/portrait", 404, json={})
    assert await post(client, "/api/workflows/portrait/restore", 200) == before
    assert await workflow(client, "portrait") == before
    await post(client, "/api/workflows/portrait/restore", 409)
    await post(client, "/api/workflows/nothing/restore", 404)


async def test_a_shipped_workflow_stays(client: Client):
    async with client.delete("/api/workflows/text_to_image") as answer:
        assert answer.status == 409
        assert "comes with Imagine" in (await answer.json())["error"]["message"]
    async with client.delete("/api/workflows/nothing") as answer:
        assert answer.status == 404


# --- the description


async def test_the_description_lists_the_parameters_and_ranges_of_each_workflow(
    client: Client, own: Path
):
    put(own, "portrait")
    put(own, "join-2", join_entry(3), joined(3))
    document = await get(client, "/api/openapi.json")
    listed = (await get(client, "/api/workflows"))["workflows"]
    assert {f"/api/workflows/{one['id']}" for one in listed} <= document["paths"].keys()
    operation = document["paths"]["/api/workflows/portrait"]["post"]
    content = operation["requestBody"]["content"]
    run, batch = content["application/json"]["schema"]["anyOf"]
    steps = run["properties"]["parameters"]["properties"]["steps"]
    assert (steps["type"], steps["minimum"], steps["maximum"]) == ("integer", 1, 12)
    assert (steps["default"], steps["description"]) == (2, "How long it is worked on")
    assert batch["properties"]["batch"]["maxItems"] == 4
    assert "images" not in run["properties"]
    join = document["paths"]["/api/workflows/join-2"]["post"]["requestBody"]["content"]
    images = join["application/json"]["schema"]["anyOf"][0]["properties"]["images"]
    assert (images["minItems"], images["maxItems"]) == (1, 3)
    fields = join["multipart/form-data"]["schema"]
    assert set(fields["properties"]) >= {"file", "file_2", "file_3", "parameters"}
    assert "file_4" not in fields["properties"]
    assert fields["required"] == ["file"]
    names = [
        method["operationId"] for path in document["paths"].values() for method in path.values()
    ]
    assert len(names) == len(set(names))


async def test_each_body_that_is_described_takes_what_the_server_takes(client: Client, own: Path):
    put(own, "portrait")
    document = await get(client, "/api/openapi.json")
    for one in (await get(client, "/api/workflows"))["workflows"]:
        post_ = document["paths"][f"/api/workflows/{one['id']}"]["post"]
        run, batch = post_["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
        for schema in (run, batch):
            Draft202012Validator.check_schema(schema)
        whole = Draft202012Validator({**run, "components": document["components"]})
        assert list(whole.iter_errors(one["example"])) == []
        for parameter in one["parameters"]:
            if parameter["default"] is not None:
                given = {"parameters": {parameter["name"]: parameter["default"]}}
                errors = [e for e in whole.iter_errors(given) if e.validator != "required"]
                assert errors == [], one["id"]
        if one["id"] == "portrait":
            for wrong in ({"steps": 0}, {"steps": 99}, {"steps": "3"}, {"what": 1}, {"cfg": True}):
                assert not whole.is_valid({"parameters": wrong})
                await post(client, "/api/workflows/portrait", 422, json={"parameters": wrong})
