"""The actions on a picture: what each does here, and how large its pictures become.

The sizes are found by planning; the sentences are here because no other table has them.
"""

from dataclasses import dataclass, replace

from imagine.fidelity import Fidelity
from imagine.image_request import Enlarge, Redraw
from imagine.input_image import Box, InputImage
from imagine.models import Action, Direction, Origin, Strength
from imagine.workflow_builder import PicturePlan
from scripts.prompt_docs.families import NO_KIT, Kit, families, planned

PARENT = InputImage("upload:" + "0" * 64, "imagine/parent.png", 1344, 768)
_MASK = "upload:" + "1" * 64
_PROMPT = "a lighthouse on a cliff --ar 16:9"
_SDXL = "SDXL"
UPSCALER = Kit(upscale_models=("4x-UltraSharp.pth",))


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One row: ``origins`` are the plans that tell the sizes; none: as the set itself."""

    name: str
    here: str
    fidelity: Fidelity
    origins: tuple[Origin, ...] = ()
    words: str = _PROMPT


def _from(action: Action, **more: object) -> Origin:
    return Origin.model_validate({"action": action, "source": PARENT.link, **more})


_CLOSE, _NEAR, _EXACT = Fidelity.CLOSE, Fidelity.APPROXIMATE, Fidelity.EXACT
_SUBTLE, _CREATIVE, _STRONG = Strength.SUBTLE, Strength.CREATIVE, Strength.STRONG

ACTIONS = (
    ActionRow(
        "U (`single`)",
        "Makes this picture of the set alone, from its own noise: it is the same picture.",
        _EXACT,
    ),
    ActionRow(
        "Upscale subtle (`upscale`)",
        "Doubles the sides, with an upscale model if one is installed; {redrawn}.",
        _CLOSE,
        (_from(Action.UPSCALE, strength=_SUBTLE),),
    ),
    ActionRow(
        "Upscale creative (`upscale`)",
        "The same, and new detail; {redrawn}.",
        _CLOSE,
        (_from(Action.UPSCALE, strength=_CREATIVE),),
    ),
    ActionRow(
        "Enhance (`enhance`)",
        "Makes the full size of a picture of a `--draft`; {redrawn}.",
        _CLOSE,
        (_from(Action.ENHANCE),),
    ),
    ActionRow(
        "Vary subtle (`variation`)",
        "Makes a set from the picture; {redrawn}.",
        _NEAR,
        (_from(Action.VARIATION, strength=_SUBTLE),),
    ),
    ActionRow(
        "V, vary strong (`variation`)",
        "Makes a set from the picture; {redrawn}.",
        _NEAR,
        (_from(Action.VARIATION, strength=_STRONG),),
    ),
    ActionRow(
        "Reroll (`reroll`)",
        "Makes the set again from a new seed; of a child, its action on the same picture.",
        _EXACT,
    ),
    ActionRow("Remix (`remix`)", "Is a reroll with other words.", _CLOSE),
    ActionRow(
        "Zoom out 1.5×, 2×, 1–2 (`zoom`)",
        "Makes the picture so much smaller and paints what is around it; `--ar` may change the "
        "shape.",
        _CLOSE,
        (_from(Action.ZOOM, factor=1.5),),
    ),
    ActionRow(
        "Pan left, right, up, down (`pan`)",
        "Lets the picture grow by half on that side.",
        _CLOSE,
        tuple(_from(Action.PAN, direction=side) for side in (Direction.LEFT, Direction.UP)),
    ),
    ActionRow(
        "Make square (`square`)",
        "Paints on two sides what is missing to a square.",
        _CLOSE,
        (_from(Action.SQUARE),),
    ),
    ActionRow(
        "Reshape (`reshape`)",
        "Paints around the picture what it lacks to the shape of `--ar`; nothing is cut off.",
        _CLOSE,
        (_from(Action.RESHAPE),),
        "a lighthouse on a cliff --ar 2:1",
    ),
    ActionRow(
        "Vary region (`region`)",
        "Paints anew where the mask is white, or a picture transparent; all other pixels stay the "
        "same.",
        _CLOSE,
        (_from(Action.REGION, mask=_MASK),),
    ),
    ActionRow(
        "Blend",
        "Makes a set from two to five pictures, each of which guides it as one at the front does; "
        "where none can, it begins from their mix.",
        _NEAR,
    ),
)


def sizes(action: ActionRow) -> str:
    """Return the size of the finished pictures."""
    if not action.origins:
        return "that of a set" if action.name == "Blend" else "the same"
    found = (_plan(action, origin).parameters for origin in action.origins)
    return " or ".join(f"{used['width']}×{used['height']}" for used in found)


def sentence(action: ActionRow) -> str:
    """Return what an action does, with how much is redrawn."""
    if "{redrawn}" not in action.here:
        return action.here
    (origin,) = action.origins
    plain, modelled = (_redrawn(action, origin, kit) for kit in (NO_KIT, UPSCALER))
    how = f"{plain} is redrawn"
    if plain != modelled:
        how = f"{plain} is redrawn without such a model, and {modelled} with one"
    return action.here.format(redrawn=how)


def _redrawn(action: ActionRow, origin: Origin, kit: Kit) -> str:
    start = _plan(action, origin, kit).request.start
    if isinstance(start, Enlarge):
        return _share(start.refine.denoise)
    if not isinstance(start, Redraw):
        raise TypeError(f"{action.name} redraws nothing")
    return _share(start.denoise)


def _share(denoise: float) -> str:
    return f"{denoise:.0%}" if denoise else "nothing"


def _plan(action: ActionRow, origin: Origin, kit: Kit = NO_KIT) -> PicturePlan:
    family = next(one for one in families() if one.label == _SDXL)
    is_draft = origin.action is Action.ENHANCE
    parent = replace(PARENT, width=672, height=384) if is_draft else PARENT
    mask = InputImage(_MASK, "imagine/mask.png", *parent.size, box=Box(0, 0, 64, 64))
    return planned(action.words, family, kit, origin=origin, pictures=(parent, mask))
