"""The engine's folders: where pictures are saved, uploads lie, and how ComfyUI names both.

Everything here blocks, and runs in the engine's own executor.
"""

import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDERS = ("output", "input", "temp")


class OutsideError(Exception):
    """A path that leaves its folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """A free name for a run of saved pictures: the first gets ``counter``, and so on."""

    kind: str
    folder: Path
    subfolder: str
    name: str
    counter: int

    def store(self, data: bytes, suffix: str, number: int = 0) -> dict[str, str]:
        """Write a file, whole or not at all, and return how ComfyUI tells of it."""
        stem = self.name.replace("%batch_num%", str(number))
        name = f"{stem}_{self.counter + number:05}_.{suffix}"
        half_written = self.folder / f"{name}.part"
        half_written.write_bytes(data)
        half_written.replace(self.folder / name)
        return {"filename": name, "subfolder": self.subfolder, "type": self.kind}


class Files:
    """The three folders below one root, and the only code that turns names into paths."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def prepare(self) -> None:
        """Make the folders; what an earlier process left in ``temp`` goes."""
        for kind in FOLDERS:
            (self._root / kind).mkdir(parents=True, exist_ok=True)
        self.empty_temp()

    def empty_temp(self) -> None:
        for path in (self._root / "temp").glob("*.png"):
            path.unlink(missing_ok=True)

    def path(self, kind: str, subfolder: str, name: str) -> Path:
        """Return the path of a file.

        Raises:
            KeyError: ``kind`` is none of the three folders.
            OutsideError: subfolder or name lead out of that folder.
        """
        if kind not in FOLDERS:
            raise KeyError(kind)
        base = self._root / kind
        path = (base / subfolder / name).resolve()
        if not path.is_relative_to(base):
            raise OutsideError(name)
        return path

    def source(self, reference: str) -> Path:
        """Return the file that a graph names: ``sub/name.png``, ``name.png [output]``.

        Raises:
            FileNotFoundError: there is no such file, or it lies outside.
        """
        name, kind = split_annotation(reference)
        try:
            path = self.path(kind or "input", "", name)
        except OutsideError:
            raise FileNotFoundError(reference) from None
        if not path.is_file():
            raise FileNotFoundError(reference)
        return path

    def has(self, reference: Any) -> bool:
        try:
            self.source(str(reference))
        except FileNotFoundError:
            return False
        return True

    def digest(self, reference: str) -> str:
        """Return a hash of a source's bytes, "" when it is gone."""
        try:
            return hashlib.sha256(self.source(reference).read_bytes()).hexdigest()
        except FileNotFoundError:
            return ""

    def uploads(self) -> list[str]:
        """Return the names that the image loaders list: the top level of ``input`` only."""
        return [path.name for path in (self._root / "input").iterdir() if path.is_file()]

    def place(self, kind: str, prefix: str, width: int, height: int) -> Place:
        """Return the next free names for a prefix, its folders made.

        Raises:
            OutsideError: the prefix leaves the folder.
        """
        for token, value in _tokens(width, height).items():
            prefix = prefix.replace(token, value)
        subfolder, _, name = prefix.replace("\\", "/").rpartition("/")
        folder = self.path(kind, subfolder, "")
        folder.mkdir(parents=True, exist_ok=True)
        if "%batch_num%" in name:
            return Place(kind, folder, subfolder, name, 1)
        pattern = re.compile(re.escape(name) + r"_(\d+)_")
        taken = [int(match[1]) for path in folder.iterdir() if (match := pattern.match(path.name))]
        return Place(kind, folder, subfolder, name, max(taken, default=0) + 1)

    def remove(self, images: Iterable[Mapping[str, str]]) -> None:
        for image in images:
            path = self.path(image["type"], image["subfolder"], image["filename"])
            path.unlink(missing_ok=True)

    def store(self, kind: str, subfolder: str, name: str, data: bytes, *, overwrite: bool) -> str:
        """Write an upload and return the name it got.

        The same name with the same bytes is kept; with other bytes " (1)" is added.
        """
        path = self.path(kind, subfolder, name)
        self.path(kind, subfolder, "").mkdir(parents=True, exist_ok=True)
        stem, suffix = path.stem, path.suffix
        number = 1
        while not overwrite and path.exists() and path.read_bytes() != data:
            path = path.with_name(f"{stem} ({number}){suffix}")
            number += 1
        path.write_bytes(data)
        return name[: len(name) - len(Path(name).name)] + path.name


def split_annotation(name: str) -> tuple[str, str | None]:
    """Split ``x.png [output]`` into name and folder; without a suffix the folder is None."""
    for kind in FOLDERS:
        if name.endswith(f"[{kind}]"):
            return name[: -len(kind) - 2].rstrip(), kind
    return name, None


def _tokens(width: int, height: int) -> Mapping[str, str]:
    now = time.localtime()
    return {
        "%width%": str(width),
        "%height%": str(height),
        "%year%": str(now.tm_year),
        "%month%": f"{now.tm_mon:02}",
        "%day%": f"{now.tm_mday:02}",
        "%hour%": f"{now.tm_hour:02}",
        "%minute%": f"{now.tm_min:02}",
        "%second%": f"{now.tm_sec:02}",
    }
