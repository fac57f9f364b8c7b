"""Everything that one graph of pictures needs, settled: names as installed, sizes in pixels.

What the builder hands to the recipes; nothing reaches a graph by another road. Units: pixels;
shares and strengths 0–1 unless said otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TypeAlias

from imagine.geometry import Layout
from imagine.input_image import Box, InputImage, Size


class BatchMode(StrEnum):
    """How a set is sampled: a branch of the graph for each picture, or one latent batch."""

    ONE_BY_ONE = "one_by_one"
    TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Lora:
    """A LoRA by its installed name, and its strength."""

    name: str
    strength: float


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the prompt; weights are relative to those of the other parts, and positive."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Mix:
    """Words behind the prompt, towards which it is moved by a share."""

    words: str
    share: float


@dataclass(frozen=True, slots=True)
class Variety:
    """How one picture of a set differs from the others: words of its own, another cfg."""

    mix: Mix
    cfg: float


@dataclass(frozen=True, slots=True)
class Refine:
    """A second pass over a finished picture, larger and in more detail.

    ``upscaler`` None: enlarged without a model. ``denoise`` 0: enlarged only. ``tiles``: worked
    over tile by tile, each with some of its neighbours; none: as a whole.
    """

    size: Size
    upscaler: str | None
    denoise: float
    steps: int
    tiles: tuple[Box, ...] = ()


# --- what a set begins from, when not from nothing


@dataclass(frozen=True, slots=True)
class Redraw:
    """Pictures as a first draft, several laid into one; ``denoise`` 1 keeps nothing of it."""

    images: tuple[InputImage, ...]
    denoise: float


@dataclass(frozen=True, slots=True)
class Outpaint:
    """A picture that gets more around it."""

    image: InputImage
    layout: Layout


@dataclass(frozen=True, slots=True)
class Repaint:
    """A part of a picture is painted anew: where ``mask`` is white. ``window`` is worked on.

    ``denoise`` 1 keeps nothing of what is there.
    """

    image: InputImage
    mask: InputImage
    window: Box
    work: Size
    denoise: float = 1.0


@dataclass(frozen=True, slots=True)
class Enlarge:
    """A picture made larger."""

    image: InputImage
    refine: Refine


Start: TypeAlias = Redraw | Outpaint | Repaint | Enlarge | None

# --- pictures that guide the model beside the words


@dataclass(frozen=True, slots=True)
class Redux:
    """FLUX Redux: a style model reads the picture into the conditioning."""

    image: InputImage
    style_model: str
    clip_vision: str
    strength: float


@dataclass(frozen=True, slots=True)
class Unclip:
    """A vision model's idea of the picture, as conditioning."""

    image: InputImage
    clip_vision: str
    strength: float


@dataclass(frozen=True, slots=True)
class IpAdapter:
    """IPAdapter, of ComfyUI_IPAdapter_plus: the picture patches the model's attention."""

    image: InputImage
    preset: str
    weight: float
    weight_type: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The latent of the picture stands beside the one that is sampled (FLUX.1 Kontext)."""

    image: InputImage


@dataclass(frozen=True, slots=True)
class QwenEdit:
    """Qwen-Image-Edit: words and up to three pictures are read together.

    ``is_normed``: the engine can keep its guidance from growing stronger than the picture.
    """

    images: tuple[InputImage, ...]
    is_normed: bool = False


@dataclass(frozen=True, slots=True)
class PhotoMaker:
    """PhotoMaker: the face in the picture stands for the first noun of the words."""

    image: InputImage
    model: str
    share: float


Guide: TypeAlias = Redux | Unclip | IpAdapter | Reference | QwenEdit | PhotoMaker


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """A set of pictures to make.

    ``model`` is None when it was planned before any engine was seen: such a request cannot be
    built. ``negative`` is None when the model takes no negative prompt. ``end_step`` below
    ``steps`` leaves the pictures unfinished. ``clip_skip`` counts layers from the last, which is 1.
    ``variety`` has one entry for each picture, or none. ``member``: only this picture of the set is
    made. ``is_halved``: what is sampled together is sampled in two halves. ``rescale_cfg`` is the
    multiplier of RescaleCFG. ``filename_prefix`` is unique to each attempt, so that no file is ever
    overwritten.
    """

    positive: tuple[Part, ...]
    negative: tuple[Part, ...] | None
    model: str | None
    width: int
    height: int
    batch_size: int
    seed: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    batch_mode: BatchMode = BatchMode.ONE_BY_ONE
    is_halved: bool = False
    end_step: int | None = None
    guidance: float | None = None
    clip_skip: int | None = None
    loras: tuple[Lora, ...] = ()
    mixes: tuple[Mix, ...] = ()
    variety: tuple[Variety, ...] = ()
    start: Start = None
    guides: tuple[Guide, ...] = ()
    refine: Refine | None = None
    seamless: bool = False
    same_noise: bool = False
    rescale_cfg: float | None = None
    member: int | None = None
    filename_prefix: str = "imagine"

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def together(self) -> bool:
        """Whether several pictures are sampled at once."""
        return self.batch_mode is BatchMode.TOGETHER and len(self.pictures) > 1

    @property
    def at_once(self) -> int:
        """How many pictures are sampled at once, at most."""
        if not self.together:
            return 1
        return (self.batch_size + 1) // 2 if self.is_halved else self.batch_size

    @property
    def pictures(self) -> tuple[int, ...]:
        """The places in the set of the pictures that are made."""
        return (self.member,) if self.member is not None else tuple(range(self.batch_size))

    @property
    def inputs(self) -> tuple[InputImage, ...]:
        """The pictures that the graph loads, each once; the engine has to have them."""
        return tuple(dict.fromkeys((*_images(self.start), *_each(self.guides))))


def _each(guides: tuple[Guide, ...]) -> Iterator[InputImage]:
    for guide in guides:
        yield from _images(guide)


def _images(part: Start | Guide) -> Iterator[InputImage]:
    """Return the pictures that a start or a guide holds, alone or in a tuple."""
    for field in fields(part) if part is not None else ():
        value = getattr(part, field.name)
        held = value if isinstance(value, tuple) else (value,)
        yield from (item for item in held if isinstance(item, InputImage))
