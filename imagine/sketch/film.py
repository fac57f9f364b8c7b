"""A painting that moves: a camera that drifts over it, while it turns into what the words say.

A film is bounded in what it costs, not in how long it lasts: frames beyond a budget of pixels are
the same picture again, which costs a video nothing.
"""

import math
import random
from dataclasses import dataclass

from PIL import Image

from imagine.sketch.reading import words_of
from imagine.sketch.shapes import smoothstep

# Different frames of one film, and the pixels of all of them together: 49 of 832 × 480.
MOST_FRAMES = 49
MOST_PIXELS = 20_000_000

WAYS = {
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "up": (0.0, -1.0),
    "down": (0.0, 1.0),
}
CLOSER = {"closer", "zoom", "approach", "approaches", "forward"}
AWAY = {"away", "backward", "backwards", "retreats"}
AWAY_SAYINGS = ("zoom out", "zooms out", "pull back", "pulls back")
WINDY = {
    *("wind", "windy", "wave", "waves", "water", "rain", "sway", "sways", "swaying"),
    *("dance", "dances", "dancing", "drift", "drifts", "flutter", "flutters"),
}


@dataclass(frozen=True, slots=True)
class Camera:
    """How the view goes: where to, how close at first and at last, and how much it sways.

    Units: ``way`` is the share of the room beside the view that it takes; ``sway`` a share of the
    height.
    """

    way: tuple[float, float]
    near: tuple[float, float]
    sway: float

    @classmethod
    def said(cls, text: str, key: str) -> "Camera":
        """Return the camera that the words ask for; what they leave open is drawn by a key."""
        words = frozenset(words_of(text))
        rng = random.Random(f"{key} camera")
        angle = rng.uniform(0, 2 * math.pi)
        way = next((WAYS[word] for word in WAYS if word in words), None)
        near = (1.0, 1.14)
        if words & AWAY or any(saying in text.lower() for saying in AWAY_SAYINGS):
            near = (1.2, 1.0)
        elif words & CLOSER:
            near = (1.0, 1.32)
        drawn = (0.6 * math.cos(angle), 0.6 * math.sin(angle))
        return cls(way or drawn, near, 0.02 if words & WINDY else 0.006)

    def view(self, picture: Image.Image, time: float) -> Image.Image:
        """Return what it sees at a time from 0 to 1."""
        width, height = picture.size
        gone = smoothstep(time)
        near = self.near[0] + (self.near[1] - self.near[0]) * gone
        room = 1 - 1 / near
        # What leans must not show what lies beside the picture.
        lean = math.sin(time * 2 * math.pi) * min(self.sway, room / 3)
        free = max(0.0, room - abs(lean))
        left = width * (room + free * self.way[0] * gone) / 2
        top = height * (room + room * self.way[1] * gone) / 2
        shear = lean * width / height
        matrix = (1 / near, shear, left - shear * height / 2, 0, 1 / near, top)
        return picture.transform(
            picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC
        )


def distinct(frames: int, width: int, height: int) -> int:
    """Return how many different frames a film of so many has."""
    return max(2, min(frames, MOST_FRAMES, MOST_PIXELS // (width * height)))


def film(
    start: Image.Image, end: Image.Image, camera: Camera, frames: int
) -> tuple[Image.Image, ...]:
    """Return so many frames, from one painting to another of the same size."""
    count = distinct(frames, *start.size)
    seen = []
    for number in range(count):
        time = number / (count - 1)
        picture = start if start is end else Image.blend(start, end, smoothstep(time))
        seen.append(camera.view(picture, time))
    last = max(1, frames - 1)
    return tuple(seen[round(number * (count - 1) / last)] for number in range(frames))
