"""Pictures changed by words: what a model does that takes pictures along with its prompt."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from imagine.sketch import retouch
from imagine.sketch.effects import MOODS, accent, finish, graded, with_tones_of
from imagine.sketch.painter import Brief
from imagine.sketch.reading import read
from imagine.sketch.shapes import BLACK, WHITE, mix

# How far the parts of the first picture are moved, and how much words without a known meaning and
# the hour, season and colours that are said do to its light.
CHANGE = 0.3
SAID = 0.22
MOOD = 0.5
# Where further pictures come in, as shares of the sheet.
PLACES = ((0.72, 0.6), (0.27, 0.64), (0.74, 0.24))
REACH = 0.34


def edit(pictures: Sequence[Image.Image], brief: Brief, size: tuple[int, int]) -> Image.Image:
    """Paint the first picture anew as the words say, with something of each of the others."""
    base = cover(pictures[0], size)
    for place, other in zip(PLACES, pictures[1:], strict=False):
        base = _with(base, other, place)
    return _said(retouch.rework(base, brief, CHANGE), brief, 1.0)


def go_on(first: Image.Image, brief: Brief, size: tuple[int, int]) -> Image.Image:
    """Return what a film ends with: its first frame, in the light that the words bring."""
    return _said(cover(first, size), brief, 0.7)


def _said(picture: Image.Image, brief: Brief, share: float) -> Image.Image:
    """Turn the light of a picture, and how it is drawn, to what the words say."""
    reading = read(brief.text(), brief.avoid, frozenset())
    moods = [MOODS[name] for name in (reading.hour, reading.season) if name]
    moods += [(mix(tint, BLACK, 0.8), mix(tint, WHITE, 0.72)) for tint in reading.tints]
    for shadow, light in moods:
        picture = graded(picture, shadow, light, MOOD * share)
    return accent(finish(picture, reading.words, brief.ink), reading, SAID * share)


def cover(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture at a size, cut at its sides where its shape is another."""
    return ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.LANCZOS)


def _with(base: Image.Image, other: Image.Image, place: tuple[float, float]) -> Image.Image:
    """Let a picture show through in a soft round, in the light of the picture around it."""
    side = round(min(base.size) * REACH * 2)
    part = with_tones_of(cover(other, (side, side)), base, 0.35)
    mask = Image.new("L", (side, side))
    edge = side // 7
    ImageDraw.Draw(mask).ellipse((edge, edge, side - edge, side - edge), fill=235)
    whole = base.copy()
    corner = tuple(
        round(share * room - side / 2) for share, room in zip(place, base.size, strict=True)
    )
    whole.paste(part, (corner[0], corner[1]), mask.filter(ImageFilter.GaussianBlur(edge / 2)))
    return whole
