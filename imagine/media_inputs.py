"""Which inputs of nodes name a video or a sound, by what nodes and inputs are called.

Some packs say it nowhere else: only their page knows that a list is one of uploaded files. Apart
from the catalog and the import, which both ask.
"""

# How inputs are called that list the files in ComfyUI's input folder.
_LISTED = {"audio": ("audio",), "video": ("file", "video")}
# How others are called too, which take a path or an address on its machine.
_TYPED = {"audio": ("audio", "audio_file"), "video": ("file", "video", "video_path")}
_PLACES = ("path", "url", "folder", "directory", "n-suite")  # this reads a folder of its own


def uploaded(class_type: str, name: str) -> str | None:
    """Return ``audio`` or ``video`` where an input names a file that can be uploaded."""
    if any(place in class_type.lower() for place in _PLACES):
        return None
    return _medium(class_type, name, _LISTED)


def named(class_type: str, name: str) -> str | None:
    """Return ``audio`` or ``video`` where an input names a file, wherever that lies."""
    return _medium(class_type, name, _TYPED)


def _medium(class_type: str, name: str, known: dict[str, tuple[str, ...]]) -> str | None:
    lower = class_type.lower()
    if "load" not in lower:
        return None
    return next((kind for kind, names in known.items() if kind in lower and name in names), None)
