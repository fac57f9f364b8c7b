"""One picture file: written whole or not at all, and read for what it says of itself.

For threads: nothing here knows the loop, which is the business of `imagine.images`. What the disk
says is turned into a sentence here too.
"""

import errno
import os
import secrets
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from imagine.errors import (
    DISK_FULL,
    DISK_UNWRITABLE,
    StorageError,
)
from imagine.image_bytes import PNG_SIGNATURE, TEXT_LIMIT, read_text
from imagine.media import (
    HEAD_BYTES,
    BrokenFileError,
    Facts,
    OutputType,
    of_extension,
    recognise,
)

# More than any header takes, colour profile and EXIF of a JPEG included.
HEADER_BYTES = 2**20


def part_path(folder: Path) -> Path:
    """Return a name for a file being written; what a crash leaves of it is found by its ending."""
    return folder / f"{secrets.token_hex(8)}.part"


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk; Windows has no way to ask for that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network disks cannot
            raise
    finally:
        os.close(descriptor)


def clear_parts(folder: Path) -> None:
    """Remove what a crash left half-written."""
    for part in folder.glob("*.part"):
        part.unlink(missing_ok=True)


def read_facts(path: Path) -> tuple[OutputType, Facts]:
    """Return of what kind a file is, and what it says of itself.

    Raises:
        StorageError: it is damaged.
    """
    named = of_extension(path.suffix[1:])
    try:
        with path.open("rb") as file:
            kind = recognise(file.read(HEAD_BYTES), named.media_type if named is not None else "")
            if kind is not None:
                return kind, kind.describe(file)
    except BrokenFileError as error:
        raise damaged(path.name) from error
    raise damaged(path.name)


def read_texts(path: Path, wanted: Set[str] | None = None) -> dict[str, str]:
    """Return the texts of a PNG file by keyword; at most until all that are wanted were found."""
    found: dict[str, str] = {}
    with path.open("rb") as file:
        for keyword, text in _texts(file):
            found[keyword] = text
            if wanted is not None and wanted <= found.keys():
                break
    return found


def _texts(png: BinaryIO) -> Iterator[tuple[str, str]]:
    """Read the texts of a PNG, wherever they stand; pixels are skipped over."""
    png.seek(len(PNG_SIGNATURE))
    while len(start := png.read(8)) == 8:
        length, kind = int.from_bytes(start[:4], "big"), start[4:]
        if kind in (b"tEXt", b"zTXt", b"iTXt") and length <= TEXT_LIMIT:
            if (found := read_text(kind, png.read(length))) is not None:
                yield found
        else:
            png.seek(length, os.SEEK_CUR)
        png.seek(4, os.SEEK_CUR)  # the check sum


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk says inside the block into one sentence."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, Path(error.filename or path)) from error


def storage_error(error: OSError, path: Path) -> StorageError:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StorageError(
                "The disk is full, so this was not saved.",
                hint=f"Free some space for {path.parent}, then try again.",
                code=DISK_FULL,
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return StorageError(
                f"{path} cannot be written.",
                hint="Allow writing there, or start Imagine with another folder: --output FOLDER.",
                code=DISK_UNWRITABLE,
            )
        case _:
            return StorageError(
                f"{path} could not be read or written: {error.strerror or error}",
                hint="Check the disk and the folder, then try again.",
            )


def damaged(name: str) -> StorageError:
    return StorageError(
        f"{name} is damaged.", hint="Make the picture again, or put a good copy in its place."
    )
