"""What a picture file says of itself, whatever its format, and wherever it stands."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from imagine.image_bytes import with_text
from imagine.image_names import GALLERY, key_in, sidecar
from imagine.image_reading import picture_files, read_json, read_picture
from imagine.images import ImageStore
from imagine.models import utc_now
from imagine.storage import DiskStorage
from tests.test_images import JOB, MADE, picture, put

SAID = {
    "job": JOB,
    "number": 3,
    "batch": "b",
    "prompt": "лиса",
    "canonical": "лиса --seed 1",
    "text": "лиса",
    "parameters": {"seed": 1},
    "created_at": MADE.isoformat(),
}
ABOUT: dict[str, Any] = {"imagine": SAID, "imagine-index": "2", "prompt": {"1": {}}}


def texts() -> dict[str, str]:
    return {"imagine": json.dumps(SAID), "imagine-index": "2"}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("inside", [True, False])
async def test_every_format_says_of_what_job_it_is(tmp_path: Path, kind: str, inside: bool):
    data = with_text(picture(), texts()) if inside and kind == "PNG" else picture(kind)
    storage = DiskStorage(tmp_path)
    async with ImageStore(storage, tmp_path) as images:
        stored = await put(images, data, index=2, about=ABOUT)
        beside = read_json(storage, sidecar(key_in(GALLERY, stored.name))) or {}
        await images.write_sidecar(stored.name, {**beside, "favorite": True})
        await images.trash(stored.name, MADE)
        assert await images.job_of(stored.name) == JOB
    (file,) = picture_files(storage)
    found = read_picture(storage, file)
    assert found is not None
    assert found.said.model_dump(mode="json")["prompt"] == "лиса"
    assert (found.name, found.index, found.favorite) == (stored.name, 2, True)
    assert found.deleted_at == MADE
    assert (found.width, found.height, found.bytes) == (64, 48, stored.bytes)


async def test_without_a_note_the_file_says_since_when_it_is_in_the_trash(tmp_path: Path):
    storage = DiskStorage(tmp_path)
    async with ImageStore(storage, tmp_path) as images:
        stored = await put(images, with_text(picture(), texts()))
        await images.trash(stored.name, MADE)
    for said in ("{", '{"deleted_at": 7}', '{"deleted_at": "noon"}', None):
        overwrite(tmp_path, said)
        (file,) = picture_files(storage)
        found = read_picture(storage, file)
        assert found is not None
        assert found.deleted_at is not None
        assert abs(found.deleted_at - utc_now()) < timedelta(hours=1)


def overwrite(output: Path, text: str | None) -> None:
    (note,) = output.rglob("*.trash.json")
    if text is None:
        note.unlink()
    else:
        note.write_text(text)
