"""``imagine models``, with a whole server and a ComfyUI that has models of many kinds."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from imagine.cli import app
from imagine.cli_models import model_lines
from imagine.routes.wire import CatalogAnswer
from tests.catalogs import ENCODERS, VAES, object_info
from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy
from tests.fakes.imagine_api import FakeImagine
from tests.following import ready

SDXL = "sd_xl_base_1.0.safetensors"


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        fake.object_info = object_info(
            checkpoints=[SDXL, "mine.safetensors", "dream.safetensors"],
            diffusion_models=["flux1-dev-kontext.safetensors", "wan2.1_vace_14B_fp16.safetensors"],
            text_encoders=ENCODERS,
            vaes=VAES,
        )
        fake.model_headers["mine.safetensors"] = {"modelspec.architecture": "stable-diffusion-v1"}
        yield fake


async def imagine_models(client: Client, *arguments: str) -> Result:
    address = str(client.make_url("/"))
    command = ["models", "--server", address, *arguments]
    return await asyncio.to_thread(CliRunner().invoke, app, command)


async def test_models_are_shown_with_what_they_were_taken_for_and_why(
    start_server: StartServer, comfy: FakeComfy
):
    result = await imagine_models(await ready(start_server, comfy))
    assert result.exit_code == 0, result.output
    rows = {line.split("  ")[0]: " ".join(line.split()) for line in result.stdout.splitlines()}
    assert rows[SDXL] == (f"{SDXL} SDXL 1024×1024 25 5 euler/normal default its name fits *sd_xl*")
    assert rows["mine.safetensors"].endswith("its header says stable-diffusion-v1")
    assert rows["dream.safetensors"].endswith("nothing tells what it is; taken for SDXL")
    _, others = result.stdout.split("Not for pictures from words:")
    assert "It changes a picture and needs one to start from." in others
    assert "It moves a picture or follows a video" in others
    assert "setting profiles" in others


async def test_models_for_programs_are_one_object(start_server: StartServer, comfy: FakeComfy):
    client = await ready(start_server, comfy)
    told = json.loads((await imagine_models(client, "--json")).stdout)
    assert told["default_model"] == SDXL
    assert [model["name"] for model in told["models"]] == [
        SDXL,
        "mine.safetensors",
        "dream.safetensors",
    ]
    assert [(other["name"], other["edits"]) for other in told["others"]] == [
        ("flux1-dev-kontext.safetensors", True),
        ("wan2.1_vace_14B_fp16.safetensors", False),
    ]


async def test_profiles_of_the_owner_are_shown(
    start_server: StartServer, comfy: FakeComfy, tmp_path: Path
):
    path = tmp_path / "profiles.toml"
    path.write_text(
        '[dreams]\nlabel = "Dreams"\nlike = "sd15"\nnames = ["dream"]\nsteps = 12\n',
        encoding="utf-8",
    )
    result = await imagine_models(await ready(start_server, comfy, profiles=path))
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("dream")]
    assert "Dreams" in line
    assert line.split()[2:4] == ["512×512", "12"]
    assert line.endswith("its name fits dream (your profile dreams)")


async def test_the_catalog_is_as_it_is_described(start_server: StartServer, comfy: FakeComfy):
    client = await ready(start_server, comfy)
    async with client.get("/api/catalog") as answer:
        told = await answer.json()
    CatalogAnswer.model_validate(told)
    assert told.keys() == CatalogAnswer.model_fields.keys()
    assert {entry["reason"] for entry in told["others"]} == {
        "its name fits *kontext*",
        "its name fits *-wan*vace*",
    }


async def test_an_engine_without_models_says_what_to_install(
    start_server: StartServer, comfy: FakeComfy
):
    comfy.object_info = object_info()
    result = await imagine_models(await ready(start_server, comfy))
    assert result.stdout == (
        "No model is installed. Put a checkpoint into ComfyUI's models/checkpoints folder.\n"
    )


async def test_an_engine_that_is_not_there_yet_is_told(start_server: StartServer):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but it does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = await start_server(engine="comfyui", comfyui_url=[url])
        result = await imagine_models(client)
    assert result.exit_code == 0
    assert "Try again when it is ready." in result.stdout


def test_only_models_of_other_kinds_are_told_too():
    engine = {"state": "ready", "reason": None}
    other = {
        "name": "x.sft",
        "family_label": None,
        "reason": "nothing tells what it is",
        "problem": "No.",
    }
    lines = list(model_lines({"engine": engine, "models": [], "others": [other]}))
    assert lines[0] == "No model is installed that makes pictures from words."
    assert "  x.sft  No. (nothing tells what it is)" in lines


def test_a_server_out_of_reach_is_told_with_the_next_step():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = CliRunner().invoke(app, ["models", "--server", url])
    assert result.exit_code == 3
    assert "imagine serve" in result.stderr


def test_a_server_that_has_no_catalog_is_not_ours():
    with FakeImagine() as fake:
        result = CliRunner().invoke(app, ["models", "--server", fake.url])
    assert result.exit_code == 3
    assert "is not Imagine" in result.stderr
