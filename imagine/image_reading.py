"""Reading what picture files say of themselves: headers, texts and sidecars, never pixels.

For threads, and for `imagine rebuild`, which does it for a whole gallery.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from imagine.errors import StorageError
from imagine.image_bytes import MEDIA_TYPES, PNG
from imagine.image_files import read_file_header, read_json, read_texts, sidecar, trash_note
from imagine.image_names import index_of, is_name
from imagine.regathering import FoundPicture, Said

# The texts by which a picture is known.
OBJECT, INDEX = "imagine", "imagine-index"
WANTED = frozenset({OBJECT, INDEX})
ENDINGS = tuple(f".{extension}" for extension in MEDIA_TYPES)


class PictureFile(NamedTuple):
    """A picture, ours or not. ``name`` is None where none of ours would lie."""

    path: Path
    name: str | None
    trashed: bool


def picture_files(output: Path) -> list[PictureFile]:
    """Find every picture in the folders of an output."""
    found = []
    for root, trashed in ((output / "images", False), (output / "trash", True)):
        for folder, folders, files in os.walk(root):
            folders.sort()
            day = Path(folder)
            for file in sorted(files):
                if file.endswith(ENDINGS):
                    name = f"{day.name}-{file}"
                    known = name if day.parent == root and is_name(name) else None
                    found.append(PictureFile(day / file, known, trashed))
    return found


def read_picture(file: PictureFile) -> FoundPicture | None:
    """Return what a picture says; None when it is none of ours, or cannot be read."""
    path, name, trashed = file
    if name is None:
        return None
    try:
        header = read_file_header(path)
        beside = read_json(sidecar(path)) or {}
        texts: Mapping[str, Any] = beside if OBJECT in beside else {}
        if header.media_type == PNG and not texts:
            texts = read_texts(path, WANTED)
        said = read_said(texts)
        stat = path.stat()
    except (OSError, StorageError):
        return None
    if said is None:
        return None
    return FoundPicture(
        name=name,
        said=said,
        index=_index(texts, name),
        width=header.width,
        height=header.height,
        media_type=header.media_type,
        bytes=stat.st_size,
        written_at=datetime.fromtimestamp(stat.st_mtime, UTC),
        favorite=beside.get("favorite") is True,
        deleted_at=_deleted_at(path) if trashed else None,
    )


def read_said(texts: Mapping[str, Any]) -> Said | None:
    """Return what the texts of a picture say; None when they are not ours."""
    said = texts.get(OBJECT)
    try:
        if isinstance(said, str):
            return Said.model_validate_json(said)
        return Said.model_validate(said)
    except ValidationError:
        return None


def said_job(path: Path) -> str | None:
    """Return the id of the job that a picture says it is of."""
    beside = read_json(sidecar(path)) or {}
    texts: Mapping[str, Any] = beside if OBJECT in beside else read_texts(path, WANTED)
    said = read_said(texts)
    return None if said is None else said.job


def _index(texts: Mapping[str, Any], name: str) -> int:
    """Return the index of a picture: it says so, and so does its name."""
    said = texts.get(INDEX)
    return int(said) if isinstance(said, str) and said.isdecimal() else index_of(name)


def _deleted_at(path: Path) -> datetime:
    """Return since when a picture lies in the trash, as noted, or by its file."""
    try:
        noted = datetime.fromisoformat((read_json(trash_note(path)) or {})["deleted_at"])
        return noted.astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.fromtimestamp(path.stat().st_ctime, UTC)
