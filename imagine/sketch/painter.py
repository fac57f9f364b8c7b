"""Words to pictures: which scene, in which mood, and the painting of it."""

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from imagine.sketch.canvas import Wave, hex_colour, mix, ramp
from imagine.sketch.effects import ink


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything that a painting depends on, besides its size."""

    phrases: tuple[tuple[str, float], ...]
    avoid: str
    seed: int
    index: int = 0
    cfg: float = 5.0
    manner: str = ""
    ink: float = 0.0
    has_subject: bool = True

    def key(self) -> str:
        """Return the text from which all its randomness is drawn."""
        return f"{self.phrases}|{self.avoid}|{self.seed}|{self.index}|{self.manner}"


def paint(brief: Brief, width: int, height: int) -> Image.Image:
    rng = random.Random(brief.key())
    sky, far, near = (hex_colour(f"#{rng.randrange(1 << 24):06x}") for _ in range(3))
    picture = ramp([(0, sky), (0.6, far), (1, near)], (width, height))
    draw = ImageDraw.Draw(picture)
    for layer in range(6):
        wave = Wave(rng)
        top = height * (0.4 + layer * 0.1)
        line = [
            (x * width / 90, top - (wave.at(x / 90 * 4) - 0.5) * height * 0.3) for x in range(91)
        ]
        draw.polygon([(0, height), *line, (width, height)], fill=mix(far, near, layer / 5))
    return ink(picture, brief.ink) if brief.ink else picture
