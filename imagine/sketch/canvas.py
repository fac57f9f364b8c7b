"""Drawing tools over Pillow: smooth shapes, gradients, glows, clouds and grain, all from one seed.

Scenes draw in pixels of the picture in work but decide nothing by them, so that the same seed
gives the same composition at every size; what draws many random numbers takes a generator of its
own (``child``), so that a rounding in one part cannot shift the others. Pillow's shapes have hard
edges: here each shape is a mask that is drawn larger and reduced.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from imagine.sketch.shapes import (
    BLACK,
    WHITE,
    Box,
    Colour,
    Fade,
    Line,
    Paint,
    Stops,
    noise,
    smoothstep,
)

# Masks are drawn this much larger, then reduced.
SMOOTH = 3


class Canvas:
    """One picture in work. ``u`` is its shorter side, the natural unit of things on it."""

    def __init__(self, width: int, height: int, rng: random.Random) -> None:
        self.image = Image.new("RGB", (width, height))
        self.w, self.h = float(width), float(height)
        self.u = min(self.w, self.h)
        # How much wider than high; bounded, for the numbers of things drawn by it.
        self.wide = min(6.0, self.w / self.u)
        self.rng = rng

    def child(self) -> random.Random:
        """Return a generator for one part, costing this one always the same."""
        return random.Random(self.rng.getrandbits(64))

    # --- areas

    def fill(self, stops: Stops, top: float = 0, bottom: float | None = None) -> None:
        """Fill a full-width band with a gradient."""
        end = self.h if bottom is None else bottom
        box = (0, max(0, round(top)), self.image.width, min(self.image.height, round(end)))
        if box[3] > box[1]:
            self.image.paste(Fade(top, end, stops).image(box), box)

    def shapes(
        self,
        outlines: Iterable[Line],
        paint: Paint,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        light: bool = False,
        inside: Iterable[Line] = (),
    ) -> None:
        """Paint filled outlines.

        Args:
            outlines: each a line of points, closed by itself.
            paint: one colour or a gradient.
            alpha: how much it covers.
            soft: how far its edge is blurred, in pixels.
            light: add as light does, instead of covering.
            inside: paint only within these other outlines.
        """
        lines = [line for line in outlines if len(line) > 2]

        def draw(pen: ImageDraw.ImageDraw, scale: float, left: float, top: float) -> None:
            for line in lines:
                pen.polygon([((x - left) * scale, (y - top) * scale) for x, y in line], fill=255)

        frame = list(inside)
        self._stamp(lines, draw, paint, alpha, soft, light, frame)

    def strokes(
        self,
        lines: Iterable[Line],
        paint: Paint,
        width: float,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        light: bool = False,
        inside: Iterable[Line] = (),
    ) -> None:
        """Paint lines of one width, as ``shapes`` paints outlines."""
        kept = list(lines)
        # Thinner than a reduced pixel cannot be drawn: it fades instead.
        thick = max(width, 1 / SMOOTH)
        alpha *= min(1.0, width / thick)

        def draw(pen: ImageDraw.ImageDraw, scale: float, left: float, top: float) -> None:
            across = max(1, round(thick * scale))
            for line in kept:
                pen.line(
                    [((x - left) * scale, (y - top) * scale) for x, y in line],
                    fill=255,
                    width=across,
                    joint="curve" if across > 3 else None,
                )

        self._stamp(kept, draw, paint, alpha, soft, light, list(inside), margin=thick)

    def dots(
        self,
        dots: Iterable[tuple[float, float, float]],
        paint: Paint,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        light: bool = False,
    ) -> None:
        """Paint discs (x, y, radius)."""
        kept = list(dots)
        # The smallest disc that can be drawn is half a fine pixel: smaller ones fade instead.
        largest = max((r for _, _, r in kept), default=0.0)
        alpha *= min(1.0, largest * SMOOTH * 2)

        def draw(pen: ImageDraw.ImageDraw, scale: float, left: float, top: float) -> None:
            for x, y, r in kept:
                cx, cy, reach = (x - left) * scale, (y - top) * scale, max(0.5, r * scale)
                pen.ellipse((cx - reach, cy - reach, cx + reach, cy + reach), fill=255)

        corners = [[(x - r, y - r), (x + r, y + r)] for x, y, r in kept]
        self._stamp(corners, draw, paint, alpha, soft, light, [])

    def _stamp(
        self,
        reach: Sequence[Line],
        draw: Callable[[ImageDraw.ImageDraw, float, float, float], None],
        paint: Paint,
        alpha: float,
        soft: float,
        light: bool,
        frame: Sequence[Line],
        margin: float = 0.0,
    ) -> None:
        box = self._around(reach, margin + soft * 3 + 1)
        if box is None or alpha <= 0:
            return
        size = (box[2] - box[0], box[3] - box[1])
        # What is blurred anyway needs no fine mask.
        scale = SMOOTH if soft < 2 else min(1.0, 3 / soft)
        drawn = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        mask = Image.new("L", drawn)
        draw(ImageDraw.Draw(mask), scale, box[0], box[1])
        if frame:
            window = Image.new("L", drawn)
            pen = ImageDraw.Draw(window)
            for line in frame:
                pen.polygon([((x - box[0]) * scale, (y - box[1]) * scale) for x, y in line], 255)
            mask = ImageChops.multiply(mask, window)
        if scale == SMOOTH:
            mask = mask.reduce(SMOOTH)
        if soft:
            mask = mask.filter(ImageFilter.GaussianBlur(soft * min(1.0, scale)))
        if mask.size != size:
            mask = mask.resize(size, Image.Resampling.BICUBIC)
        self.cover(paint, mask, box, alpha=alpha, light=light)

    def _around(self, lines: Sequence[Line], margin: float) -> Box | None:
        xs = [x for line in lines for x, _ in line]
        ys = [y for line in lines for _, y in line]
        if not xs:
            return None
        box = (
            max(0, math.floor(min(xs) - margin)),
            max(0, math.floor(min(ys) - margin)),
            min(self.image.width, math.ceil(max(xs) + margin)),
            min(self.image.height, math.ceil(max(ys) + margin)),
        )
        return box if box[2] > box[0] and box[3] > box[1] else None

    def cover(
        self,
        paint: Paint,
        mask: Image.Image,
        box: Box | None = None,
        *,
        alpha: float = 1.0,
        light: bool = False,
    ) -> None:
        """Paint through a mask of the box's size."""
        where = box or (0, 0, *self.image.size)
        if alpha < 1:
            mask = mask.point([round(v * alpha) for v in range(256)])
        if isinstance(paint, Fade):
            source = paint.image(where)
        elif light:
            source = Image.new("RGB", mask.size, paint)
        else:
            self.image.paste(paint, where, mask)
            return
        if light:
            source = ImageChops.screen(self.image.crop(where), source)
        self.image.paste(source, where, mask)

    # --- light and air

    def glow(self, x: float, y: float, r: float, colour: Colour, alpha: float) -> None:
        """Add light around a point, falling off to nothing at ``r``."""
        box = self._around([[(x - r, y - r), (x + r, y + r)]], 0)
        if box is None or r < 1:
            return
        # Pillow's radial gradient reaches 255 in its corners, 181 at the middle of its sides.
        near = [1 - min(1.0, v / 180) for v in range(256)]
        fall = [round(255 * alpha * (t**2 * 0.75 + t**6 * 0.25)) for t in near]
        scale = 256 / (2 * r)
        part = (
            max(0.0, (box[0] - x + r) * scale),
            max(0.0, (box[1] - y + r) * scale),
            min(256.0, (box[2] - x + r) * scale),
            min(256.0, (box[3] - y + r) * scale),
        )
        size = (box[2] - box[0], box[3] - box[1])
        disc = Image.radial_gradient("L").point(fall)
        mask = disc.resize(size, Image.Resampling.BILINEAR, part)
        self.cover(colour, mask, box, light=True)

    def veil(
        self,
        colour: Colour,
        alphas: Sequence[tuple[float, float]],
        top: float = 0,
        bottom: float | None = None,
        *,
        across: bool = False,
        light: bool = False,
    ) -> None:
        """Lay a colour over a band, its strength running along ``alphas`` (place 0–1, alpha)."""
        end = self.h if bottom is None else bottom
        box = (0, max(0, round(top)), self.image.width, min(self.image.height, round(end)))
        if box[3] <= box[1]:
            return
        stops = [(place, (round(255 * a),) * 3) for place, a in alphas]
        start, stop = (0.0, self.w) if across else (top, end)
        mask = Fade(start, stop, stops, across).image(box).getchannel(0)
        self.cover(colour, mask, box, light=light)

    def noise(self, cells: float, octaves: int = 5, *, stretch: float = 1.0) -> Image.Image:
        """Return cloud-like noise over the canvas; see ``noise``."""
        return noise(self.child(), self.image.size, cells, octaves, stretch=stretch)

    def clouds(
        self,
        colour: Colour,
        alpha: float,
        top: float,
        bottom: float,
        *,
        cells: float = 4,
        stretch: float = 2.5,
        cover: float = 0.5,
    ) -> None:
        """Drift clouds over a band; ``cover`` is how much of it they hide."""
        noise = self.noise(cells, 6, stretch=stretch)
        floor = (1 - cover) * 190
        lut = [round(255 * smoothstep((v - floor) / 110)) for v in range(256)]
        box = (0, max(0, round(top)), self.image.width, min(self.image.height, round(bottom)))
        if box[3] <= box[1]:
            return
        edge = Fade(top, bottom, [(0, BLACK), (0.3, WHITE), (0.6, WHITE), (1, BLACK)])
        mask = ImageChops.multiply(noise.crop(box).point(lut), edge.image(box).getchannel(0))
        self.cover(colour, mask, box, alpha=alpha)

    def mirror(self, line: float, blur: float) -> None:
        """Lay what is above a waterline upside down below it, blurred."""
        y = round(line)
        depth = self.image.height - y
        if depth <= 0:
            return
        above = self.image.crop((0, max(0, y - depth), self.image.width, y))
        flipped = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        flipped = flipped.resize((self.image.width, depth), Image.Resampling.BILINEAR)
        self.image.paste(flipped.filter(ImageFilter.GaussianBlur(blur)), (0, y))

    # --- the whole picture

    def brush(
        self, *, strokes: int = 5200, length: float = 0.02, alpha: float = 0.55, turn: float = 0.5
    ) -> None:
        """Go over everything with short strokes of its own colours, as with a bristle brush.

        Strokes follow a slowly turning field and become dabs where they would cross an edge.
        """
        rng = self.child()
        width, height = self.image.size
        reduce = max(1, round(self.u / 220))
        small = self.image.reduce(reduce) if reduce > 1 else self.image
        field = noise(rng, (64, 64), 2, 2)
        seen, turns = small.tobytes(), field.tobytes()
        right, bottom = small.width - 1, small.height - 1

        def colour_at(x: float, y: float) -> tuple[int, int, int]:
            column = min(right, max(0, int(x / reduce)))
            cell = (min(bottom, max(0, int(y / reduce))) * (right + 1) + column) * 3
            return seen[cell], seen[cell + 1], seen[cell + 2]

        layer = self.image.copy()
        pen = ImageDraw.Draw(layer)
        for _ in range(round(strokes * min(1.0, self.u / 720) ** 1.2)):
            u, v = rng.random(), rng.random()
            size, shade = rng.random(), rng.randint(-9, 9)
            angle = (turns[int(v * 64) * 64 + int(u * 64)] / 255 - 0.5) * math.pi * turn
            reach = length * self.u * (0.5 + size)
            dx, dy = math.cos(angle) * reach, math.sin(angle) * reach
            x, y = u * width, v * height
            here = colour_at(x, y)
            for sign in (1, -1):
                end = colour_at(x + dx * sign, y + dy * sign)
                if abs(end[0] - here[0]) + abs(end[1] - here[1]) + abs(end[2] - here[2]) > 42:
                    dx, dy = dx * 0.3, dy * 0.3
            colour = (here[0] + shade, here[1] + shade, here[2] + shade)
            across = max(1, round(self.u * 0.006 * (0.6 + rng.random())))
            pen.line([(x - dx, y - dy), (x + dx, y + dy)], fill=colour, width=across)
        if self.u > 300:
            layer = layer.filter(ImageFilter.GaussianBlur(self.u / 1200))
        self.image = Image.blend(self.image, layer, alpha)

    def vignette(self, strength: float) -> None:
        lut = [
            round(255 * (1 - strength * max(0.0, v / 255 - 0.35) ** 2 * 1.6)) for v in range(256)
        ]
        mask = Image.radial_gradient("L").resize(self.image.size, Image.Resampling.BILINEAR)
        shade = mask.point(lut)
        self.image = ImageChops.multiply(self.image, Image.merge("RGB", (shade,) * 3))

    def grain(self, amount: float) -> None:
        """Add fine noise, which hides the bands of long gradients too."""
        rng = self.child()
        width, height = self.image.size
        table = bytes(
            max(0, min(255, round(128 + amount * _quantile((v + 0.5) / 256)))) for v in range(256)
        )
        noise = Image.frombytes(
            "L", (width, height), rng.randbytes(width * height).translate(table)
        )
        self.image = ImageChops.add(
            self.image, Image.merge("RGB", (noise,) * 3), scale=1, offset=-128
        )


def _quantile(p: float) -> float:
    """Return about the normal distribution's value at ``p``: a logistic, near enough for grain."""
    return math.log(p / (1 - p)) / 1.702
