"""Treatments of a whole finished picture: techniques that a prompt names, and the ink LoRA."""

import random
from collections.abc import Collection

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps, ImageStat

from imagine.sketch.reading import Reading
from imagine.sketch.shapes import BLACK, WHITE, Colour, hue, mix, noise

INK_WORDS = frozenset(
    (
        *("ink", "sketch", "pencil", "drawing", "engraving"),
        *("etching", "lineart", "linocut", "woodcut", "charcoal"),
    )
)
GREY_WORDS = frozenset(["monochrome", "noir", "greyscale", "grayscale", "bw"])
WATER_WORDS = frozenset(["watercolor", "watercolour", "aquarelle"])
# How bright the light is that some more words bring, at a share of 1.
LIGHT = 200
# Colours of shadow and light, by hour and season.
MOODS = {
    "night": (hue("#050a1c"), hue("#6f86b8")),
    "dusk": (hue("#2a1838"), hue("#ffb070")),
    "dawn": (hue("#4a4a68"), hue("#ffe4d0")),
    "day": (hue("#24384c"), hue("#fffdf0")),
    "winter": (hue("#2c3c54"), hue("#f4f8ff")),
    "autumn": (hue("#3a2018"), hue("#f6c98a")),
    "spring": (hue("#3c4a3c"), hue("#fdeef2")),
    "summer": (hue("#1c4440"), hue("#fff6cc")),
}


def finish(picture: Image.Image, words: Collection[str], ink_strength: float) -> Image.Image:
    """Apply the technique that was asked for."""
    said = set(words)
    if said & WATER_WORDS:
        picture = watercolour(picture)
    if said & INK_WORDS:
        ink_strength = max(ink_strength, 0.92)
    if ink_strength:
        picture = ink(picture, ink_strength)
    if "pixel" in said:
        picture = pixels(picture)
    if said & GREY_WORDS:
        grey = ImageOps.autocontrast(picture.convert("L"), cutoff=1)
        picture = Image.merge("RGB", (grey, grey, grey))
    return picture


def ink(picture: Image.Image, strength: float) -> Image.Image:
    """Turn a painting into an ink drawing on warm paper, with a light wash of its colours."""
    grey = picture.convert("L")
    reach = max(0.6, max(picture.size) / 900)
    near = grey.filter(ImageFilter.GaussianBlur(reach))
    far = grey.filter(ImageFilter.GaussianBlur(reach * 2.4))
    lines = ImageChops.subtract(far, near, scale=0.09).filter(ImageFilter.GaussianBlur(reach / 2))
    tone = ImageOps.autocontrast(near, cutoff=2).point([max(0, (95 - v) * 2) for v in range(256)])
    dark = ImageChops.lighter(lines, tone)
    wash = Image.blend(
        Image.new("RGB", picture.size, (244, 236, 220)),
        picture.filter(ImageFilter.GaussianBlur(reach * 6)),
        0.28,
    )
    drawn = Image.composite(Image.new("RGB", picture.size, (30, 27, 32)), wash, dark)
    return Image.blend(picture, drawn, min(1.0, max(0.0, strength)))


def watercolour(picture: Image.Image) -> Image.Image:
    """Thin the colours on white paper, pooled darker at their edges."""
    reach = max(0.6, max(picture.size) / 500)
    soft = picture.filter(ImageFilter.GaussianBlur(reach))
    thin = Image.blend(soft, Image.new("RGB", picture.size, (252, 249, 242)), 0.34)
    edges = ImageChops.difference(soft, picture.filter(ImageFilter.GaussianBlur(reach * 3)))
    pooled = ImageChops.subtract(thin, edges, scale=1)
    return ImageEnhance.Color(pooled).enhance(1.25)


def pixels(picture: Image.Image) -> Image.Image:
    """Redraw with large square pixels and few colours."""
    scale = 150 / max(picture.size)
    small = picture.resize(
        (max(8, round(picture.width * scale)), max(8, round(picture.height * scale))),
        Image.Resampling.BOX,
    )
    few = small.quantize(40, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    return few.resize(picture.size, Image.Resampling.NEAREST)


def accent(picture: Image.Image, said: Reading, share: float) -> Image.Image:
    """Turn a picture, what is where untouched, towards what some more words say of it.

    Words with a known meaning set mood, colours and technique; any words at all bring a light of
    their own, always the same for the same words.
    """
    rng = random.Random(" ".join(said.words))
    turned = finish(picture, said.words, 0.0)
    moods = [MOODS[name] for name in (said.hour, said.season) if name]
    moods += [(mix(tint, BLACK, 0.8), mix(tint, WHITE, 0.72)) for tint in said.tints]
    for shadow, light in moods:
        turned = graded(turned, shadow, light, 0.5)
    if said.has("muted", "soft", "subdued", "pale", "faded", "gentle"):
        turned = ImageEnhance.Color(turned).enhance(0.4)
    elif said.words:
        turned = ImageEnhance.Color(turned).enhance(1.35)
    if said.has("flat", "graphic", "minimal", "poster", "simple"):
        turned = ImageOps.posterize(turned.filter(ImageFilter.BoxBlur(max(picture.size) / 300)), 2)
    if said.has("dark", "low", "dramatic", "moody"):
        turned = ImageEnhance.Brightness(turned).enhance(0.7)
    if said.has_fog:
        turned = Image.blend(turned, Image.new("RGB", turned.size, (226, 228, 230)), 0.35)
    mixed = _lit(Image.blend(picture, turned, 0.4 * share), rng, share)
    # More words make more of everything: so the pictures of a set, each with words of its own,
    # move apart even where the words would bring them together.
    push = 1 + 0.4 * share**0.6
    return mixed.point([max(0, min(255, round(112 + (v - 112) * push))) for v in range(256)] * 3)


def _lit(picture: Image.Image, rng: random.Random, share: float) -> Image.Image:
    """Let coloured light and shade fall on a picture in a few large patches.

    They are added to what is there, and do not cover it: so the pictures of a set, each in a light
    of its own, differ by more and not by less.
    """
    places = noise(rng, picture.size, rng.uniform(1.2, 2.4), 2)
    warm, cool = (tuple(rng.randint(*span) for _ in range(3)) for span in ((128, 255), (0, 128)))
    reach = LIGHT * share / 128
    shade, light = (tuple(round(128 + (v - 128) * reach) for v in end) for end in (cool, warm))
    return ImageChops.add(picture, ImageOps.colorize(places, shade, light), 1, -128)


def graded(picture: Image.Image, shadow: Colour, light: Colour, share: float) -> Image.Image:
    """Pull shadows and lights towards two colours."""
    grey = picture.convert("L")
    bands = [
        grey.point([round(s + (e - s) * v / 255) for v in range(256)])
        for s, e in zip(shadow, light, strict=True)
    ]
    return Image.blend(picture, Image.merge("RGB", bands), share)


def with_tones_of(picture: Image.Image, other: Image.Image, share: float = 1.0) -> Image.Image:
    """Move brightness, contrast and colour balance towards those of another picture."""
    mine, wanted = (
        ImageStat.Stat(p.resize((64, 64), Image.Resampling.BOX)) for p in (picture, other)
    )
    table: list[int] = []
    stretch = min(1.0, max(0.4, (sum(wanted.stddev) + 9) / (sum(mine.stddev) + 9)))
    for band in range(3):
        for v in range(256):
            there = (v - mine.mean[band]) * stretch + wanted.mean[band]
            table.append(max(0, min(255, round(v + (there - v) * share))))
    return picture.point(table)
