"""What a node of ComfyUI gives: files on its disk, and texts that it shows.

Pure, and apart from `imagine.comfy_messages`, because the socket and the history tell it in the
same way. Custom nodes have no common rule: files come under any key, some nodes give bare paths,
and what cannot be read is left out.

Source: ComfyUI 0.3.64, ``nodes.py`` (``SaveImage``), ``comfy_extras/nodes_video.py`` (``images``
with ``animated``), ``nodes_hunyuan3d.py`` (``3d``), ``nodes_load_3d.py`` (``result``: a path, then
a camera), ``nodes_preview_any.py`` (``text``); VideoHelperSuite's VideoCombine (``gifs``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Under these a string is a text that is shown; under those it is a path below the output folder.
TEXT_KEYS = frozenset({"text", "string"})
PATH_KEYS = frozenset(
    {"result", "3d", "mesh", "model_file", "images", "gifs", "video", "videos", "audio", "files"}
)
# As ComfyUI marks a path of another folder than ``output``.
_PATH = re.compile(
    r"(?P<folder>(?:[^/:]+/)*)(?P<name>[^/:]+\.(?=\d*[a-z])[a-z0-9]{1,6})"
    r"(?: ?\[(?P<type>output|temp|input)\])?",
    re.IGNORECASE,
)
# No path is longer.
LONGEST_PATH = 1000


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that ComfyUI holds; ``type`` is ``output``, ``temp`` or ``input``."""

    filename: str
    subfolder: str = ""
    type: str = "output"


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text that a node shows; ``place`` among its texts, for two of them may be the same."""

    place: int
    text: str


Given = FileRef | ShownText


def outputs_of(output: Any) -> tuple[Given, ...]:
    """Return all that a node's ``ui`` gives, in its order: files, then texts."""
    if not isinstance(output, dict):
        return ()
    texts = (ShownText(place, text) for place, text in enumerate(_texts(output)))
    # Some nodes tell a file under several keys.
    return (*dict.fromkeys(_files(output)), *texts)


def _files(output: dict[Any, Any]) -> Iterator[FileRef]:
    for key, items in output.items():
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, dict) and isinstance(item.get("filename"), str):
                yield FileRef(
                    item["filename"],
                    str(item.get("subfolder") or ""),
                    str(item.get("type") or "output"),
                )
            elif isinstance(item, str) and key in PATH_KEYS and (file := _at(item)) is not None:
                yield file


def _at(path: str) -> FileRef | None:
    """Return the file of a path; None when it is none below a folder of ComfyUI."""
    match = _PATH.fullmatch(path.replace("\\", "/")) if len(path) <= LONGEST_PATH else None
    if match is None or ".." in match["folder"].split("/"):
        return None
    return FileRef(match["name"], match["folder"].rstrip("/"), (match["type"] or "output").lower())


def _texts(output: dict[Any, Any]) -> Iterator[str]:
    for key, items in output.items():
        if key in TEXT_KEYS:
            for item in items if isinstance(items, list) else [items]:
                for text in item if isinstance(item, list) else [item]:
                    if isinstance(text, str) and text.strip():
                        yield text
