"""Uploads on disk: each file once, under what it holds, and nothing that cannot be used."""

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from imagine import uploads as uploads_module
from imagine.errors import (
    ImagineError,
    MalformedError,
    NotFoundError,
    PromptError,
    StorageError,
    TooLargeError,
    UnsupportedMediaError,
)
from imagine.image_bytes import INPUT_LIMIT
from imagine.media import Kind
from imagine.storage import DiskStorage
from imagine.uploads import Put, Upload, Uploads
from tests.media import mp4, ogg
from tests.painting import bomb, encoded, hole, lying, mask, moving, noise, picture


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
async def uploads(output: Path) -> AsyncIterator[Uploads]:
    async with Uploads(DiskStorage(output), output) as store:
        yield store


async def chunks(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def put(uploads: Uploads, data: bytes) -> Put:
    return await uploads.put(chunks(data))


def at(output: Path, upload: Upload) -> Path:
    return output / "uploads" / upload.name


def files(output: Path) -> list[str]:
    return sorted(path.name for path in (output / "uploads").iterdir())


# --- taking in


@pytest.mark.parametrize(
    ("kind", "extension", "media_type"),
    [("PNG", "png", "image/png"), ("JPEG", "jpg", "image/jpeg"), ("WEBP", "webp", "image/webp")],
)
async def test_a_picture_lies_under_the_digest_of_its_bytes(
    uploads, output, kind, extension, media_type
):
    data = picture(kind)
    upload, is_new = await put(uploads, data)
    assert is_new
    assert upload.id == hashlib.sha256(data).hexdigest()
    assert files(output) == [f"{upload.id}.{extension}"]
    assert at(output, upload).read_bytes() == data
    assert (upload.width, upload.height) == (64, 48)
    assert (upload.media_type, upload.bytes) == (media_type, len(data))
    assert await uploads.path(upload.id) == at(output, upload)


async def test_the_same_picture_again_touches_no_file(uploads, output):
    first, _ = await put(uploads, picture())
    os.utime(at(output, first), (1, 1))
    again, is_new = await put(uploads, picture())
    assert (again, is_new) == (first, False)
    assert at(output, first).stat().st_mtime == 1
    assert files(output) == [first.name]


async def test_the_same_picture_many_times_at_once_is_one_file(uploads, output):
    made = await asyncio.gather(*(put(uploads, picture()) for _ in range(20)))
    assert len({one.upload for one in made}) == 1
    assert [one.is_new for one in made].count(True) == 1
    assert len(files(output)) == 1


async def test_an_upload_is_known_after_a_restart(output):
    async with Uploads(DiskStorage(output), output) as first:
        upload, _ = await put(first, lying())
        (output / "uploads" / "0123456789abcdef.part").write_bytes(b"half")
    async with Uploads(DiskStorage(output), output) as second:
        assert await second.get(upload.id) == upload
        assert await put(second, lying()) == (upload, False)
    assert files(output) == [upload.name]


@pytest.mark.parametrize(("data", "kind"), [(mp4(), Kind.VIDEO), (ogg(), Kind.AUDIO)])
async def test_a_video_and_a_sound_are_known_after_a_restart_too(output, data, kind):
    async with Uploads(DiskStorage(output), output) as first:
        upload, _ = await put(first, data)
        assert (upload.kind, first.kind_of(upload.id)) == (kind, kind)
    async with Uploads(DiskStorage(output), output) as second:
        assert second.kind_of(upload.id) is kind
        assert second.kind_of("0" * 64) is None
        assert await second.get(upload.id) == upload
        with pytest.raises(NotFoundError, match="no small picture"):
            await second.thumbnail(upload.id, 160)
    assert files(output) == [upload.name]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_on_its_side_has_the_size_in_which_it_is_shown(uploads, kind):
    upload, _ = await put(uploads, lying((64, 48), kind))
    assert (upload.width, upload.height) == (48, 64)
    with Image.open(await uploads.thumbnail(upload.id, 160)) as small:
        assert small.size == (48, 64)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
async def test_every_kind_of_png_is_taken(uploads, mode):
    upload, _ = await put(uploads, encoded(Image.new(mode, (20, 10))))
    assert (upload.width, upload.height) == (20, 10)


# --- what is refused

CASES = [
    (b"", MalformedError, "empty"),
    (b"<html><script>alert(1)</script></html>", UnsupportedMediaError, "no PNG, JPEG or WebP"),
    (picture("GIF"), UnsupportedMediaError, "no PNG, JPEG or WebP"),
    (moving("WEBP"), UnsupportedMediaError, "moves"),
    (moving("PNG"), UnsupportedMediaError, "moves"),
    (bomb(), TooLargeError, "3600 million"),
    (bomb(9_000, 9_000), PromptError, "damaged"),
    (picture()[:-30], PromptError, "damaged"),
    (picture("JPEG", (200, 200))[:600], PromptError, "damaged"),
    (b"\x89PNG\r\n\x1a\n" + b"\0" * 500, UnsupportedMediaError, "no PNG"),
]


@pytest.mark.parametrize(("data", "error", "words"), CASES)
async def test_what_is_no_usable_picture_is_refused_and_leaves_nothing(
    uploads, output, data: bytes, error: type[ImagineError], words: str
):
    with pytest.raises(error, match=words):
        await put(uploads, data)
    assert files(output) == []


async def test_reading_stops_at_the_limit(uploads, output):
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 2**20
            yield bytes(2**20)

    with pytest.raises(TooLargeError, match="20 MiB"):
        await uploads.put(endless())
    assert read == INPUT_LIMIT + 2**20
    assert files(output) == []


async def test_a_picture_just_below_the_limit_is_taken(uploads, monkeypatch):
    data = noise((100, 100))
    monkeypatch.setattr(uploads_module, "INPUT_LIMIT", len(data))
    assert (await put(uploads, data)).is_new


async def test_a_sender_who_leaves_leaves_nothing(uploads, output):
    async def broken() -> AsyncIterator[bytes]:
        yield picture()[:50]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await uploads.put(broken())
    assert files(output) == []


async def test_a_canceled_upload_leaves_nothing(uploads, output):
    waiting = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield picture()[:50]
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(uploads.put(slow()))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(output) == []


async def test_a_full_disk_is_said_in_words(uploads, output, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        await put(uploads, picture())
    assert files(output) == []


@pytest.mark.parametrize(
    "name", ["", "..", "../imagine.db", "a" * 64, "A" * 64, "a" * 63 + "/", "é"]
)
async def test_no_name_leaves_the_folder(uploads, output, name):
    (output / "imagine.db").write_bytes(b"")
    with pytest.raises(NotFoundError, match="no upload"):
        await uploads.get(name)


async def test_a_file_that_somebody_removed_is_taken_again(uploads, output):
    upload, _ = await put(uploads, picture())
    at(output, upload).unlink()
    with pytest.raises(NotFoundError):
        await uploads.get(upload.id)
    assert await put(uploads, picture()) == (upload, True)


# --- masks


async def test_a_mask_is_an_upload_of_its_own_made_once(uploads, output):
    source, _ = await put(uploads, hole())
    made, box = await uploads.mask(at(output, source), 64, 48)
    assert box == (8, 8, 32, 32)
    assert (made.width, made.height, made.media_type) == (64, 48, "image/png")
    os.utime(at(output, made), (1, 1))
    assert await uploads.mask(at(output, source), 64, 48) == (made, box)
    assert await uploads.mask(at(output, made), 64, 48) == (made, box)
    assert at(output, made).stat().st_mtime == 1
    assert len(files(output)) == 2


async def test_a_mask_that_somebody_removed_is_made_again(uploads, output):
    source, _ = await put(uploads, mask())
    made, _ = await uploads.mask(at(output, source), 64, 48)
    at(output, made).unlink()
    assert (await uploads.mask(at(output, source), 64, 48))[0] == made
    assert at(output, made).is_file()
