"""What pictures have in common: a size, perhaps a duration, and a small copy."""

from abc import abstractmethod
from typing import BinaryIO

from imagine.media.base import PICTURE_LIMIT, BrokenFileError, Facts, Kind, OutputType


class PictureType(OutputType):
    """A picture; with a duration it moves."""

    kind = Kind.IMAGE
    limit = PICTURE_LIMIT
    has_thumbnail = True

    @abstractmethod
    def size(self, file: BinaryIO) -> tuple[int, int]:
        """Return width and height.

        Raises:
            BrokenFileError: they cannot be read.
        """

    def duration(self, file: BinaryIO) -> float | None:
        """Return how long it moves; None when it does not. Units: seconds."""
        del file
        return None

    def describe(self, file: BinaryIO) -> Facts:
        width, height = self.size(file)
        if not width or not height:
            raise BrokenFileError("it has no pixels")
        return Facts(width, height, self.duration(file))
