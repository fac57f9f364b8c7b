"""A file that a graph starts from, as the builder and the engine know it: mostly a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple


class Size(NamedTuple):
    """Width and height. Units: pixels."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


class Box(NamedTuple):
    """A part of a picture. Units: pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    def seen_from(self, other: "Box") -> "Box":
        """Return the same part, measured from the corner of another one."""
        across, down = other.left, other.top
        return Box(self.left - across, self.top - down, self.right - across, self.bottom - down)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A picture, a video or a sound with a link of our own (`imagine.links`).

    ``name`` is where it lies in an engine's input folder, as ``LoadImage`` takes it. A sound has no
    size. Units: pixels.
    """

    link: str
    name: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class InputImage(InputFile):
    """A picture. ``box`` is, for a mask, the part that is to be painted. Units: pixels."""

    width: int
    height: int
    box: Box | None = None

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)


# A prompt that names no pictures.
NO_INPUTS: Mapping[str, InputImage] = MappingProxyType({})
