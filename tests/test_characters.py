"""Characters: their file, ``--character`` in prompts and requests, and what readers are told."""

import hashlib
import io
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imagine.character_files import Characters
from imagine.explain import explain
from imagine.links import upload_link
from imagine.planner import Planner
from imagine.profiles import load_profiles
from imagine.workflow_files import Registry
from tests.catalogs import catalog
from tests.conftest import StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import finish, ready
from tests.routes.workflows import get, join_entry, joined, post, put, started

CHECKPOINT = "sd_xl_base_1.0.safetensors"
CATALOG = catalog(checkpoints=[CHECKPOINT], loras=["people/mira_v2.safetensors"])
FILE = """\
[mira]
name = "Mira"
description = "The one with the red coat"
lora = "mira_v2"
strength = 0.8
trigger = "mira woman"

[leo]
trigger = "leo man"
pictures = ["leo.png"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "characters.toml"
    path.write_text(FILE, encoding="utf-8")
    (tmp_path / "leo.png").write_bytes(png())
    return path


@pytest.fixture
def planner(file: Path, tmp_path: Path) -> Planner:
    put(tmp_path / "workflows", "join", join_entry(2, required=0), joined(2))
    return Planner(
        load_profiles(),
        catalog=lambda: CATALOG,
        registry=Registry(tmp_path / "workflows"),
        characters=Characters(file),
    )


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy(checkpoints=[CHECKPOINT], loras=["people/mira_v2.safetensors"]) as fake:
        yield fake


def png(shade: int = 200) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), (shade, 0, 0)).save(data, "PNG")
    return data.getvalue()


def link_of(data: bytes) -> str:
    return upload_link(hashlib.sha256(data).hexdigest())


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


LEO = link_of(png())


def only(planner: Planner, text: str, **options: Any) -> dict[str, Any]:
    body = explain(text, options, planner)
    assert body["errors"] == []
    (job,) = body["jobs"]
    return dict(job)


def wrong(planner: Planner, text: str, **options: Any) -> dict[str, Any]:
    (error,) = explain(text, options, planner)["errors"]
    return dict(error)


# --- in a prompt


def test_a_character_is_written_out(planner: Planner):
    job = only(planner, "in the rain --character mira --seed 3")
    assert job["canonical"] == "mira woman, in the rain --seed 3 --lora mira_v2:0.8"
    assert job["parameters"]["character"] == [{"value": "mira", "weight": 0.8}]
    assert job["parameters"]["loras"] == [{"value": "people/mira_v2.safetensors", "weight": 0.8}]
    assert job["typed"]["character"] == [{"value": "mira", "weight": 0.8}]


@pytest.mark.parametrize(
    ("typed", "weight"), [("mira:0.5", 0.5), ("mira:1", 1), ("MIRA", 0.8), ("mira:-2", -2)]
)
def test_a_strength_may_be_given(planner: Planner, typed: str, weight: float):
    used = only(planner, f"in the rain --character {typed}")["parameters"]
    assert used["character"] == [{"value": "mira", "weight": weight}]
    assert used["loras"][0]["weight"] == weight


def test_its_pictures_guide_as_cref_does(planner: Planner):
    job = only(planner, "in the rain --character leo")
    assert job["canonical"] == f"leo man, in the rain --cref {LEO}"


def test_a_trigger_that_is_there_already_is_not_said_twice(planner: Planner):
    assert only(planner, "a Mira woman --character mira")["text"] == "a Mira woman"


def test_several_characters_come_together(planner: Planner):
    job = only(planner, "in the rain --character mira leo:0.5")
    assert job["text"] == "leo man, mira woman, in the rain"
    assert [one["value"] for one in job["parameters"]["character"]] == ["mira", "leo"]


def test_options_name_characters_too(planner: Planner):
    for value in ("mira:0.5", ["mira:0.5"], [{"value": "mira", "weight": 0.5}]):
        used = only(planner, "in the rain", character=value)["parameters"]
        assert used["character"] == [{"value": "mira", "weight": 0.5}]
    used = only(planner, "in the rain", character=[{"value": "mira"}])["parameters"]
    assert used["character"] == [{"value": "mira", "weight": 0.8}]


def test_an_unknown_one_is_told_with_its_place(planner: Planner):
    text = "in the rain --character mirra:0.5"
    error = wrong(planner, text)
    assert text[error["start"] : error["end"]] == "mirra:0.5"
    assert error["suggestion"] == "mira:0.5"
    assert "no such character" in error["message"]


def test_groups_may_choose_a_character(planner: Planner):
    body = explain("in the rain --character {mira, leo}", {}, planner)
    assert [job["text"] for job in body["jobs"]] == [
        "mira woman, in the rain",
        "leo man, in the rain",
    ]


def test_its_pictures_fill_what_a_workflow_has_free(planner: Planner):
    used = only(planner, "--workflow join --character leo")["parameters"]
    assert used["image"] == LEO
    one, two = upload_link("1" * 64), upload_link("2" * 64)
    job = only(planner, f"{one} {two} --workflow join --character leo")
    assert "takes no more" in job["notes"][0]["message"]


# --- the file


def test_a_file_that_is_not_there_has_nobody(tmp_path: Path):
    cast = Characters(tmp_path / "none.toml").current()
    assert (dict(cast.characters), cast.broken) == ({}, ())


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[mira\n", 1, "no TOML"),
        ("[Mira]\n", 1, "small letters"),
        ("mira = 3\n", 1, "stands alone"),
        ('[mira]\nname = "Mira"\nstrength = 11\n', 3, "strength"),
        ("[mira]\nstrength = nan\n", 2, "strength"),
        ('[mira]\ncolour = "red"\n', 2, "colour"),
        ('[mira]\ntrigger = "a --ar 2:1"\n', 2, "plain words"),
        ('[mira]\npictures = ["none.png"]\n', 2, "cannot be read"),
        ('[mira]\npictures = ["../../etc/passwd"]\n', 2, "not in the folder"),
    ],
)
def test_a_broken_one_is_told_by_line_and_leaves_the_others(
    tmp_path: Path, text: str, line: int, reason: str, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "characters.toml"
    path.write_text(f"{text}\n[leo]\ntrigger = 'leo'\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        cast = Characters(path).current()
    (broken,) = cast.broken
    assert (broken.file, broken.line) == ("characters.toml", line)
    assert reason in broken.message
    assert broken.message in caplog.text
    assert list(cast.characters) == ([] if "no TOML" in reason else ["leo"])


def test_it_is_read_again_when_it_or_a_picture_changes(file: Path):
    characters = Characters(file)
    first = characters.current()
    assert characters.current() is first
    (file.parent / "leo.png").write_bytes(png(20) + b" ")
    second = characters.current()
    assert second.characters["leo"].pictures == (link_of(png(20) + b" "),)
    file.write_text("[mira]\n", encoding="utf-8")
    assert list(characters.current().characters) == ["mira"]


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, f"a = {'9' * 5000}"])
def test_what_no_reader_takes_is_told(tmp_path: Path, text: str):
    path = tmp_path / "characters.toml"
    path.write_text(text, encoding="utf-8")
    cast = Characters(path).current()
    assert (len(cast.broken), dict(cast.characters)) == (1, {})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_nobody_waits_for_a_pipe(tmp_path: Path):
    os.mkfifo(tmp_path / "mira.png")
    path = tmp_path / "characters.toml"
    path.write_text('[mira]\npictures = ["mira.png"]\n', encoding="utf-8")
    (broken,) = Characters(path).current().broken
    assert "is no file" in broken.message


# --- on a server


async def test_the_api_tells_of_them_and_shows_their_pictures(
    start_server: StartServer, file: Path
):
    write(file, FILE + "\n[bad]\nstrength = 20\n")
    client = await started(start_server, characters=file)
    told = await get(client, "/api/characters")
    mira, leo = told["characters"]
    assert mira == {
        "id": "mira",
        "name": "Mira",
        "description": "The one with the red coat",
        "lora": "mira_v2",
        "strength": 0.8,
        "trigger": "mira woman",
        "pictures": [],
    }
    assert leo["pictures"] == [f"/api/uploads/{LEO.removeprefix('upload:')}"]
    async with client.get(leo["pictures"][0]) as answer:
        assert await answer.read() == png()
    (broken,) = told["broken"]
    assert (broken["file"], broken["line"]) == ("characters.toml", 13)
    rows = (await get(client, "/api/parameters"))["parameters"]
    assert next(row for row in rows if row["name"] == "character")["choices"] == ["mira", "leo"]


async def test_a_picture_that_cannot_be_is_told(start_server: StartServer, file: Path):
    (file.parent / "leo.png").write_bytes(b"no picture")
    client = await started(start_server, characters=file)
    (broken,) = (await get(client, "/api/characters"))["broken"]
    assert "leo" in broken["message"]


async def test_its_lora_is_in_the_graph_of_a_workflow_and_its_picture_is_brought(
    start_server: StartServer, comfy: FakeComfy, file: Path
):
    client = await ready(start_server, comfy, characters=file)
    job = await finish(client, "in the rain --workflow image_to_image --character mira:0.6 leo")
    assert job["state"] == "succeeded", job["error"]
    graph = comfy.submitted[0]["prompt"]
    (lora,) = [n["inputs"] for n in graph.values() if n["class_type"].startswith("LoraLoader")]
    assert (lora["lora_name"], lora["strength_model"]) == ("people/mira_v2.safetensors", 0.6)
    (loaded,) = [n["inputs"]["image"] for n in graph.values() if n["class_type"] == "LoadImage"]
    assert loaded == f"imagine/{LEO.removeprefix('upload:')}.png"
    assert loaded.removeprefix("imagine/") in " ".join(comfy.uploaded)
    assert "mira woman" in str(graph)
    assert [one["value"] for one in job["parameters"]["character"]] == ["mira", "leo"]

    write(file, "")
    again = await finish(client, job["canonical"])
    assert again["state"] == "succeeded", again["error"]
    assert "character" not in again["parameters"]
    same = {name: again["parameters"][name] for name in ("prompt", "image", "seed")}
    assert same == {name: job["parameters"][name] for name in same}


async def test_a_request_names_one_and_an_unknown_one_is_not_found(
    start_server: StartServer, file: Path
):
    client = await started(start_server, characters=file)
    put(file.parent / "workflows", "portrait")
    body = {"workflow": "portrait", "prompt": "in the rain", "character": "leo"}
    told = await post(client, "/api/generate", 202, json=body)
    (job,) = told["jobs"]
    assert job["parameters"]["prompt"] == "leo man, in the rain"
    assert job["parameters"]["character"] == [{"value": "leo", "weight": 1.0}]
    error = await post(client, "/api/generate", 404, json=body | {"character": "mirra"})
    assert "There is no character mirra. Did you mean mira?" in error["error"]["message"]
    await post(client, "/api/generate", 404, json=body | {"workflow": "portrat"})
    error = await post(client, "/api/generate", 422, json=body | {"character": "mira:99"})
    assert error["error"]["details"][0]["parameter"] == "character"
    error = await post(client, "/api/imagine", 422, json={"prompt": "a --character mirra"})
    assert error["error"]["details"][0]["suggestion"] == "mira"


async def test_a_set_of_pictures_keeps_its_character_through_a_second_plan(
    start_server: StartServer, comfy: FakeComfy, file: Path
):
    client = await ready(start_server, comfy, characters=file)
    comfy.fail_next()
    job = await finish(client, "in the rain --character mira --size 64x64 --batch 1")
    assert job["state"] == "failed"
    told = await post(client, f"/api/jobs/{job['id']}/retry", 202)
    assert told["parameters"]["character"] == [{"value": "mira", "weight": 0.8}]
