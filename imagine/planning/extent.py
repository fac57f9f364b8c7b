"""How large, and in how many steps: `--ar`, `--size`, `--quality`, `--draft`, `--stop`."""

from math import ceil

from imagine.input_image import Size
from imagine.models import NoteLevel
from imagine.planning.desk import Desk
from imagine.sizes import RATIO_TOLERANCE, clamp_aspect, fit_aspect, ratio_error, shape_of

MAX_STEPS = 150
# A draft has half the sides and this share of the steps; fewer than so many make no picture.
DRAFT_STEPS = 0.4
FEWEST_STEPS = 4


def shape(desk: Desk) -> tuple[int, int]:
    """Return the shape that was asked for, or the longest one there is."""
    return clamp_aspect(*_asked_shape(desk))


def _asked_shape(desk: Desk) -> tuple[int, int]:
    """Return the typed shape, else that of the picture that is to be changed, else a square."""
    if (typed := desk.text("aspect")) is not None:
        across, down = (int(side) for side in typed.split(":"))
        return across, down
    edited = (desk.inputs.get(item.value) for item in desk.items("edit"))
    first = next((image for image in edited if image is not None), None)
    return shape_of(*first.size) if first is not None else (1, 1)


def settle_size(desk: Desk) -> Size:
    """Return the size of a set that begins from nothing."""
    halves = 2 if desk.is_draft else 1
    if size := desk.text("size"):
        width, height = (max(64, int(side) // halves // 8 * 8) for side in size.split("x"))
        off = ratio_error(width, height, *shape(desk))
        if "aspect" in desk.typed and off > RATIO_TOLERANCE:
            desk.leave_out("aspect", "--size says the shape")
        return Size(width, height)
    across, down = shape(desk)
    if (across, down) != _asked_shape(desk) and "aspect" in desk.typed:
        text = f"--ar {desk.text('aspect')} became {across}:{down}, the longest shape there is."
        desk.tell("aspect", text, NoteLevel.WARNING)
    fitted = fit_shape(desk, across, down, halves)
    error = ratio_error(*fitted, across, down)
    if error > RATIO_TOLERANCE:
        text = (
            f"--ar {across}:{down} became {fitted.width}×{fitted.height}, which is {error:.0%} off."
        )
        desk.tell("aspect", text, NoteLevel.WARNING)
    return fitted


def fit_shape(desk: Desk, across: int, down: int, halves: int = 1) -> Size:
    """Return the size of a shape at the budget of the model."""
    profile = desk.profile
    pixels = profile.pixels // halves**2
    return Size(*fit_aspect(across, down, pixels=pixels, step=profile.step, grid=profile.grid))


def shape_shown(desk: Desk, size: Size) -> str:
    """Return the shape that a set of a size is said to have."""
    across, down = shape(desk)
    is_off = ratio_error(*size, across, down) > RATIO_TOLERANCE
    if is_off or "size" in desk.typed or ("edit" in desk.typed and "aspect" not in desk.typed):
        across, down = shape_of(*size)
    return f"{across}:{down}"


def settle_steps(desk: Desk, size: Size | None = None) -> int:
    """Return the steps of a set; ``size`` is what a draft makes of it, where it does."""
    quality = desk.number("quality", 1)
    if "steps" in desk.typed:
        if quality != 1:
            desk.leave_out("quality", "--steps says how many steps")
        steps = int(desk.number("steps", desk.profile.steps))
    else:
        wanted = round(desk.profile.steps * quality * (DRAFT_STEPS if desk.is_draft else 1))
        steps = min(MAX_STEPS, max(wanted, min(FEWEST_STEPS, desk.profile.steps)))
        if quality != 1:
            desk.tell("quality", f"--quality {quality:g} means {steps} steps with this model.")
    if desk.is_draft:
        half = f"{size.width}×{size.height} and " if size is not None else ""
        desk.tell("draft", f"--draft means {half}{steps} steps here.")
    elif desk.flag("draft"):
        desk.tell("draft", "Made larger, it is a draft no longer.")
    return steps


def end_step(desk: Desk, steps: int) -> int | None:
    """Return the step after which the pictures are left unfinished."""
    if desk.is_enlarged and desk.number("stop", 100) < 100:
        desk.leave_out("stop", "a picture that is made larger is finished")
        return None
    end = ceil(steps * desk.number("stop", 100) / 100)
    if end >= steps:
        return None
    desk.tell("stop", f"--stop ends after {end} of {steps} steps.")
    return end
