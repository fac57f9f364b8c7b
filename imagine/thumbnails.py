"""Small copies of pictures, made when somebody first asks and kept beside the pictures.

Apart from `imagine.images` and `imagine.uploads`, which both have pictures to show, and in threads
of its own: whoever looks through a gallery must hold up neither the disk nor the files served.
"""

import asyncio
import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageOps

from imagine.errors import StorageError
from imagine.image_files import damaged, disk_errors, part_path, read_facts

WIDTHS = (160, 320, 480, 640, 960, 1280)
# Below the limit at which Pillow itself begins to warn.
PIXEL_LIMIT = 89_000_000
# Pillow would take all cores.
PAINTERS = max(1, min(2, (os.cpu_count() or 2) // 2))
FORMATS = ("PNG", "JPEG", "WEBP")
# Of a picture that moves, the first frame is shown.
SHRUNK = (*FORMATS, "GIF")
# How EXIF says that a picture lies on its side.
LYING = (5, 6, 7, 8)
ORIENTATION = 0x0112


class Thumbnails:
    """The small copies of one folder. Owned by the store of the pictures, which closes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._painters = ThreadPoolExecutor(PAINTERS, thread_name_prefix="imagine-thumbnails")
        # Those being made, so that all who want the same one wait for the same work.
        self._making: dict[Path, asyncio.Future[None]] = {}

    async def close(self) -> None:
        await asyncio.to_thread(self._painters.shutdown, cancel_futures=True)

    async def get(self, find: Callable[[], Path], name: str, width: int) -> Path:
        """Return a WebP of a picture at about a width, made when it is not there yet.

        ``find`` gives the picture's file, in a thread; ``name`` is what the copy is kept under: the
        picture's folder and file.

        Units: pixels; rounded up to the next of `WIDTHS`, and never wider than the picture.

        Raises:
            StorageError: the disk refuses, or the picture is damaged.
        """
        step = next((step for step in WIDTHS if step >= width), WIDTHS[-1])
        target = self._target(name, step)
        if not target.is_file():
            making = self._making.get(target)
            if making is None:
                loop = asyncio.get_running_loop()
                making = loop.run_in_executor(self._painters, self._paint, find, target, step)
                self._making[target] = making
                making.add_done_callback(lambda done: self._made(target, done))
            await asyncio.shield(making)
        return target

    def delete(self, name: str) -> None:
        """Remove all copies of a picture; for threads."""
        for step in WIDTHS:
            self._target(name, step).unlink(missing_ok=True)

    def _target(self, name: str, step: int) -> Path:
        return self._folder / f"{name}.{step}.webp"

    def _made(self, target: Path, making: asyncio.Future[None]) -> None:
        del self._making[target]
        if not making.cancelled():
            making.exception()  # looked at here, in case that nobody waits any longer

    def _paint(self, find: Callable[[], Path], target: Path, width: int) -> None:
        with disk_errors(target):
            source = find()
            try:
                data = _shrunk(source, width)
            except (OSError, StorageError):
                # It may have gone into the trash, or come out of it, since we looked.
                if (moved := find()) == source:
                    raise
                data = _shrunk(moved, width)
            target.parent.mkdir(parents=True, exist_ok=True)
            part = part_path(self._folder)
            try:
                part.write_bytes(data)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)


def lies_on_its_side(picture: Image.Image) -> bool:
    """Whether a picture is shown with its sides swapped. It may have to be decoded for that."""
    return picture.getexif().get(ORIENTATION) in LYING


def _shrunk(source: Path, width: int) -> bytes:
    """Return a picture as WebP, upright and at most so wide."""
    _, facts = read_facts(source)
    if facts.width is None or facts.height is None:
        raise damaged(source.name)
    if facts.width * facts.height > PIXEL_LIMIT:
        raise StorageError(
            f"{source.name} has {facts.width * facts.height / 1e6:.0f} million pixels; small "
            f"pictures are made up to {PIXEL_LIMIT / 1e6:.0f}.",
            hint="Open the picture itself.",
        )
    data = io.BytesIO()
    try:
        with Image.open(source, formats=SHRUNK) as opened:
            picture: Image.Image = opened
            if opened.mode == "P":  # shrunk as it is, its colours could not be mixed
                picture = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
            is_lying = lies_on_its_side(picture)
            box = (facts.width, width) if is_lying else (width, facts.height)
            picture.thumbnail(box, reducing_gap=2.0)
            upright = ImageOps.exif_transpose(picture)
            mode = "RGBA" if upright.has_transparency_data else "RGB"
            upright.convert(mode).save(data, "WEBP", quality=80)
    # Pillow raises OSError for broken data too, and SyntaxError for broken PNG chunks.
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged(source.name) from error
    return data.getvalue()
