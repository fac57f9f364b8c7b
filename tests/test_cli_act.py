"""``imagine act``, ``imagine blend``, and pictures for ``imagine prompt``, with a whole server."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from imagine.cli import app
from tests.conftest import SMALL, Client
from tests.following import finish

QUICK = f"{SMALL} --steps 2 --batch 2"


async def imagine(client: Client, *arguments: str) -> Any:
    """Run a command beside the server, which answers meanwhile."""
    address = str(client.make_url("/"))
    command = [*arguments, "--server", address]
    return await asyncio.to_thread(CliRunner().invoke, app, command)


async def newest(client: Client) -> dict[str, Any]:
    async with client.get("/api/jobs?limit=1") as answer:
        job: dict[str, Any] = (await answer.json())["jobs"][0]
    return job


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "sky.png"
    Image.new("RGB", (64, 64), "navy").save(path)
    return str(path)


async def test_pictures_are_counted_from_one_and_saved(client: Client, tmp_path: Path):
    parent = await finish(client, f"a red fox {QUICK}")
    folder = tmp_path / "saved"
    ask = ("pan", str(parent["number"]), "--image", "2", "--direction", "left")
    result = await imagine(client, "act", *ask, "--save", str(folder))
    assert result.exit_code == 0, result.output
    child = await newest(client)
    assert child["kind"] == "pan"
    assert child["parents"] == [{"job": parent["id"], "image": 1}]
    saved = result.stdout.split()
    assert sorted(map(str, folder.iterdir())) == sorted(saved)
    for path in saved:
        with Image.open(path) as opened:
            assert opened.size == (192, 128)


async def test_a_set_goes_by_number_by_id_and_by_the_beginning_of_its_id(client: Client):
    parent = await finish(client, f"a red fox {QUICK}")
    names = (str(parent["number"]), f"#{parent['number']}", parent["id"], parent["id"][:30].upper())
    for name in names:
        result = await imagine(client, "act", "single", name)
        assert result.exit_code == 0, result.output
        assert (await newest(client))["parents"] == [{"job": parent["id"], "image": 0}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("upscale", "99"), "There is no set 99."),
        (("upscale", "abcd"), "There is no set abcd."),
        (("upscale", "the fox"), "the fox names no set"),
        (("upscale", "01"), "01 names no set"),
        (("upscale", "1", "--image", "3"), "Set 1 has no picture 3. There are 1, 2."),
        (("upscale", "1", "--image", "0"), "no picture 0"),
        (("upscal", "1"), "Did you mean upscale?"),
        (("upscale", "1", "--factor", "2"), "upscale takes no factor"),
        (("region", "1", "--mask", "nowhere.png"), "nowhere.png cannot be read"),
        (("remix", "1", "--prompt", "a fox --steps 0"), "1–150"),
    ],
)
async def test_what_cannot_be_done_is_told_and_ends_with_2(
    client: Client, arguments: tuple[str, ...], words: str
):
    await finish(client, f"a red fox {QUICK}")
    result = await imagine(client, "act", *arguments)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert result.stdout == ""


async def test_a_beginning_that_fits_several_sets_is_refused_with_their_numbers(client: Client):
    jobs = [await finish(client, f"a {name} {QUICK} --batch 1") for name in ("fox", "owl")]
    result = await imagine(client, "act", "single", jobs[0]["id"][:4])
    assert result.exit_code == 2
    assert "several sets: 2, 1." in result.stderr


async def test_a_picture_in_the_trash_is_no_mistake_of_the_prompt(client: Client):
    parent = await finish(client, f"a red fox {QUICK}")
    async with client.delete(f"/api/jobs/{parent['id']}") as answer:
        assert answer.status == 200
    result = await imagine(client, "act", "upscale", parent["id"])
    assert result.exit_code == 1
    assert "in the trash" in result.stderr


async def test_a_mask_is_brought_along(client: Client, tmp_path: Path):
    await finish(client, f"a red fox {QUICK}")
    mask = Image.new("L", (128, 128), 0)
    mask.paste(255, (0, 0, 64, 128))
    mask.save(tmp_path / "mask.png")
    ask = ("region", "1", "--mask", str(tmp_path / "mask.png"), "--prompt", "a blue owl")
    result = await imagine(client, "act", *ask)
    assert result.exit_code == 0, result.output
    child = await newest(client)
    assert (child["kind"], child["text"]) == ("region", "a blue owl")


async def test_files_and_pictures_of_sets_are_blended(client: Client, picture: str):
    parent = await finish(client, f"a red fox {QUICK}")
    words = ("--prompt", f"in oil {QUICK}")
    result = await imagine(client, "blend", picture, "1/2", *words)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.split()) == 2
    child = await newest(client)
    assert child["kind"] == "blend"
    assert child["parents"] == [{"job": parent["id"], "image": 1}]
    assert (await imagine(client, "blend", picture)).exit_code == 2
    assert (await imagine(client, "blend", picture, "1/7")).exit_code == 2


async def test_a_prompt_takes_pictures_and_a_mask(client: Client, picture: str, tmp_path: Path):
    mask = tmp_path / "mask.png"
    Image.new("L", (64, 64), 255).save(mask)
    words = ("a", "fox", "--steps", "2", "--batch", "1")
    result = await imagine(client, "prompt", *words, "--image", picture, "--size", "64x64")
    assert result.exit_code == 0, result.output
    assert "upload:" in (await newest(client))["canonical"]
    result = await imagine(client, "prompt", *words, "--image", picture, "--mask", str(mask))
    assert result.exit_code == 0, result.output
    assert (await newest(client))["kind"] == "region"
    result = await imagine(client, "prompt", *words, "--image", "nowhere.png")
    assert result.exit_code == 2
    assert "nowhere.png cannot be read" in result.stderr


async def test_a_file_that_is_no_picture_is_refused_by_the_server(client: Client, tmp_path: Path):
    (tmp_path / "words.txt").write_text("no picture")
    result = await imagine(client, "prompt", "a fox", "--image", str(tmp_path / "words.txt"))
    assert result.exit_code == 2
    assert "words.txt: This is no PNG, JPEG or WebP, no MP4" in result.stderr
