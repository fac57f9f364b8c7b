"""What every kind of file is: how it is known, what it says of itself, how it is given out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import SEEK_END
from typing import BinaryIO, ClassVar

# Enough of a file's beginning to know its kind. Units: bytes.
HEAD_BYTES = 64
PICTURE_LIMIT = 256 * 2**20
FILE_LIMIT = 2 * 2**30
TEXT_LIMIT = 2**20


class Kind(StrEnum):
    """What a reader does with a file: look, watch, listen, turn, read."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    MODEL = "model"
    TEXT = "text"

    @property
    def noun(self) -> str:
        """What people call one: a picture, a sound."""
        return _NOUNS.get(self, self.value)


_NOUNS = {Kind.IMAGE: "picture", Kind.AUDIO: "sound"}


class BrokenFileError(ValueError):
    """A file ends too early, or is not what its first bytes promise."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says of itself; None: there is none, or it does not say. Units: pixels, seconds.

    A picture with a duration moves.
    """

    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


class OutputType(ABC):
    """One kind of file that an engine may give, or that a graph may begin from.

    It holds no state; one of each stands in a table.

    ``name`` is what people call it. ``extension`` has no dot. ``content_type`` is the header under
    which it is served (None: the media type). ``limit``: the most bytes that are taken.
    """

    name: ClassVar[str]
    media_type: ClassVar[str]
    extension: ClassVar[str]
    kind: ClassVar[Kind]
    content_type: ClassVar[str | None] = None
    limit: ClassVar[int] = FILE_LIMIT
    # Whether Pillow can make a small copy of it.
    has_thumbnail: ClassVar[bool] = False
    # Whether a browser only saves it, and does not show it.
    is_download: ClassVar[bool] = False

    @abstractmethod
    def fits(self, head: bytes, told: str) -> bool:
        """Whether a file that begins so is of this kind.

        ``head`` has at least `HEAD_BYTES`, or the whole file. ``told`` is the media type that the
        engine calls it: believed only where bytes cannot tell.
        """

    @abstractmethod
    def describe(self, file: BinaryIO) -> Facts:
        """Read what a file says of itself, from its own header and never from its content.

        Raises:
            BrokenFileError: it cannot be read.
        """

    def is_whole(self, file: BinaryIO) -> bool:
        """Whether a file goes to its end; here for kinds of which `describe` sees that."""
        self.describe(file)
        return True

    def with_texts(self, head: bytes, texts: Mapping[str, str]) -> bytes:
        """Return the beginning of a file with texts put in, for a kind that carries them."""
        del texts
        return head


def take(file: BinaryIO, count: int) -> bytes:
    """Read exactly so many bytes.

    Raises:
        BrokenFileError: there are fewer.
    """
    data = file.read(count)
    if len(data) != count:
        raise BrokenFileError("it ends too early")
    return data


def size_of(file: BinaryIO) -> int:
    """Return how many bytes a file has."""
    return file.seek(0, SEEK_END)


def tail_of(file: BinaryIO, count: int) -> bytes:
    """Return the last bytes of a file, fewer if it has no more."""
    file.seek(max(0, size_of(file) - count))
    return file.read(count)
