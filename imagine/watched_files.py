"""Files that somebody edits while we run: read within bounds, and read again when they change.

What stands in them is the business of `imagine.workflow_files` and `imagine.character_files`.
"""

from pathlib import Path

# A file as it was found: path, time of change, size.
State = tuple[Path, int, int]


class UnfitFileError(Exception):
    """What is no file, or too large; as a sentence that begins with its name."""


def state_of(path: Path) -> State:
    """Return a file as it is now; one that cannot be looked at is another one than any that can."""
    try:
        stat = path.stat()
    except OSError:
        return path, 0, -1
    return path, stat.st_mtime_ns, stat.st_size


def read_bounded(path: Path, most: int) -> bytes:
    """Return what a file holds. Units: bytes.

    Raises:
        OSError: it cannot be read.
        UnfitFileError: it is no file, or has more than ``most`` bytes.
    """
    # Opening a pipe would wait for somebody to write into it.
    if not (path.is_file() or path.is_dir()) and path.exists():
        raise UnfitFileError(f"{path.name} is no file.")
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise UnfitFileError(f"{path.name} has more than {most // 1_000_000} MB.")
    return data
