"""``imagine workflow show``, with files of all kinds and a ComfyUI that tells its nodes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from imagine.cli import app
from tests.catalogs import object_info
from tests.conftest import StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import ready
from tests.importing.samples import FOLDER

SD15 = FOLDER / "sd15_default.json"


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        fake.object_info = object_info(checkpoints=["v1-5-pruned-emaonly.ckpt"])
        yield fake


async def show(*arguments: str, engine: str = "http://127.0.0.1:9") -> Result:
    command = ["workflow", "show", *arguments]
    environment = {"IMAGINE_COMFYUI_URL": engine}
    return await asyncio.to_thread(CliRunner().invoke, app, command, env=environment)


async def test_a_workflow_is_shown_with_what_can_be_set_and_whether_it_runs(comfy: FakeComfy):
    result = await show(str(SD15), engine=comfy.url)
    assert result.exit_code == 0, result.output
    rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert rows[0] == "sd15_default.json: workflow as ComfyUI’s page keeps it, 7 nodes"
    assert rows[1] == "Gives: image (Save Image (SaveImage))"
    assert "--cfg number 8 0–100 in steps of 0.1" in rows
    assert "--steps whole number 20 1–10000" in rows
    assert f"It can run on the ComfyUI at {comfy.url}." in rows


async def test_what_keeps_it_from_running_is_told_and_ends_with_1(comfy: FakeComfy):
    result = await show(str(FOLDER / "animatediff.json"), engine=comfy.url)
    assert result.exit_code == 1
    assert f"It cannot run on the ComfyUI at {comfy.url} yet:" in result.stdout
    assert "ComfyUI-VideoHelperSuite" in result.stdout


async def test_without_an_engine_it_is_read_and_said_to_be_unchecked():
    result = await show(str(SD15))
    assert result.exit_code == 0
    assert "Not checked: nobody answers at http://127.0.0.1:9." in result.stdout
    assert "--cfg" in result.stdout


async def test_for_programs_it_is_one_object(comfy: FakeComfy):
    told = json.loads((await show(str(SD15), "--json", engine=comfy.url)).stdout)
    assert (told["format"], told["nodes"], told["problems"]) == ("ui", 7, [])
    assert told["checked"] == comfy.url
    assert told["graph"]["3"]["class_type"] == "KSampler"
    prompt = told["parameters"][0]
    assert (prompt["name"], prompt["type"], prompt["feeds"]) == ("prompt", "text", [["6", "text"]])
    assert told["outputs"] == [
        {"node": "9", "kind": "image", "title": "Save Image (SaveImage)", "kept": True}
    ]


async def test_a_server_says_which_comfyui_is_asked(start_server: StartServer, comfy: FakeComfy):
    client = await ready(start_server, comfy)
    result = await show(str(SD15), "--server", str(client.make_url("/")))
    assert result.exit_code == 0, result.output
    assert f"It can run on the ComfyUI at {comfy.url}." in result.stdout


async def test_a_server_that_does_not_answer_ends_with_3():
    result = await show(str(SD15), "--server", "http://127.0.0.1:9")
    assert result.exit_code == 3
    assert "Nobody answers at http://127.0.0.1:9" in result.stderr


async def test_what_is_no_workflow_ends_with_2_and_the_next_step(tmp_path: Path):
    file = tmp_path / "notes.txt"
    file.write_text("buy milk", encoding="utf-8")
    result = await show(str(file))
    assert result.exit_code == 2
    assert "notes.txt: This is not JSON" in result.stderr
    assert "Export" in result.stderr
    missing = await show(str(tmp_path / "none.json"))
    assert missing.exit_code == 2
    assert "cannot be read" in missing.stderr
