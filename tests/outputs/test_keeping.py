"""Outputs of every kind on disk: named by their kind, found again, never larger than allowed."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from imagine.cli import app
from imagine.errors import EngineError, EngineUnavailableError, NotFoundError
from imagine.image_reading import picture_files, read_picture
from imagine.images import ImageStore
from imagine.media import OUTPUT_TYPES, OutputType
from imagine.media.mp4 import Mp4
from imagine.storage import DiskStorage
from tests.conftest import StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import ready
from tests.media import animation, mp4, picture
from tests.outputs.stage import graph_of, made, runs
from tests.outputs.test_media import SAMPLES
from tests.test_image_reading import ABOUT
from tests.test_images import JOB, MADE, files, put


@pytest.fixture
async def images(tmp_path: Path) -> AsyncIterator[ImageStore]:
    async with ImageStore(DiskStorage(tmp_path), tmp_path) as store:
        yield store


@pytest.mark.parametrize("kind", OUTPUT_TYPES, ids=lambda kind: kind.extension)
async def test_every_kind_is_kept_as_it_is_and_found_again(
    images: ImageStore, tmp_path: Path, kind: OutputType
):
    data, facts = SAMPLES[kind.extension]
    stored = await put(images, data, index=2, about=ABOUT, media_type="text/plain")
    assert stored.name == f"2026-11-20-a-red-fox-8d3f0a91c2e4-2.{kind.extension}"
    assert (stored.width, stored.height, stored.duration_s) == (
        facts.width,
        facts.height,
        facts.duration_s,
    )
    assert (await images.path(stored.name)).read_bytes() == data
    assert await put(images, data, index=2, about=ABOUT, media_type="text/plain") == stored
    assert await images.job_of(stored.name) == JOB
    for count in (None, 3):
        again = await images.of_job(JOB, words="a red fox", created_at=MADE, count=count)
        assert again == {2: stored}
    await images.trash(stored.name, MADE)
    (file,) = picture_files(DiskStorage(tmp_path))
    found = read_picture(DiskStorage(tmp_path), file)
    assert found is not None
    assert (found.image().media_type, found.deleted_at) == (kind.media_type, MADE)
    assert (found.width, found.height, found.duration_s) == (
        facts.width,
        facts.height,
        facts.duration_s,
    )


async def test_all_outputs_of_a_job_are_found_again_whatever_their_indices(images: ImageStore):
    for index, data in {0: mp4(), 7: picture("PNG"), 123_456: animation("GIF")}.items():
        await put(images, data, index=index, about=ABOUT)
    await put(images, mp4(), index=1, about=ABOUT, words="a red fox again")
    await put(images, mp4(), index=3)  # nothing says whose it is
    found = await images.of_job(JOB, words="a red fox", created_at=MADE, count=None)
    assert {index: stored.media_type for index, stored in found.items()} == {
        0: "video/mp4",
        7: "image/png",
        123_456: "image/gif",
    }
    assert await images.of_job(JOB, words="a red fox", created_at=MADE, count=2) == {0: found[0]}


@pytest.mark.parametrize("kind", ["mp4", "webm", "gif", "glb", "wav", "mp3", "flac", "ogg"])
async def test_what_breaks_off_is_refused_and_leaves_no_file(
    images: ImageStore, tmp_path: Path, kind: str
):
    with pytest.raises(EngineUnavailableError, match="ends too early"):
        await put(images, SAMPLES[kind][0][:-3])
    assert files(tmp_path) == []


async def test_each_kind_has_its_own_limit(images: ImageStore, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(EngineError, match="a text of more than 1 MiB"):
        await put(images, b"fox " * 300_000, media_type="text/plain")
    monkeypatch.setattr(Mp4, "limit", 2**20)
    with pytest.raises(EngineError, match="a video of more than 1 MiB"):
        await put(images, mp4(content=bytes(2**20)))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
async def test_a_thumbnail_shows_the_first_frame(images: ImageStore, kind: str):
    stored = await put(images, animation(kind, size=(200, 100)))
    small = await images.thumbnail(stored.name, 160)
    assert small.read_bytes()[8:12] == b"WEBP"


async def test_what_is_no_picture_has_no_thumbnail(images: ImageStore):
    stored = await put(images, SAMPLES["glb"][0])
    with pytest.raises(NotFoundError, match=r"is a 3D model \(GLB\), and has no small picture"):
        await images.thumbnail(stored.name, 160)


async def test_a_rebuild_gives_every_kind_back(start_server: StartServer, tmp_path: Path):
    output = tmp_path / "output"
    async with FakeComfy() as comfy:
        client = await ready(start_server, comfy)
        given = {f"a.{ending}": data for ending, (data, _) in SAMPLES.items()}
        comfy.give("SaveVideo", {"files": given, "text": ["a fox"]})
        runs(client, graph_of("SaveVideo"), ["1"])
        job = await made(client)
        assert job["state"] == "succeeded", job["error"]
        await client.close()
    database = output / "imagine.db"
    for path in output.glob("imagine.db*"):
        path.unlink()
    result = CliRunner().invoke(app, ["rebuild", "--output", str(output), "--json"])
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    assert (report["pictures"], report["jobs"], report["foreign"]) == (len(SAMPLES) + 1, 1, 0)
    assert database.exists()
    again = await start_server()
    async with again.get(f"/api/jobs/{job['id']}") as answer:
        assert (await answer.json())["images"] == job["images"]
