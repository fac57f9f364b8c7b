"""How a set grows from a finished picture: the start that each action stands for.

Raises:
    WorkflowError: the picture would become larger than anything that is made here.
"""

from collections.abc import Callable, Mapping
from math import sqrt

from imagine import geometry
from imagine.errors import WorkflowError
from imagine.geometry import MAX_SIDE, Layout
from imagine.image_request import Enlarge, Outpaint, Redraw, Refine, Repaint, Start
from imagine.input_image import Box, InputImage, Size
from imagine.models import Action, Direction, NoteLevel, Origin, Strength
from imagine.names import stem
from imagine.planning.desk import Desk
from imagine.planning.extent import fit_shape, shape
from imagine.sizes import RATIO_TOLERANCE, ratio_error

# How much of a picture is redrawn: a little, or much.
VARY_SUBTLE = 0.35
VARY_STRONG = 0.7
UPSCALE = 2
# The same of one that was enlarged without an upscale model, and with one.
SUBTLE = (0.2, 0.0)
CREATIVE = (0.45, 0.35)
ENHANCE = (0.4, 0.4)
HD = (0.4, 0.3)
# A second pass takes this share of the steps.
PASS = 0.6
FEWEST = 4


def settle_origin(desk: Desk, origin: Origin, steps: int) -> tuple[Start, Size]:
    """Return what the set begins from, and the size of its finished pictures."""
    source = desk.inputs[origin.source]
    start, size = _STARTS[origin.action](desk, origin, source, steps)
    reshapes = origin.action in (Action.ZOOM, Action.RESHAPE)
    if "aspect" in desk.typed and not reshapes and _is_off(size, desk):
        desk.tell("aspect", "--ar was left out: the picture says the shape.")
    if (typed := desk.text("size")) is not None and typed != f"{source.width}x{source.height}":
        desk.tell("size", "--size was left out: the picture says the size.")
    return start, size


def _is_off(size: Size, desk: Desk) -> bool:
    """Tell whether a picture has another shape than was asked for."""
    return ratio_error(*size, *shape(desk)) > RATIO_TOLERANCE


def refinement(
    desk: Desk, size: Size, target: Size, redrawn: tuple[float, float], steps: int
) -> Refine:
    """Return the second pass that makes a picture of one size as large as another."""
    _check(target)
    upscaler = _upscaler(desk, target.width / size.width)
    denoise = redrawn[1] if upscaler is not None else redrawn[0]
    how = f"with {upscaler}" if upscaler is not None else "without an upscale model"
    redraw = f", {denoise:.0%} redrawn" if denoise else ""
    desk.tell(None, f"Enlarged to {target.width}×{target.height} {how}{redraw}.")
    passes = max(min(FEWEST, steps), round(steps * PASS))
    return Refine(target, upscaler, denoise, passes, geometry.tiles(target) if denoise else ())


def _vary(desk: Desk, origin: Origin, source: InputImage, steps: int) -> tuple[Start, Size]:
    usual = VARY_SUBTLE if origin.strength is Strength.SUBTLE else VARY_STRONG
    denoise = desk.denoise(usual)
    return Redraw((source,), denoise), geometry.redrawn_size(source.size, desk.profile.pixels)


def _upscale(desk: Desk, origin: Origin, source: InputImage, steps: int) -> tuple[Start, Size]:
    is_subtle = origin.strength in (None, Strength.SUBTLE)
    target = Size(source.width * UPSCALE, source.height * UPSCALE)
    return _enlarged(desk, source, target, SUBTLE if is_subtle else CREATIVE, steps)


def _enhance(desk: Desk, origin: Origin, source: InputImage, steps: int) -> tuple[Start, Size]:
    target = fit_shape(desk, source.width, source.height)
    if target.pixels < source.size.pixels:
        target = source.size  # it has its full size already
    return _enlarged(desk, source, target, ENHANCE, steps)


def _enlarged(
    desk: Desk, source: InputImage, target: Size, redrawn: tuple[float, float], steps: int
) -> tuple[Start, Size]:
    plain, modelled = (desk.denoise(usual) for usual in redrawn)
    return Enlarge(source, refinement(desk, source.size, target, (plain, modelled), steps)), target


def _zoom(desk: Desk, origin: Origin, source: InputImage, steps: int) -> tuple[Start, Size]:
    canvas = None
    across, down = shape(desk)
    # Beside a size, a shape never counted.
    if "aspect" in desk.typed and "size" not in desk.typed and _is_off(source.size, desk):
        side = sqrt(source.size.pixels * across / down)
        canvas = Size(*(round(length / 16) * 16 for length in (side, side * down / across)))
    factor = desk.number("zoom", origin.factor or 2)
    desk.honoured.add("zoom")
    layout = geometry.zoom_out(source.size, factor, canvas, desk.profile.pixels)
    return _grow(desk, source, layout)


def _pan(desk: Desk, origin: Origin, source: InputImage, steps: int) -> tuple[Start, Size]:
    direction = origin.direction or Direction.RIGHT
    return _grow(desk, source, geometry.pan(source.size, direction, desk.profile.pixels))


def _square(desk: Desk, origin: Origin, source: InputImage, steps: int) -> tuple[Start, Size]:
    return _grow(desk, source, geometry.square(source.size, desk.profile.pixels))


def _reshape(desk: Desk, origin: Origin, source: InputImage, steps: int) -> tuple[Start, Size]:
    layout = geometry.reshape(source.size, *shape(desk), desk.profile.pixels)
    return _grow(desk, source, layout)


def _grow(desk: Desk, source: InputImage, layout: Layout) -> tuple[Start, Size]:
    _check(layout.canvas)
    if "denoise" in desk.typed:
        desk.leave_out("denoise", "what is new around a picture begins from nothing")
    if layout.place.size == layout.canvas:
        desk.tell(None, "Nothing is new: the picture has that shape already.", NoteLevel.WARNING)
    return Outpaint(source, layout), layout.canvas


def _region(desk: Desk, origin: Origin, source: InputImage, steps: int) -> tuple[Start, Size]:
    mask = desk.inputs.get(origin.mask or "")
    if mask is None:
        raise WorkflowError(
            "Nothing says which part is painted anew.", hint="Paint over it, or upload a mask."
        )
    budget = desk.profile.pixels
    window = geometry.around(source.size, mask.box or Box(0, 0, *source.size), budget)
    work = geometry.working_size(window.size, budget)
    return Repaint(source, mask, window, work, desk.denoise(1.0)), source.size


_STARTS: Mapping[Action, Callable[[Desk, Origin, InputImage, int], tuple[Start, Size]]] = {
    Action.VARIATION: _vary,
    Action.UPSCALE: _upscale,
    Action.ENHANCE: _enhance,
    Action.ZOOM: _zoom,
    Action.PAN: _pan,
    Action.SQUARE: _square,
    Action.RESHAPE: _reshape,
    Action.REGION: _region,
}


def _upscaler(desk: Desk, factor: float) -> str | None:
    """Return the installed upscale model whose name says the factor, else the first one."""
    models = desk.catalog.upscale_models if desk.catalog is not None else ()
    marks = (f"{factor:g}x", f"x{factor:g}")
    fitting = (name for name in models if any(mark in stem(name) for mark in marks))
    return next(fitting, models[0] if models else None)


def _check(size: Size) -> None:
    if max(size) > MAX_SIDE:
        raise WorkflowError(
            f"It would be {size.width}×{size.height}, and {MAX_SIDE} pixels is the longest side.",
            hint="Begin from a smaller picture.",
        )
