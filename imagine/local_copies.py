"""Copies on our disk of what is kept elsewhere, for whoever needs a file.

For a `imagine.storage.Storage` that is not the disk; in threads, several at once.
"""

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from imagine.image_files import disk_errors, part_path

# So many of the newest copies stay whatever their size: somebody may be about to open them.
NEWEST = 16


class LocalCopies:
    """The copies of one folder, which begins empty. The longest unused go when it holds too much.

    Units: bytes.
    """

    def __init__(self, folder: Path, most: int = 2**30) -> None:
        self._folder = folder
        self._most = most
        # The size of each copy, by key, the longest unused first.
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()
        shutil.rmtree(folder, ignore_errors=True)

    def get(self, key: str, fetch: Callable[[Path], None]) -> Path:
        """Return the copy of what is kept under a key; ``fetch`` writes it when there is none."""
        path = self._folder / key
        with self._lock:
            if key in self._sizes and path.is_file():
                self._sizes.move_to_end(key)
                return path
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = part_path(self._folder)
            try:
                fetch(part)
                size = part.stat().st_size
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        with self._lock:
            self._sizes[key] = size
            self._sizes.move_to_end(key)
            self._make_room()
        return path

    def forget(self, key: str) -> None:
        """Remove a copy: what is kept is moved or deleted."""
        with self._lock:
            if self._sizes.pop(key, None) is not None:
                self._remove(key)

    def _make_room(self) -> None:
        while sum(self._sizes.values()) > self._most and len(self._sizes) > NEWEST:
            self._remove(self._sizes.popitem(last=False)[0])

    def _remove(self, key: str) -> None:
        with suppress(OSError):  # Windows keeps what somebody reads
            (self._folder / key).unlink(missing_ok=True)
