"""Everything that one graph of pictures needs, settled: names as installed, sizes in pixels.

What the builder hands to the recipes; nothing reaches a graph by another road.
"""

from dataclasses import dataclass
from enum import StrEnum


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
class ImageRequest:
    """A set of pictures to make from words.

    ``model`` is None when it was planned before any engine was seen: such a request cannot be
    built. ``negative`` is None when the model takes no negative prompt. ``end_step`` below
    ``steps`` leaves the pictures unfinished. ``clip_skip`` counts layers from the last, which is 1.
    ``filename_prefix`` is unique to each attempt, so that no file is ever overwritten.

    Units: pixels.
    """

    positive: str
    negative: str | None
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
    end_step: int | None = None
    guidance: float | None = None
    clip_skip: int | None = None
    loras: tuple[Lora, ...] = ()
    filename_prefix: str = "imagine"
