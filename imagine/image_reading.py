"""Reading what picture files say of themselves: headers, texts and sidecars, never pixels.

For threads, and for `imagine rebuild`, which does it for a whole gallery.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from imagine.errors import NotFoundError, StorageError
from imagine.image_files import read_facts, read_texts
from imagine.image_names import GALLERY, TRASH, index_of, name_at, sidecar, trash_note
from imagine.media import OUTPUT_TYPES
from imagine.media.png import Png
from imagine.regathering import FoundPicture, Said
from imagine.storage import Storage

# The texts by which a picture is known.
OBJECT, INDEX = "imagine", "imagine-index"
WANTED = frozenset({OBJECT, INDEX})


class PictureFile(NamedTuple):
    """A picture, ours or not. ``name`` is None where none of ours would lie."""

    key: str
    name: str | None
    trashed: bool


def picture_files(storage: Storage) -> list[PictureFile]:
    """Find every picture and other output of a gallery and its trash."""
    endings = tuple(f".{kind.extension}" for kind in OUTPUT_TYPES)
    return [
        PictureFile(key, name_at(key), root == TRASH)
        for root in (GALLERY, TRASH)
        for key in storage.keys(root)
        if key.endswith(endings)
    ]


def holds_pictures(storage: Storage) -> bool:
    """Say whether a gallery has pictures, to miss a database beside them."""
    return any(key.count("/") == 2 for key in storage.keys(GALLERY))


def read_picture(storage: Storage, file: PictureFile) -> FoundPicture | None:
    """Return what a picture says; None when it is none of ours, or cannot be read."""
    key, name, trashed = file
    if name is None:
        return None
    try:
        path = storage.local(key)
        kind, facts = read_facts(path)
        beside = read_json(storage, sidecar(key)) or {}
        texts: Mapping[str, Any] = beside if OBJECT in beside else {}
        if isinstance(kind, Png) and not texts:
            texts = read_texts(path, WANTED)
        said = read_said(texts)
        stat = path.stat()
    except (OSError, StorageError, NotFoundError):
        return None
    if said is None:
        return None
    return FoundPicture(
        name=name,
        said=said,
        index=_index(texts, name),
        width=facts.width,
        height=facts.height,
        duration_s=facts.duration_s,
        media_type=kind.media_type,
        bytes=stat.st_size,
        written_at=datetime.fromtimestamp(stat.st_mtime, UTC),
        favorite=beside.get("favorite") is True,
        deleted_at=_deleted_at(storage, key, path) if trashed else None,
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


def said_job(storage: Storage, key: str) -> str | None:
    """Return the id of the job that a picture says it is of."""
    beside = read_json(storage, sidecar(key)) or {}
    texts: Mapping[str, Any] = (
        beside if OBJECT in beside else read_texts(storage.local(key), WANTED)
    )
    said = read_said(texts)
    return None if said is None else said.job


def read_json(storage: Storage, key: str) -> dict[str, Any] | None:
    """Return the object in something small; None when there is none that can be read."""
    try:
        data = json.loads(storage.read(key))
    except (NotFoundError, StorageError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _index(texts: Mapping[str, Any], name: str) -> int:
    """Return the index of a picture: it says so, and so does its name."""
    said = texts.get(INDEX)
    return int(said) if isinstance(said, str) and said.isdecimal() else index_of(name)


def _deleted_at(storage: Storage, key: str, path: Path) -> datetime:
    """Return since when a picture lies in the trash, as noted, or by its file."""
    try:
        noted = datetime.fromisoformat((read_json(storage, trash_note(key)) or {})["deleted_at"])
        return noted.astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.fromtimestamp(path.stat().st_ctime, UTC)
