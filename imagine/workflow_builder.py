"""From a prompt to a graph: `plan` settles every number and name, `build` makes the workflow.

Both are pure and deterministic: the same prompt, catalog and profiles give the same graph. What was
typed wins over the profile of the model; what cannot be honoured becomes a note, never silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imagine.catalog import Catalog
from imagine.defaults import NOTHING_CHOSEN, Defaults
from imagine.errors import PromptError, WorkflowError
from imagine.graph import OutputNode, Sampler, Workflow
from imagine.image_request import (
    BatchMode,
    Enlarge,
    ImageRequest,
    Mix,
    Redraw,
    Refine,
    Repaint,
    Start,
)
from imagine.input_image import NO_INPUTS, InputImage, Size
from imagine.left_out import left_out
from imagine.model_choice import model_files
from imagine.models import Origin
from imagine.plan import Plan
from imagine.planning import extent, names, words
from imagine.planning.desk import Desk
from imagine.planning.memory import PARAMETER as OOM_RETRY
from imagine.planning.memory import Spared, memory_note, spare, spared
from imagine.planning.origins import HD, refinement, settle_origin
from imagine.planning.presets import apply_presets
from imagine.planning.references import settle_references
from imagine.profiles import Profile, Profiles
from imagine.prompt import Prompt
from imagine.workflows import make

__all__ = [
    "ImageRequest",
    "OutputNode",
    "PicturePlan",
    "Plan",
    "Sampler",
    "Workflow",
    "build",
    "plan",
]

PICTURES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePlan(Plan):
    """What a prompt will use whose graph is ours to make."""

    request: ImageRequest
    profile: Profile

    @property
    def spared(self) -> Spared:
        return spared(self.request)


def plan(
    prompt: Prompt,
    catalog: Catalog | None,
    profiles: Profiles,
    defaults: Defaults = NOTHING_CHOSEN,
    *,
    inputs: Mapping[str, InputImage] = NO_INPUTS,
    origin: Origin | None = None,
    member: int | None = None,
    after_oom: bool = False,
) -> PicturePlan:
    """Settle what a prompt uses on an engine; without a catalog, as far as can be known.

    ``inputs`` are the pictures that the prompt and ``origin`` name, by their links. ``origin`` says
    how the set grows from a picture. ``member``: make only this picture of the set. ``after_oom``:
    memory ran out before, so the same is made with less.

    Raises:
        PromptError: an unknown model, LoRA, sampler or scheduler was typed.
        WorkflowError: no model is installed that makes such pictures, or it would be too large.
    """
    prompt, mixes, notes = apply_presets(prompt, defaults.presets)
    desk = Desk(prompt, catalog, profiles, defaults, inputs, origin)
    desk.notes += notes
    names.settle_model(desk)
    request = _request(desk, mixes, member)
    if after_oom:
        request = spare(request)
        desk.notes.append(memory_note(spared(request)))
    if desk.problems:
        message = desk.problems[0].message or "The prompt cannot be made."
        raise PromptError(message, details=desk.problems)
    used = _parameters(desk, request) | ({OOM_RETRY: spared(request).value} if after_oom else {})
    return PicturePlan(
        parameters=used,
        notes=(*desk.notes, *left_out(desk)),
        inputs=request.inputs,
        request=request,
        profile=desk.profile,
    )


def build(request: ImageRequest, profile: Profile, catalog: Catalog) -> Workflow:
    """Make the graph of a planned request.

    Raises:
        WorkflowError: it was planned without an engine, or its files are no longer there.
    """
    if request.model is None:
        raise WorkflowError("The model is not chosen yet: plan again when the engine is known.")
    return make(request, profile, model_files(request.model, profile, catalog))


def _request(desk: Desk, mixes: tuple[Mix, ...], member: int | None) -> ImageRequest:
    profile = desk.profile
    cfg = desk.number("cfg", profile.cfg)
    if cfg > 1 >= profile.cfg:
        desk.tell("cfg", "--cfg above 1 takes twice the time with this model.")
    start, size, steps = _begin(desk)
    guides, redraw = settle_references(desk, can_begin=start is None)
    start = start or redraw
    count = 1 if desk.is_enlarged else int(desk.number("batch", PICTURES))
    if desk.is_enlarged and desk.number("batch", 1) > 1:
        desk.tell("batch", "--batch was left out: one picture is made larger.")
    sampler, scheduler = names.settle_sampler(desk)
    variety = words.variety(desk, cfg, count)
    seamless = _seamless(desk, start)
    refine = _refine(desk, start, size, steps)
    return ImageRequest(
        positive=words.positive(desk),
        negative=words.negative(desk, cfg),
        model=desk.model,
        width=size.width,
        height=size.height,
        batch_size=count,
        seed=_seed(desk),
        steps=steps,
        cfg=cfg,
        sampler=sampler,
        scheduler=scheduler,
        batch_mode=_batch_mode(desk, start or variety or seamless or refine),
        end_step=extent.end_step(desk, steps),
        guidance=profile.guidance,
        clip_skip=names.clip_skip(desk),
        loras=tuple(names.loras(desk)),
        mixes=(*mixes, *words.mixes(desk)),
        variety=variety,
        start=start,
        guides=guides,
        refine=refine,
        seamless=seamless,
        same_noise="sameseed" in desk.typed,
        rescale_cfg=words.rescale_cfg(desk, cfg),
        member=member,
    )


def _begin(desk: Desk) -> tuple[Start, Size, int]:
    """Return what a set begins from, its size, and its steps."""
    if desk.origin is None:
        size = extent.settle_size(desk)
        return None, size, extent.settle_steps(desk, size)
    steps = extent.settle_steps(desk)
    start, size = settle_origin(desk, desk.origin, steps)
    return start, size, steps


def _batch_mode(desk: Desk, special: object) -> BatchMode:
    """Return how the set is sampled; what is ``special`` works on each picture alone."""
    mode = BatchMode(desk.text("batch_mode") or desk.defaults.batch_mode)
    if mode is BatchMode.TOGETHER and special:
        if "batch_mode" in desk.typed:
            desk.tell("batch_mode", "The pictures are made one by one, as each is worked on alone.")
        return BatchMode.ONE_BY_ONE
    return mode


def _seamless(desk: Desk, start: Start) -> bool:
    if not desk.flag("tile"):
        return False
    if start is not None:
        desk.leave_out("tile", "a seamless tile begins from nothing")
        return False
    desk.tell("tile", "--tile is approximated: the edges of each picture are painted over anew.")
    return True


def _refine(desk: Desk, start: Start, size: Size, steps: int) -> Refine | None:
    """Return the second pass of --hd."""
    if not desk.flag("hd"):
        return None
    reasons = (
        (desk.is_enlarged, "the picture is made larger as it is"),
        (start is not None, "upscale the picture afterwards"),
        (desk.flag("tile"), "it would break the seamless tile"),
        (desk.is_draft, "it is a draft"),
    )
    if (reason := next((reason for fits, reason in reasons if fits), None)) is not None:
        desk.leave_out("hd", reason)
        return None
    desk.honoured.add("hd")
    return refinement(desk, size, Size(size.width * 2, size.height * 2), HD, steps)


def _seed(desk: Desk) -> int:
    same = desk.typed.get("sameseed")
    if same is None:
        return desk.seed
    desk.tell(
        "sameseed", "With one noise all pictures are the same, unless --chaos sets them apart."
    )
    return int(desk.number("sameseed", 0))


def _parameters(desk: Desk, request: ImageRequest) -> dict[str, Any]:
    """Return what is really used, ready for JSON; what is not used is not there."""
    size = request.refine.size if request.refine is not None else request.size
    used = {
        "aspect": extent.shape_shown(desk, size),
        "seed": request.seed,
        "width": size.width,
        "height": size.height,
        "steps": request.steps,
        "cfg": request.cfg,
        "sampler": request.sampler,
        "scheduler": request.scheduler,
        "model": request.model,
        "family": desk.profile.family,
        "batch_size": len(request.pictures),
    }
    negative = [part.text for part in request.negative or () if part.text]
    origin = desk.origin
    also = {
        "batch_mode": request.batch_mode.value if len(request.pictures) > 1 else None,
        "negative": ", ".join(negative),
        "loras": [{"value": lora.name, "weight": lora.strength} for lora in request.loras],
        "guidance": request.guidance,
        "shift": desk.profile.shift,
        "clip_skip": request.clip_skip,
        "quality": None if "steps" in desk.typed else desk.typed.get("quality"),
        "stop": desk.typed.get("stop") if request.end_step is not None else None,
        "draft": desk.is_draft,
        "denoise": _redrawn(request),
        "origin": origin.model_dump(mode="json", exclude_none=True) if origin else None,
        "member": request.member,
    }
    also |= {name: desk.typed.get(name) for name in _SHOWN if name in desk.honoured}
    also["speed"] = next((name for name in ("turbo", "fast", "relax") if desk.flag(name)), None)
    also["visibility"] = next((name for name in ("stealth", "public") if desk.flag(name)), None)
    # Of the numbers 0 is something: the first picture of a set.
    return used | {
        name: value for name, value in also.items() if value or type(value) in (int, float)
    }


def _redrawn(request: ImageRequest) -> float | None:
    """Return how much is redrawn of what the set begins from."""
    match request.start:
        case Redraw(denoise=denoise) | Repaint(denoise=denoise):
            return denoise
        case Enlarge(refine=refine):
            return refine.denoise
        case _:
            return None


# What is shown on the job as it was typed, when it was honoured.
_SHOWN = ("chaos", "stylize", "weird", "exp", "raw", "tile", "hd", "iw", "sw", "cw", "ow")
