"""Working over pictures that are there already: variations, repainted regions, wider canvases.

Deterministic like the painter, and true to the pixels: what a mask protects stays as it was.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

from imagine.sketch.effects import with_tones_of
from imagine.sketch.painter import ABSTRACT, Brief, paint
from imagine.sketch.shapes import Box, Colour, Fade, smoothstep

# The grid on which unknown areas are filled with the colours around them.
FILL_PX = 48
BOX = Image.Resampling.BOX
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
        fresh = with_tones_of(fresh, source, (1 - denoise) * 2)
        return _with_colours_of(fresh, source, (1 - denoise) * 1.5)
    moved = _warp(source, denoise * 0.05, random.Random(f"{brief.key()} warp"))
    tinted = _with_colours_of(moved, fresh, denoise**2 * 0.9)
    return tinted.filter(ImageFilter.UnsharpMask(2, 40, 2))


def repaint(
    source: Image.Image, mask: Image.Image, brief: Brief, denoise: float, is_blank: bool
) -> Image.Image:
    """Paint where the mask is white; where it is black every pixel stays."""
    hole = mask.point(lambda v: 255 if v > 100 else 0)
    box = hole.getbbox()
    if box is None:
        return source
    if mask.getextrema()[0] == 255:
        return rework(source, brief, 1.0 if is_blank else denoise)
    if _touches_edge(mask):
        # Only what is wholly white is unknown: a feathered edge still shows the picture.
        unknown = mask.point(lambda v: 255 if v > 250 else 0)
        base = fresh = _grown(source, unknown, brief)
    elif _is_seam(hole.crop(box), source.size):
        return _mended(source, mask, denoise)
    else:
        base = source
        if is_blank:
            known = mask.point(lambda v: min(255, v * 2))
            base = Image.composite(_filled(source, mask), source, known)
        inside = base.crop(box)
        fresh = base.copy()
        painted = with_tones_of(paint(brief, *inside.size), inside, 0.4)
        fresh.paste(_with_colours_of(painted, inside, 0.35 if not is_blank else 0.6), box[:2])
    if denoise < 0.98:
        fresh = Image.blend(base, fresh, denoise)
    reach = max(2, max(source.size) // 90)
    soft = ImageChops.darker(mask.filter(ImageFilter.GaussianBlur(reach)), mask)
    return Image.composite(fresh, Image.composite(base, source, mask), soft)


def _grown(source: Image.Image, hole: Image.Image, brief: Brief) -> Image.Image:
    """Return the picture continued over the hole around it.

    Next to the edge the picture goes on as its own mirror image; farther out that turns into the
    scene, without its subject, its horizon and its colours brought to those of the edge.
    """
    box = ImageChops.invert(hole).getbbox()
    if box is None:
        return paint(brief, *source.size)
    inside = source.crop(box)
    base = _continued(inside, box, source.size)
    fresh = with_tones_of(paint(replace(brief, has_subject=False), *source.size), inside)
    if brief.scene() is ABSTRACT:
        fresh = _in_palette_of(fresh, inside)
    fresh = _with_colours_of(_levelled(fresh, base), base, 1.0)
    reach = max(4, min(inside.size) // 14)
    far = Image.new("L", source.size, 255)
    far.paste(0, (box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach))
    far = far.filter(ImageFilter.BoxBlur(reach))
    # A hole drawn by hand may cut into the rectangle that bounds what is known.
    far.paste(hole.crop(box), box)
    mirrored = _mirrored(inside, box, source.size)
    far = ImageChops.lighter(far, _odd(mirrored, base, hole))
    return Image.composite(fresh, mirrored, far)


def _odd(mirrored: Image.Image, base: Image.Image, hole: Image.Image) -> Image.Image:
    """Return where something that the edge cuts off would come back in the mirror."""
    size = (FILL_PX * 2, FILL_PX * 2)
    apart = ImageChops.difference(mirrored.resize(size, BOX), base.resize(size, BOX))
    strongest = ImageChops.lighter(ImageChops.lighter(*apart.split()[:2]), apart.getchannel(2))
    odd = strongest.point([min(255, max(0, v - 40) * 8) for v in range(256)])
    odd = odd.filter(ImageFilter.GaussianBlur(1)).resize(hole.size, Image.Resampling.BICUBIC)
    return ImageChops.multiply(odd, hole)


def _mirrored(inside: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    """Surround a picture with its own mirror images."""
    sheet = Image.new("RGB", size)
    width, height = inside.size
    for column in range(-(-box[0] // width) * -1, -(-(size[0] - box[0]) // width)):
        for row in range(-(-box[1] // height) * -1, -(-(size[1] - box[1]) // height)):
            part = ImageOps.mirror(inside) if column % 2 else inside
            part = ImageOps.flip(part) if row % 2 else part
            sheet.paste(part, (box[0] + column * width, box[1] + row * height))
    return sheet


def _continued(inside: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    """Return the large areas of a picture drawn out beyond its edges; small things end there."""
    scale = FILL_PX / max(inside.size)
    width, height = (max(4, round(side * scale)) for side in inside.size)
    small = inside.resize((width, height), BOX)
    left, top = round(box[0] * scale), round(box[1] * scale)
    wide, high = max(4, round(size[0] * scale)), max(4, round(size[1] * scale))
    band = Image.new("RGB", (wide, height))
    band.paste(small, (left, 0))
    if left:
        band.paste(_stretched(small, (0, 0, 1, height), (left, height)), (0, 0))
    if (gap := wide - left - width) > 0:
        edge = (width - 1, 0, width, height)
        band.paste(_stretched(small, edge, (gap, height)), (left + width, 0))
    sheet = Image.new("RGB", (wide, high))
    sheet.paste(band, (0, top))
    if top:
        sheet.paste(_stretched(band, (0, 0, wide, 1), (wide, top)), (0, 0))
    if (gap := high - top - height) > 0:
        edge = (0, height - 1, wide, height)
        sheet.paste(_stretched(band, edge, (wide, gap)), (0, top + height))
    return sheet.resize(size, Image.Resampling.BICUBIC)


def _stretched(picture: Image.Image, edge: Box, size: tuple[int, int]) -> Image.Image:
    """Draw the outermost row or column of a picture out to a size, without its small things."""
    thick = (9, edge[3]) if edge[2] - edge[0] == 1 else (edge[2], 9)
    drawn = picture.crop(edge).resize(thick).filter(ImageFilter.MedianFilter(9))
    return drawn.filter(ImageFilter.BoxBlur(2)).resize(size)


def _levelled(picture: Image.Image, base: Image.Image) -> Image.Image:
    """Shift what is above and below in a picture until its horizon lies where the base has it."""
    rows = 48
    mine, wanted = (_pixels(p.resize((1, rows), BOX)) for p in (picture, base))
    best, best_miss = (rows // 2, rows // 2), float("inf")
    for source_row in range(rows // 4, rows - rows // 4):
        for target_row in range(
            max(rows // 5, source_row - 12), min(rows * 4 // 5, source_row + 13)
        ):
            miss = 0
            for y in range(rows):
                if y < target_row:
                    at = y * source_row // target_row
                else:
                    at = source_row + (y - target_row) * (rows - source_row) // (rows - target_row)
                miss += sum(abs(a - b) for a, b in zip(mine[at], wanted[y], strict=True))
            # Of equal fits, the one that stretches least.
            miss += abs(source_row - target_row) * 30
            if miss < best_miss:
                best, best_miss = (source_row, target_row), miss
    cut, line = (place * picture.height // rows for place in best)
    levelled = Image.new("RGB", picture.size)
    upper = picture.crop((0, 0, picture.width, cut))
    lower = picture.crop((0, cut, *picture.size))
    levelled.paste(upper.resize((picture.width, line)), (0, 0))
    levelled.paste(lower.resize((picture.width, picture.height - line)), (0, line))
    return levelled


def _in_palette_of(picture: Image.Image, other: Image.Image) -> Image.Image:
    """Give each brightness the colour that it has on the average in another picture."""
    sample = other.resize((64, 64), BOX)
    levels: dict[int, list[Colour]] = {}
    for level, colour in zip(sample.convert("L").tobytes(), _pixels(sample), strict=True):
        levels.setdefault(level // 8, []).append(colour)
    stops = [(level / 31, _mean(found)) for level, found in sorted(levels.items())]
    ramp = Fade(0, 256, stops, across=True).image((0, 0, 256, 1))
    grey = picture.convert("L")
    return Image.merge("RGB", [grey.point(list(band.tobytes())) for band in ramp.split()])


def _mean(colours: Sequence[Colour]) -> Colour:
    red, green, blue = (sum(band) // len(colours) for band in zip(*colours, strict=True))
    return red, green, blue


def _pixels(picture: Image.Image) -> list[Colour]:
    flat = picture.tobytes()
    return list(zip(flat[::3], flat[1::3], flat[2::3], strict=True))


def _is_seam(hole: Image.Image, size: tuple[int, int]) -> bool:
    """Say whether a hole runs through the picture in thin bands, as over the seams of a tile."""
    runs_through = hole.width > 0.6 * size[0] and hole.height > 0.6 * size[1]
    return runs_through and ImageStat.Stat(hole).mean[0] < 128


def _mended(source: Image.Image, mask: Image.Image, denoise: float) -> Image.Image:
    """Close thin gaps with the mirror images of both sides, one turning into the other."""
    turn = Image.Transpose.TRANSPOSE
    picture, hole = _closed_across(source, mask.point(lambda v: 255 if v > 8 else 0))
    picture = _closed_across(picture.transpose(turn), hole.transpose(turn))[0].transpose(turn)
    picture = Image.blend(source, picture, min(1.0, denoise * 1.5))
    return Image.composite(picture, source, mask.point(lambda v: min(255, v * 2)))


def _closed_across(source: Image.Image, hole: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Close what is narrow in each row; also return the hole that is left."""
    width, height = source.size
    gaps, left = hole.tobytes(), bytearray(hole.tobytes())
    before = [bytearray(band.tobytes()) for band in source.split()]
    after = [bytearray(band) for band in before]
    ramp = bytearray(width * height)
    for row in range(0, width * height, width):
        end = row
        while (start := gaps.find(255, end, row + width)) >= 0:
            end = gaps.find(0, start, row + width)
            end = row + width if end < 0 else end
            count = end - start
            room = min(count, start - row, row + width - end)
            if count > width // 3 or 3 * room < count:
                continue
            for one, other in zip(before, after, strict=True):
                one[start:end] = _to_and_fro(one[start - room : start][::-1], count)
                other[start:end] = _to_and_fro(other[end : end + room], count)[::-1]
            ramp[start:end] = bytes(
                round(255 * smoothstep((i + 0.5) / count)) for i in range(count)
            )
            left[start:end] = bytes(count)
    begin, finish = (
        Image.merge("RGB", [Image.frombytes("L", source.size, bytes(b)) for b in bands])
        for bands in (before, after)
    )
    closed = Image.composite(finish, begin, Image.frombytes("L", source.size, bytes(ramp)))
    return closed, Image.frombytes("L", source.size, bytes(left))


def _to_and_fro(pixels: bytearray, count: int) -> bytearray:
    """Return so many pixels, going back and forth over those there are."""
    both = pixels + pixels[::-1]
    return (both * (count // len(both) + 1))[:count]


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
    small = picture.resize((max(4, round(width * scale)), max(4, round(height * scale))), BOX)
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
    return any(ImageStat.Stat(mask.crop(side)).extrema[0][0] > 250 for side in sides)


def _filled(source: Image.Image, mask: Image.Image) -> Image.Image:
    """Return the source with the masked area filled by what surrounds it, smooth and far."""
    scale = FILL_PX / max(source.size)
    size = (max(3, round(source.width * scale)), max(3, round(source.height * scale)))
    known = ImageOps.invert(mask).point(lambda v: 255 if v > 200 else 0)
    weight = known.resize(size, BOX)
    black = Image.new("RGB", source.size)
    sums = Image.composite(source, black, known).resize(size, BOX)
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
