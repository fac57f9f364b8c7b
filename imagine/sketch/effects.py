"""Treatments of a whole finished picture: techniques that a prompt names, and the ink LoRA."""

from collections.abc import Collection

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

INK_WORDS = frozenset(
    (
        *("ink", "sketch", "pencil", "drawing", "engraving"),
        *("etching", "lineart", "linocut", "woodcut", "charcoal"),
    )
)
GREY_WORDS = frozenset(["monochrome", "noir", "greyscale", "grayscale", "bw"])
WATER_WORDS = frozenset(["watercolor", "watercolour", "aquarelle"])


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
