"""``imagine workflow add`` and ``imagine workflow list``, with a server and without one."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from imagine.cli import app
from tests.conftest import Client, StartServer
from tests.importing.samples import FOLDER
from tests.routes.workflows import get, names, put, put_graph, started

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
async def client(start_server: StartServer) -> Client:
    return await started(start_server)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "workflows"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    put_graph(tmp_path, "Old faces")
    return tmp_path / "Old faces.json"


async def workflow(own: Path, *arguments: str) -> Result:
    """Run the command where no server and no ComfyUI of the settings answers."""
    environment = {
        "IMAGINE_WORKFLOWS": str(own),
        "IMAGINE_COMFYUI_URL": NOBODY,
        "IMAGINE_PORT": "9",
    }
    command = ["workflow", *arguments]
    return await asyncio.to_thread(CliRunner().invoke, app, command, env=environment)


def address(client: Client) -> str:
    return str(client.make_url("/"))


async def test_a_workflow_goes_to_the_server(client: Client, own: Path, file: Path):
    result = await workflow(own, "add", str(file), "--server", address(client))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "Old faces is the workflow old_faces now."
    assert "--workflow old_faces" in result.stdout
    assert (await get(client, "/api/workflows/old_faces"))["name"] == "Old faces"


async def test_it_is_called_as_its_owner_says(client: Client, own: Path, file: Path):
    named = ("--id", "faces", "--name", "Faces & more", "--json", "--server", address(client))
    told = json.loads((await workflow(own, "add", str(file), *named)).stdout)
    assert (told["workflow"]["id"], told["workflow"]["name"]) == ("faces", "Faces & more")


async def test_without_a_server_it_goes_into_the_folder_itself(own: Path, file: Path):
    result = await workflow(own, "add", str(file))
    assert result.exit_code == 0, result.output
    assert f"in {own}" in result.stdout
    assert "No engine has answered yet" in result.stdout
    assert names(own) == ["old_faces.json", "old_faces.toml"]


async def test_a_server_that_was_named_is_the_only_place(own: Path, file: Path):
    for command in (["add", str(file)], ["list"]):
        result = await workflow(own, *command, "--server", NOBODY)
        assert result.exit_code == 3
        assert "Nobody answers" in result.stderr
    assert names(own) == []


async def test_what_is_no_workflow_ends_with_2(client: Client, own: Path, tmp_path: Path):
    notes = tmp_path / "notes.txt"
    notes.write_text("buy milk", encoding="utf-8")
    for place in ((), ("--server", address(client))):
        result = await workflow(own, "add", str(notes), *place)
        assert result.exit_code == 2
        assert "notes.txt: This is not JSON" in result.stderr
        assert "Export" in result.stderr
    assert (await workflow(own, "add", str(tmp_path / "none.json"))).exit_code == 2
    assert (await workflow(own, "add", str(FOLDER / "sd15_api.json"), "--id", "..")).exit_code == 2


async def test_the_list_shows_what_there_is_and_what_stays_out(client: Client, own: Path):
    put(own, "portrait")
    put_graph(own, "package", {"dependencies": {}, "version": 1})
    for place in ((), ("--server", address(client))):
        result = await workflow(own, "list", *place)
        assert result.exit_code == 0, result.output
        rows = [line.split() for line in result.stdout.splitlines()]
        assert rows[0] == ["id", "name", "category", "gives"]
        assert ["portrait", "Portrait", "portrait", "image"] in [row[:4] for row in rows]
        assert "package.json stays out: This is no workflow" in result.stdout
        told = json.loads((await workflow(own, "list", "--json", *place)).stdout)
        assert "portrait" in [one["id"] for one in told["workflows"]]
