"""Pictures on disk: whole or not at all, where they belong, and never anywhere else."""

import asyncio
import contextlib
import errno
import io
import json
import os
import shutil
import stat
import sys
import threading
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imagine import images as images_module
from imagine import thumbnails
from imagine.errors import EngineError, EngineUnavailableError, NotFoundError, StorageError
from imagine.ids import new_id
from imagine.image_bytes import with_text
from imagine.image_files import read_texts
from imagine.image_names import sidecar, slug
from imagine.image_reading import read_json
from imagine.images import ImageStore, StoredImage
from imagine.media.picture import PictureType
from imagine.storage import DiskStorage

JOB = "0198f3a1-7c2e-7d4b-9e10-8d3f0a91c2e4"
MADE = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), shade: int = 0) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, (shade, 90, 120)).save(data, kind)
    return data.getvalue()


async def chunks(data: bytes, size: int = 100) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
async def images(output: Path) -> AsyncIterator[ImageStore]:
    async with ImageStore(DiskStorage(output), output) as store:
        yield store


async def put(
    images: ImageStore, data: bytes | AsyncIterator[bytes] = b"", **fields: Any
) -> StoredImage:
    given: dict[str, Any] = {"job_id": JOB, "index": 0, "words": "a red fox", "created_at": MADE}
    given |= {"media_type": "image/png", "text_chunks": {}, **fields}
    source = chunks(data or picture()) if isinstance(data, bytes) else data
    return await images.put(source, **given)


def at(images: ImageStore, stored: StoredImage) -> Path:
    """Return the file of a picture."""
    return images.local(stored.name)


def files(output: Path) -> list[str]:
    return sorted(path.relative_to(output).as_posix() for path in output.rglob("*.*"))


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as opened:
        opened.load()
        return opened.size


# --- taking in


async def test_a_picture_lands_in_the_folder_of_its_day_under_its_words(images, output):
    stored = await put(images, words="A red fox, in the SNOW!")
    assert files(output) == ["images/2026-11-20/a-red-fox-in-the-snow-8d3f0a91c2e4-0.png"]
    assert stored.name == "2026-11-20-a-red-fox-in-the-snow-8d3f0a91c2e4-0.png"
    assert at(images, stored) == await images.path(stored.name)
    assert (stored.width, stored.height, stored.media_type) == (64, 48, "image/png")
    assert stored.bytes == at(images, stored).stat().st_size
    assert at(images, stored).read_bytes() == picture()


async def test_texts_go_into_a_png_and_are_found_again(images):
    texts = {"parameters": "лиса\nSteps: 4", "imagine-index": "0"}
    stored = await put(images, text_chunks=texts)
    assert read_texts(at(images, stored)) == texts
    assert stored.bytes == at(images, stored).stat().st_size > len(picture())
    assert size_of(at(images, stored)) == (64, 48)


@pytest.mark.parametrize(
    ("kind", "ending", "media_type"),
    [("JPEG", "jpg", "image/jpeg"), ("WEBP", "webp", "image/webp"), ("PNG", "png", "image/png")],
)
async def test_the_bytes_say_the_type_whatever_the_engine_says(images, kind, ending, media_type):
    stored = await put(images, picture(kind), media_type="image/png")
    assert at(images, stored).suffix == f".{ending}"
    assert stored.media_type == media_type
    assert at(images, stored).read_bytes() == picture(kind)


@pytest.mark.parametrize("size", [1, 7, 33, 100_000])
async def test_chunks_of_any_size_make_the_same_file(images, monkeypatch, size: int):
    monkeypatch.setattr(images_module, "GATHERED_BYTES", 64)
    data = picture(size=(300, 200))
    stored = await put(images, chunks(data, size))
    assert at(images, stored).read_bytes() == data


async def test_the_same_picture_again_is_the_same_file(images, output):
    first = await put(images)
    assert await put(images) == first
    assert len(files(output)) == 1


async def test_another_picture_of_the_same_name_overwrites_nothing(images):
    stored = [await put(images, picture(shade=shade)) for shade in (0, 1, 2, 1)]
    endings = [at(images, one).stem.removeprefix("a-red-fox-8d3f0a91c2e4-") for one in stored]
    assert endings == ["0", "0-2", "0-3", "0-2"]
    assert [at(images, one).read_bytes() for one in stored[:3]] == [
        picture(shade=shade) for shade in (0, 1, 2)
    ]
    assert await images.path(stored[1].name) == at(images, stored[1])


async def test_many_at_once_of_one_name_all_land(images):
    stored = await asyncio.gather(*(put(images, picture(shade=n % 5)) for n in range(20)))
    assert len({one.name for one in stored}) == 5
    for number, one in enumerate(stored):
        assert at(images, one).read_bytes() == picture(shade=number % 5)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("cut", [3, 20, -1, -6])
async def test_a_picture_that_breaks_off_is_refused_and_leaves_no_file(images, output, kind, cut):
    with pytest.raises(EngineUnavailableError):
        await put(images, picture(kind)[:cut])
    assert files(output) == []


@pytest.mark.parametrize("data", [b"<html>" + b"no" * 100, b"MThd" + bytes(100)])
async def test_what_is_no_picture_is_refused_and_leaves_no_file(images, output, data: bytes):
    with pytest.raises(EngineError, match=r"not taken here .* OGG, GLB and text"):
        await put(images, data)
    assert files(output) == []


async def test_an_endless_picture_is_refused_and_leaves_no_file(images, output, monkeypatch):
    monkeypatch.setattr(PictureType, "limit", 3 * 2**20)

    async def endless() -> AsyncIterator[bytes]:
        yield picture()
        while True:
            yield bytes(2**18)

    with pytest.raises(EngineError, match="more than 3 MiB"):
        await put(images, endless())
    assert files(output) == []


@pytest.mark.parametrize("sent", [b"", picture()[:-20]])
async def test_a_stream_that_fails_or_is_cancelled_leaves_no_file(
    images, output, monkeypatch, sent
):
    monkeypatch.setattr(images_module, "GATHERED_BYTES", 1)
    waiting = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield sent
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(put(images, stalled()))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(output) == []

    async def failing() -> AsyncIterator[bytes]:
        yield sent
        raise EngineUnavailableError("gone")

    with pytest.raises(EngineUnavailableError, match="gone"):
        await put(images, failing())
    assert files(output) == []


async def test_what_a_crash_left_half_written_is_cleared_at_the_next_start(images, output):
    stored = await put(images)
    (output / "images" / "0123.part").write_bytes(b"half")
    (output / "thumbnails" / "0123.part").write_bytes(b"half")
    async with ImageStore(DiskStorage(output), output) as again:
        assert (await again.path(stored.name)).is_file()
    assert len(files(output)) == 1


async def test_a_folder_that_was_tidied_away_is_made_again(images, output):
    (output / "images").rmdir()
    assert at(images, await put(images)).is_file()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a red fox", "a-red-fox"),
        ("Ünïcödé — señor", "unicode-senor"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\CON.png", "c-con-png"),
        ("狐", "picture"),
        ("", "picture"),
        ("...", "picture"),
        ("word " * 40, "-".join(["word"] * 9)),
        ("x" * 300, "x" * 48),
        ("tab\tnew\nline\0null", "tab-new-line-null"),
    ],
)
async def test_words_become_names_that_every_system_takes(images, words: str, expected: str):
    assert slug(words) == expected
    stored = await put(images, words=words)
    assert at(images, stored).name == f"{expected}-8d3f0a91c2e4-0.png"
    assert await images.path(stored.name) == at(images, stored)


# --- names that lead elsewhere


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../imagine.db",
        "2026-11-20-../../../etc-8d3f0a91c2e4-0.png",
        "2026-11-20-..-8d3f0a91c2e4-0.png",
        "2026-11-20-%2e%2e%2fa-8d3f0a91c2e4-0.png",
        "2026-11-20-a/b-8d3f0a91c2e4-0.png",
        "2026-11-20-a\\b-8d3f0a91c2e4-0.png",
        "/etc/passwd",
        "C:/windows/win.ini",
        "2026-11-20-a-red-fox-8d3f0a91c2e4-0.png\n",
        "2026-11-20-a-red-fox-8d3f0a91c2e4-0.png\0",
        "2026-11-20-a-red-fox-8d3f0a91c2e4-0.png:stream",
        "2026-11-20-a-red-fox-8d3f0a91c2e4-0.PNG",
        "2026-11-20-A-red-fox-8d3f0a91c2e4-0.png",
        "2026-11-20-a-red-fox-8d3f0a91c2e4-0.png.json",
        "2026-11-20-a-red-fox-8d3f0a91c2e4-٣.png",
        "2026-11-20-a-red-fox-8d3f0a91c2e4.png",
        "a-red-fox-8d3f0a91c2e4-0.png",
        "2026-11-20-" + "a-" * 5000 + "8d3f0a91c2e4-0.png",
        "9999-99-99-a-red-fox-8d3f0a91c2e4-0.png",
        "2026-11-20-a-red-fox-8d3f0a91c2e4-1.png",
    ],
)
async def test_a_name_that_is_none_of_ours_is_not_found(images, name: str):
    await put(images)
    with pytest.raises(NotFoundError):
        await images.path(name)
    with pytest.raises(NotFoundError):
        await images.thumbnail(name, 320)
    with pytest.raises(NotFoundError):
        await images.write_sidecar(name, {})


def link(path: Path, to: Path, *, folder: bool = False) -> None:
    try:
        path.symlink_to(to, target_is_directory=folder)
    except OSError:
        pytest.skip("this system lets nobody make symlinks")


async def test_a_link_that_leads_out_is_not_followed(images, output, tmp_path):
    stored = await put(images)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / at(images, stored).name).write_bytes(picture())
    link(output / "images" / "2026-11-21", outside, folder=True)
    with pytest.raises(NotFoundError):
        await images.path(stored.name.replace("11-20", "11-21"))

    link(at(images, stored).with_name("b-8d3f0a91c2e4-0.png"), outside / at(images, stored).name)
    with pytest.raises(NotFoundError):
        await images.path("2026-11-20-b-8d3f0a91c2e4-0.png")

    loop = at(images, stored).with_name("c-8d3f0a91c2e4-0.png")
    link(loop, loop)
    with pytest.raises(NotFoundError):
        await images.path("2026-11-20-c-8d3f0a91c2e4-0.png")


async def test_the_whole_folder_may_stand_on_another_disk(output, tmp_path):
    (tmp_path / "disk").mkdir()
    output.mkdir()
    link(output / "images", tmp_path / "disk", folder=True)
    async with ImageStore(DiskStorage(output), output) as images:
        stored = await put(images)
        assert (await images.path(stored.name)).is_file()


# --- thumbnails


@pytest.mark.parametrize(
    ("asked", "width"), [(1, 160), (160, 160), (161, 320), (500, 640), (1280, 1000), (9999, 1000)]
)
async def test_a_thumbnail_has_the_next_width_and_never_more_than_the_picture(images, asked, width):
    stored = await put(images, picture(size=(1000, 600)))
    path = await images.thumbnail(stored.name, asked)
    assert path.suffix == ".webp"
    assert size_of(path) == (width, width * 600 // 1000)


async def test_a_thumbnail_is_made_once_for_all_who_ask(images, output, monkeypatch):
    stored = await put(images, picture(size=(400, 400)))
    made: list[Path] = []
    shrunk = thumbnails._shrunk
    go_on = threading.Event()

    def counted(source: Path, width: int) -> bytes:
        made.append(source)
        assert go_on.wait(20)
        return shrunk(source, width)

    monkeypatch.setattr(thumbnails, "_shrunk", counted)
    asking = [asyncio.create_task(images.thumbnail(stored.name, 320)) for _ in range(50)]
    await asyncio.sleep(0)
    asking[0].cancel()  # one who leaves takes nothing from the others
    go_on.set()
    paths = await asyncio.gather(*asking[1:])
    assert len(set(paths)) == len(made) == 1
    assert await images.thumbnail(stored.name, 300) == paths[0]
    assert len(made) == 1

    paths[0].unlink()
    assert (await images.thumbnail(stored.name, 320)).is_file()
    assert len(made) == 2
    assert not list(output.rglob("*.part"))


async def test_thumbnails_do_not_stand_in_the_way_of_pictures(images, monkeypatch):
    go_on = threading.Event()

    def stuck(source: Path, width: int) -> bytes:
        assert go_on.wait(20)
        return b"RIFF"

    monkeypatch.setattr(thumbnails, "_shrunk", stuck)
    stored = await put(images)
    asking = [asyncio.create_task(images.thumbnail(stored.name, w)) for w in thumbnails.WIDTHS]
    await asyncio.sleep(0)
    assert at(images, await put(images, index=1)).is_file()
    go_on.set()
    await asyncio.gather(*asking)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16"])
async def test_thumbnails_are_made_of_every_kind_of_png(images, mode: str):
    data = io.BytesIO()
    Image.new(mode, (400, 100)).save(data, "PNG")
    stored = await put(images, data.getvalue())
    path = await images.thumbnail(stored.name, 160)
    assert size_of(path) == (160, 40)
    with Image.open(path) as made:
        assert made.has_transparency_data == (mode in ("RGBA", "LA"))


async def test_a_picture_with_too_many_pixels_is_not_decoded(images):
    data = picture()
    huge = data[:16] + (60_000).to_bytes(4, "big") * 2 + data[24:]
    stored = await put(images, huge)
    with pytest.raises(StorageError, match="3600 million pixels"):
        await images.thumbnail(stored.name, 320)


async def test_a_damaged_picture_has_no_thumbnail_and_says_why(images, output):
    noise = io.BytesIO()
    Image.effect_noise((300, 300), 80).save(noise, "PNG")
    data = noise.getvalue()
    stored = await put(images, data[:2000] + bytes(2000) + data[4000:])
    with pytest.raises(StorageError, match="damaged"):
        await images.thumbnail(stored.name, 160)
    at(images, stored).write_bytes(b"overwritten by somebody")
    with pytest.raises(StorageError, match="damaged"):
        await images.thumbnail(stored.name, 160)
    assert not list((output / "thumbnails").rglob("*.*"))


# --- sidecars, trash, walking


def beside(images: ImageStore, name: str) -> dict[str, Any] | None:
    return read_json(images._storage, sidecar(images._key(name)))


async def test_a_sidecar_is_read_as_it_was_written(images, output):
    stored = await put(images)
    assert beside(images, stored.name) is None
    await images.write_sidecar(stored.name, {"favorite": True})
    await images.write_sidecar(stored.name, {"favorite": False, "prompt": "лиса"})
    read = beside(images, stored.name)
    assert read == {"favorite": False, "prompt": "лиса"}
    assert len(files(output)) == 2

    at(images, stored).with_name(f"{at(images, stored).name}.json").write_text("{half")
    assert (await images.look_up([stored.name]))[stored.name].sidecar == {}


async def test_sidecars_written_at_once_leave_one_whole_file(images):
    stored = await put(images)
    await asyncio.gather(*(images.write_sidecar(stored.name, {"n": n}) for n in range(20)))
    read = beside(images, stored.name)
    assert read is not None
    assert read["n"] in range(20)


async def test_a_picture_in_the_trash_is_still_seen_and_comes_back(images, output):
    stored = await put(images)
    await images.write_sidecar(stored.name, {"favorite": True})
    for _ in range(2):  # a second time changes nothing
        await images.trash(stored.name, MADE)
    assert all(name.startswith("trash/2026-11-20/") for name in files(output))
    assert (await images.path(stored.name)).read_bytes() == picture()
    assert beside(images, stored.name) == {"favorite": True}
    assert [name async for name in images.in_trash()] == [stored.name]

    await images.restore(stored.name)
    assert await images.path(stored.name) == at(images, stored)
    assert beside(images, stored.name) == {"favorite": True}


async def test_deleting_takes_everything_that_belongs_to_a_picture(images, output):
    stored, kept = await put(images), await put(images, index=1)
    await images.write_sidecar(stored.name, {})
    await images.thumbnail(stored.name, 160)
    for _ in range(2):  # gone already is no error
        await images.delete(stored.name)
    assert files(output) == [at(images, kept).relative_to(output).as_posix()]
    with pytest.raises(NotFoundError):
        await images.path(stored.name)
    with pytest.raises(NotFoundError):
        await images.trash(stored.name, MADE)


async def test_what_lies_in_the_trash_or_beside_a_picture_is_found_and_nothing_else(
    images, output, monkeypatch
):
    monkeypatch.setattr(images_module, "BATCH", 2)
    later = datetime(2026, 11, 21, tzinfo=UTC)
    stored = [
        await put(images, created_at=later),
        await put(images, index=1, created_at=later),
        await put(images, job_id=new_id()),
        await put(images, picture("WEBP"), index=2),
    ]
    await images.write_sidecar(stored[0].name, {"favorite": True})
    for one in stored[1:3]:
        await images.write_sidecar(one.name, {"n": 1})
        await images.trash(one.name, MADE)
    for folder in ("images", "trash"):
        (output / folder / "2026-11-20" / "holiday.png").write_bytes(picture())
        (output / folder / "2026-11-20" / "holiday.png.json").write_text("{}")
        (output / folder / "notes").mkdir()
    assert {name async for name in images.in_trash()} == {one.name for one in stored[1:3]}
    assert dict([found async for found in images.sidecars()]) == {
        stored[0].name: {"favorite": True},
        stored[1].name: {"n": 1},
        stored[2].name: {"n": 1},
    }


async def test_texts_of_comfyui_are_found_wherever_they_stand(images):
    """What ComfyUI wrote stays, ours stands beside it; text after the pixels is text too."""
    png = picture()
    late = (9).to_bytes(4, "big") + b"tEXt" + b"late\0text"
    late += zlib.crc32(late[4:]).to_bytes(4, "big")
    end = len(png) - 12
    stored = await put(images, png[:end] + late + png[end:], text_chunks={"parameters": "p"})
    assert read_texts(at(images, stored)) == {"parameters": "p", "late": "text"}


# --- when the disk says no


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "cannot be written"),
        (errno.EIO, "could not be read or written"),
    ],
)
async def test_a_disk_that_refuses_is_told_in_a_sentence(
    images, output, monkeypatch, number, sentence
):
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=sentence) as caught:
        await put(images)
    assert caught.value.hint
    assert files(output) == []


async def test_something_in_the_way_is_told_in_a_sentence(images, output):
    (output / "images" / "2026-11-20").write_text("a file, where a folder should be")
    with pytest.raises(StorageError) as caught:
        await put(images)
    assert caught.value.hint
    assert list(output.rglob("*.part")) == []
    (output / "images" / "2026-11-20").unlink()
    assert at(images, await put(images)).is_file()


async def test_an_output_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "output").write_text("in the way")
    store = ImageStore(DiskStorage(tmp_path / "output"), tmp_path / "output")
    with pytest.raises(StorageError):
        await store.open()
    await store.close()


# --- what outlives a power cut


@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell what a descriptor is")
async def test_the_name_of_a_picture_is_on_the_disk_before_it_is_told(images, output, monkeypatch):
    synced: list[Path] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}")
        if path.is_dir():
            synced.append(path.resolve())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    stored = await put(images)
    assert synced == [output / "images", at(images, stored).parent]
    await put(images, index=1)
    assert synced[2:] == [at(images, stored).parent]
    await images.trash(stored.name, MADE)
    assert {output / "trash", output / "trash" / "2026-11-20"} <= set(synced)


async def test_a_disk_that_cannot_sync_a_folder_is_no_trouble(images, monkeypatch):
    fsync = os.fsync

    def refuse(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "a network disk")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    assert at(images, await put(images)).is_file()


# --- what a picture says of itself, where its bytes do not

ABOUT = {"imagine": {"job": JOB}, "imagine-index": "0"}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
async def test_a_picture_that_came_without_its_words_gets_them_as_a_sidecar(images, kind):
    stored = await put(images, picture(kind), about=ABOUT)
    assert beside(images, stored.name) == ABOUT
    await images.write_sidecar(stored.name, {**ABOUT, "favorite": True})
    await put(images, picture(kind), about=ABOUT)  # once more, after a crash
    assert beside(images, stored.name) == {**ABOUT, "favorite": True}


async def test_a_picture_with_its_words_inside_needs_no_sidecar(images):
    data = with_text(picture(), {"imagine": '{"job": "лиса"}'})
    stored = await put(images, data, about=ABOUT)
    assert beside(images, stored.name) is None


# --- the trash, broken off at any line


async def test_a_thumbnail_finds_a_picture_that_moves_meanwhile(images, output, monkeypatch):
    stored = await put(images)
    before = at(images, stored)
    shrunk = thumbnails._shrunk
    gone = output / "trash" / "2026-11-20" / at(images, stored).name

    def moved(source: Path, width: int) -> bytes:
        if source == before:
            gone.parent.mkdir(parents=True)
            source.replace(gone)
        return shrunk(source, width)

    monkeypatch.setattr(thumbnails, "_shrunk", moved)
    assert (await images.thumbnail(stored.name, 160)).is_file()
    assert gone.is_file()


@pytest.mark.parametrize("moves", [1, 3])
async def test_a_picture_is_served_that_moves_between_looking_and_taking(
    images, output, monkeypatch, moves: int
):
    stored = await put(images)
    kept = DiskStorage.local
    ways = [("images", "trash"), ("trash", "images")] * 2

    def moved(storage: DiskStorage, key: str) -> Path:
        nonlocal moves
        if moves and key.endswith(stored.name.removeprefix("2026-11-20-")):
            moves -= 1
            origin, to = (output / root / "2026-11-20" for root in ways.pop(0))
            to.mkdir(parents=True, exist_ok=True)
            (origin / Path(key).name).replace(to / Path(key).name)
        return kept(storage, key)

    monkeypatch.setattr(DiskStorage, "local", moved)
    assert (await images.served(stored.name)).is_file()
    assert moves == 0


async def test_a_picture_in_the_trash_says_since_when(images, output):
    stored = await put(images)
    await images.trash(stored.name, MADE)
    note = output / "trash" / "2026-11-20" / f"{at(images, stored).name}.trash.json"
    assert json.loads(note.read_text()) == {"deleted_at": MADE.isoformat()}
    await images.restore(stored.name)
    assert not note.exists()


STEPS = range(1, 9)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("steps", STEPS)
async def test_a_move_that_broke_off_is_made_whole_by_the_next(
    images, output, monkeypatch, steps: int, back: bool
):
    """Each step is a call of the system that changes a folder; the power goes before one."""
    stored = await put(images)
    await images.write_sidecar(stored.name, {"favorite": True})
    before = files(output)
    if back:
        await images.trash(stored.name, MADE)
    left = steps

    class PowerCutError(BaseException):
        pass

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise PowerCutError
            return function(*arguments, **named)

        return call

    async def move() -> None:
        await (images.restore(stored.name) if back else images.trash(stored.name, MADE))

    with monkeypatch.context() as patched, contextlib.suppress(PowerCutError):
        for name in ("replace", "unlink", "mkdir"):
            patched.setattr(Path, name, counted(getattr(Path, name)))
        await move()
    assert (await images.path(stored.name)).read_bytes() == picture()
    await move()
    assert beside(images, stored.name) == {"favorite": True}
    if not back:
        assert (await images.path(stored.name)).is_relative_to(output / "trash")
        await images.restore(stored.name)
    assert files(output) == before


async def test_small_copies_are_made_again_when_their_folder_is_gone(images, output):
    stored = await put(images, picture(size=(400, 400)))
    first = await images.thumbnail(stored.name, 160)
    shutil.rmtree(output / "thumbnails")
    assert await images.thumbnail(stored.name, 160) == first
    assert size_of(first) == (160, 160)


async def test_a_probe_leaves_nothing_and_tells_what_is_wrong(images, output):
    await images.probe()
    assert files(output) == []
    shutil.rmtree(output / "images")
    (output / "images").write_text("in the way")
    with pytest.raises(StorageError):
        await images.probe()
