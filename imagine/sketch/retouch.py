"""Working over pictures that are there already: variations, repainted regions, wider canvases.

Deterministic like the painter, and true to the pixels: what a mask protects stays as it was.
"""

import random
from dataclasses import replace

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

from imagine.sketch.painter import Brief, paint

# The grid on which unknown areas are filled with the colours around them.
FILL_PX = 48
# From this denoise on, a model no longer keeps what was where.
NEW_COMPOSITION = 0.62


def fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def rework(source: Image.Image, brief: Brief, denoise: float) -> Image.Image:
    """Paint over a picture: moved a little at low ``denoise``, anew in its colours at high."""
    if denoise <= 0.02:
        return source
    fresh = paint(brief, *source.size)
    if denoise >= 0.98:
        return fresh
    if denoise >= NEW_COMPOSITION:
        return _with_colours_of(fresh, source, (1 - denoise) * 1.5)
    moved = _warp(source, denoise * 0.05, random.Random(f"{brief.key()} warp"))
    tinted = _with_colours_of(moved, fresh, denoise**2 * 0.9)
    return tinted.filter(ImageFilter.UnsharpMask(2, 40, 2))


def repaint(
    source: Image.Image, mask: Image.Image, brief: Brief, denoise: float, is_blank: bool
) -> Image.Image:
    """Paint where the mask is white; where it is black every pixel stays."""
    box = mask.point(lambda v: 255 if v > 100 else 0).getbbox()
    if box is None:
        return source
    grows = _touches_edge(mask)
    base = source
    if grows or is_blank:
        base = Image.composite(_filled(source, mask), source, mask.point(lambda v: min(255, v * 2)))
    if grows:
        fresh = paint(replace(brief, has_subject=False), *source.size)
        fresh = _with_colours_of(fresh, base, 1.0)
    else:
        inside = base.crop(box)
        fresh = base.copy()
        painted = paint(brief, *inside.size)
        fresh.paste(_with_colours_of(painted, inside, 0.35 if not is_blank else 0.6), box[:2])
    if denoise < 0.98:
        fresh = Image.blend(base, fresh, denoise)
    reach = max(2, max(source.size) // 90)
    soft = ImageChops.darker(mask.filter(ImageFilter.GaussianBlur(reach)), mask)
    return Image.composite(fresh, Image.composite(base, source, mask), soft)


def enlarge(picture: Image.Image, factor: int) -> Image.Image:
    """Return the picture ``factor`` times as large, sharpened as an upscaler would."""
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.LANCZOS).filter(
        ImageFilter.UnsharpMask(factor, 60, 2)
    )


def _with_colours_of(detail: Image.Image, colours: Image.Image, share: float) -> Image.Image:
    """Keep the detail of one picture, and move its large areas towards those of another."""
    if share <= 0:
        return detail
    low = Image.blend(_low(detail), _low(colours), share)
    texture = ImageChops.subtract(detail, _low(detail), scale=1, offset=128)
    return ImageChops.add(texture, low, scale=1, offset=-128)


def _low(picture: Image.Image) -> Image.Image:
    """Return the large areas of a picture, blurred on a small copy."""
    width, height = picture.size
    scale = 64 / max(width, height)
    small = picture.resize(
        (max(4, round(width * scale)), max(4, round(height * scale))), Image.Resampling.BOX
    )
    return small.filter(ImageFilter.GaussianBlur(5)).resize(picture.size, Image.Resampling.BICUBIC)


def _touches_edge(mask: Image.Image) -> bool:
    """Say whether a whole side of the picture is to be painted: then it grows outward."""
    width, height = mask.size
    sides = (
        (0, 0, 1, height),
        (width - 1, 0, width, height),
        (0, 0, width, 1),
        (0, height - 1, width, height),
    )
    return any(ImageStat.Stat(mask.crop(side)).extrema[0][0] > 200 for side in sides)


def _filled(source: Image.Image, mask: Image.Image) -> Image.Image:
    """Return the source with the masked area filled by what surrounds it, smooth and far."""
    scale = FILL_PX / max(source.size)
    size = (max(3, round(source.width * scale)), max(3, round(source.height * scale)))
    known = ImageOps.invert(mask).point(lambda v: 255 if v > 200 else 0)
    weight = known.resize(size, Image.Resampling.BOX)
    black = Image.new("RGB", source.size)
    sums = Image.composite(source, black, known).resize(size, Image.Resampling.BOX)
    colours, weights = sums.tobytes(), weight.tobytes()
    flat = bytearray(len(colours))
    for cell, share in enumerate(weights):
        if share:
            for i in range(cell * 3, cell * 3 + 3):
                flat[i] = min(255, colours[i] * 255 // share)
    small = Image.frombytes("RGB", size, bytes(flat))
    trust = weight.point(lambda v: 255 if v > 8 else 0)
    filled = _spread(small, trust)
    return filled.resize(source.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


def _spread(small: Image.Image, trust: Image.Image) -> Image.Image:
    """Let known cells flow into unknown ones, the nearest first."""
    black = Image.new("RGB", small.size)
    result, known = small, trust
    for reach in (1, 2, 4, 8, 16, 32):
        blur = ImageFilter.GaussianBlur(reach)
        sums = Image.composite(result, black, known).filter(blur).tobytes()
        shares = known.filter(blur).tobytes()
        near = bytearray(len(sums))
        for cell, share in enumerate(shares):
            if share:
                for i in range(cell * 3, cell * 3 + 3):
                    near[i] = min(255, sums[i] * 255 // share)
        grown = Image.frombytes("RGB", small.size, bytes(near))
        result = Image.composite(result, grown, known)
        known = ImageChops.lighter(known, known.filter(blur).point(lambda v: 255 if v > 12 else 0))
    return result


def _warp(source: Image.Image, reach: float, rng: random.Random) -> Image.Image:
    """Move the parts of a picture a little against each other; ``reach`` in picture heights."""
    width, height = source.size
    columns, rows = 9, 9
    far = reach * min(width, height)
    shift = {
        (x, y): (rng.uniform(-far, far), rng.uniform(-far, far))
        for x in range(1, columns)
        for y in range(1, rows)
    }

    def corner(x: int, y: int) -> tuple[float, float]:
        dx, dy = shift.get((x, y), (0.0, 0.0))
        return x * width / columns + dx, y * height / rows + dy

    mesh = []
    for x in range(columns):
        for y in range(rows):
            box = (
                x * width // columns,
                y * height // rows,
                (x + 1) * width // columns,
                (y + 1) * height // rows,
            )
            quad = (
                *corner(x, y),
                *corner(x, y + 1),
                *corner(x + 1, y + 1),
                *corner(x + 1, y),
            )
            mesh.append((box, quad))
    return source.transform(source.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
