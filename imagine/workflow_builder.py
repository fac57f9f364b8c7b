"""From a prompt to a graph: `plan` settles every number and name, `build` makes the workflow.

Both are pure and deterministic: the same prompt, catalog and profiles give the same graph. What was
typed wins over the profile of the model; what cannot be honoured becomes a note, never silence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from imagine.catalog import Catalog
from imagine.defaults import NOTHING_CHOSEN, Defaults
from imagine.errors import Detail, PromptError, WorkflowError
from imagine.graph import OutputNode, Sampler, Workflow
from imagine.image_request import BatchMode, ImageRequest, Lora
from imagine.input_image import NO_INPUTS, InputImage
from imagine.left_out import left_out, not_done
from imagine.model_choice import ModelChoice, choose_model, model_files
from imagine.models import Note, NoteLevel, Origin
from imagine.names import find, nearest, plain
from imagine.profiles import Profile, Profiles
from imagine.prompt import Prompt
from imagine.prompt_tokens import flags
from imagine.prompt_values import Weighted
from imagine.sizes import RATIO_TOLERANCE, clamp_aspect, fit_aspect, ratio_error, shape_of
from imagine.workflows.text_to_image import text_to_image

__all__ = ["ImageRequest", "OutputNode", "Plan", "Sampler", "Workflow", "build", "plan"]

PICTURES = 4
MAX_STEPS = 150
# Looking for the nearest name takes its time, and so many are enough to see what is wrong.
MOST_UNKNOWN = 10
# A draft has half the sides and this share of the steps; fewer than so many make no picture.
DRAFT_STEPS = 0.4
FEWEST_STEPS = 4
# The family that is assumed while no engine has been seen.
ASSUMED = "sdxl"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a prompt will use. ``parameters`` is what the job shows, ready for JSON."""

    request: ImageRequest
    profile: Profile
    parameters: dict[str, Any]
    notes: tuple[Note, ...]
    inputs: tuple[InputImage, ...] = ()


def plan(
    prompt: Prompt,
    catalog: Catalog | None,
    profiles: Profiles,
    defaults: Defaults = NOTHING_CHOSEN,
    *,
    inputs: Mapping[str, InputImage] = NO_INPUTS,
    origin: Origin | None = None,
    member: int | None = None,
) -> Plan:
    """Settle what a prompt uses on an engine; without a catalog, as far as can be known.

    ``inputs`` are the pictures that the prompt and ``origin`` name, by their links. ``origin`` says
    how the set grows from a picture. ``member``: make only this picture of the set.

    Raises:
        PromptError: an unknown model, LoRA, sampler or scheduler was typed.
        WorkflowError: no model is installed that makes pictures from words.
    """
    settling = _Settling(prompt, catalog, profiles)
    settling.choose_model(defaults.model)
    request = settling.request(BatchMode(defaults.batch_mode))
    if settling.problems:
        message = settling.problems[0].message or "The prompt cannot be made."
        raise PromptError(message, details=settling.problems)
    notes = (*settling.notes, *left_out(prompt))
    return Plan(request, settling.profile, settling.parameters(request), notes)


def build(request: ImageRequest, profile: Profile, catalog: Catalog) -> Workflow:
    """Make the graph of a planned request.

    Raises:
        WorkflowError: it was planned without an engine, or its files are no longer there.
    """
    if request.model is None:
        raise WorkflowError("The model is not chosen yet: plan again when the engine is known.")
    return text_to_image(request, profile, model_files(request.model, profile, catalog))


class _Settling:
    """One prompt while it is settled: collects what to tell and what cannot be."""

    def __init__(self, prompt: Prompt, catalog: Catalog | None, profiles: Profiles) -> None:
        self.prompt = prompt
        self.typed = prompt.parameters
        self.catalog = catalog
        self.profiles = profiles
        self.profile = profiles[ASSUMED]
        self.model: str | None = None
        self.notes: list[Note] = []
        self.problems: list[Detail] = []

    def choose_model(self, default: str | None) -> None:
        typed = self._text("model")
        if self.catalog is None:
            known = self.profiles.recognise(typed or default or "")
            if known is not None and known.unsuitable is None:
                self.profile = known
            return
        try:
            choice: ModelChoice = choose_model(typed, default, self.catalog, self.profiles)
            model_files(choice.name, choice.profile, self.catalog)
        except PromptError as error:
            self.problems += (self._placed(detail) for detail in error.details)
            return
        self.model, self.profile = choice.name, choice.profile
        self.notes += choice.notes

    def request(self, batch_mode: BatchMode) -> ImageRequest:
        width, height = self._size()
        steps = self._steps(width, height)
        cfg = self._number("cfg", self.profile.cfg)
        if cfg > 1 >= self.profile.cfg:
            self._tell("cfg", "--cfg above 1 takes twice the time with this model.")
        batch_size = int(self._number("batch", PICTURES))
        return ImageRequest(
            positive=self._positive(),
            negative=self._negative(cfg),
            model=self.model,
            width=width,
            height=height,
            batch_size=batch_size,
            seed=int(self._number("seed", 0)),
            steps=steps,
            cfg=cfg,
            sampler=self._listed("sampler", self.profile.sampler),
            scheduler=self._listed("scheduler", self.profile.scheduler),
            batch_mode=BatchMode(self._text("batch_mode") or batch_mode),
            end_step=self._end_step(steps),
            guidance=self.profile.guidance,
            clip_skip=self._clip_skip(),
            loras=tuple(self._loras()),
        )

    def parameters(self, request: ImageRequest) -> dict[str, Any]:
        """Return what is really used, ready for JSON; what is not used is not there."""
        across, down = self._shape()
        if "size" in self.typed:
            across, down = shape_of(request.width, request.height)
        used = {
            "aspect": f"{across}:{down}",
            "seed": request.seed,
            "width": request.width,
            "height": request.height,
            "steps": request.steps,
            "cfg": request.cfg,
            "sampler": request.sampler,
            "scheduler": request.scheduler,
            "model": request.model,
            "family": self.profile.family,
            "batch_size": request.batch_size,
        }
        also = {
            "batch_mode": request.batch_mode.value if request.batch_size > 1 else None,
            "negative": request.negative or None,
            "loras": [{"value": lora.name, "weight": lora.strength} for lora in request.loras],
            "guidance": request.guidance,
            "shift": self.profile.shift,
            "clip_skip": request.clip_skip,
            "quality": None if "steps" in self.typed else self.typed.get("quality"),
            "stop": self.typed.get("stop") if request.end_step is not None else None,
            "draft": self.typed.get("draft") or None,
        }
        return used | {name: value for name, value in also.items() if value not in (None, [])}

    # Sizes and steps

    def _shape(self) -> tuple[int, int]:
        across, down = (int(side) for side in (self._text("aspect") or "1:1").split(":"))
        return clamp_aspect(across, down)

    def _size(self) -> tuple[int, int]:
        halves = 2 if self.typed.get("draft") else 1
        if size := self._text("size"):
            width, height = (max(64, int(side) // halves // 8 * 8) for side in size.split("x"))
            if "aspect" in self.typed and ratio_error(width, height, *self._shape()) > (
                RATIO_TOLERANCE
            ):
                self._leave_out("aspect", "--size says the shape")
            return width, height
        typed = self._text("aspect") or "1:1"
        across, down = self._shape()
        if (across, down) != tuple(int(side) for side in typed.split(":")):
            text = f"--ar {typed} became {across}:{down}, the longest shape there is."
            self.notes.append(Note(parameter="aspect", message=text))
        profile = self.profile
        width, height = fit_aspect(
            across,
            down,
            pixels=profile.pixels // halves**2,
            step=profile.step,
            grid=profile.grid,
        )
        error = ratio_error(width, height, across, down)
        if error > RATIO_TOLERANCE:
            text = f"--ar {across}:{down} became {width}×{height}, which is {error:.0%} off."
            self.notes.append(Note(parameter="aspect", message=text))
        return width, height

    def _steps(self, width: int, height: int) -> int:
        quality = self._number("quality", 1)
        is_draft = bool(self.typed.get("draft"))
        if "steps" in self.typed:
            if quality != 1:
                self._leave_out("quality", "--steps says how many steps")
            steps = int(self._number("steps", self.profile.steps))
        else:
            wanted = round(self.profile.steps * quality * (DRAFT_STEPS if is_draft else 1))
            steps = min(MAX_STEPS, max(wanted, min(FEWEST_STEPS, self.profile.steps)))
            if quality != 1:
                self._tell("quality", f"--quality {quality:g} means {steps} steps with this model.")
        if is_draft:
            self._tell("draft", f"--draft means {width}×{height} and {steps} steps here.")
        return steps

    def _end_step(self, steps: int) -> int | None:
        end = ceil(steps * self._number("stop", 100) / 100)
        if end >= steps:
            return None
        self._tell("stop", f"--stop ends after {end} of {steps} steps.")
        return end

    # Words

    def _positive(self) -> str:
        parts = [segment.text for segment in self.prompt.segments if segment.weight > 0]
        if len(parts) > 1:
            text = "The parts were joined in order: their weights are not applied yet."
            self.notes.append(Note(message=text))
        return ", ".join(parts)

    def _negative(self, cfg: float) -> str | None:
        phrases = [str(phrase) for phrase in self._list("no")]
        parts = [segment.text for segment in self.prompt.segments if segment.weight < 0]
        if cfg > 1:
            return ", ".join([*phrases, *parts])
        reason = f"at cfg {cfg:g} this model takes no negative prompt"
        if phrases:
            self._leave_out("no", reason)
        if parts:
            text = f"The parts with negative weights were left out: {reason}."
            self.notes.append(Note(message=text))
        return None

    def _clip_skip(self) -> int | None:
        layers = int(self._number("clip_skip", 1))
        if layers == 1:
            return None  # what the model does by itself
        if not self.profile.clip_skip:
            self._leave_out("clip_skip", "this model has nothing like it")
            return None
        return layers

    # Names that have to be installed

    def _listed(self, name: str, usual: str) -> str:
        """Return a sampler or scheduler as the engine lists it."""
        typed = self._text(name)
        if self.catalog is None:
            return typed or usual
        listed = self.catalog.samplers if name == "sampler" else self.catalog.schedulers
        if typed is None:
            if usual in listed or not listed:
                return usual
            text = f"This ComfyUI has no {name} {usual}, so {listed[0]} is used."
            self.notes.append(Note(parameter=name, message=text))
            return listed[0]
        wanted = plain(typed.replace("++", "pp"))
        found = next((entry for entry in listed if plain(entry) == wanted), None)
        if found is None:
            self._refuse(name, typed, listed, nearest(wanted.replace("-", "_"), listed))
        return found or typed

    def _loras(self) -> Iterable[Lora]:
        for item in self._list("lora"):
            if not isinstance(item, Weighted):
                continue
            if len(self.problems) >= MOST_UNKNOWN:
                return
            found = (item.value,) if self.catalog is None else find(item.value, self.catalog.loras)
            if len(found) == 1:
                yield Lora(found[0], item.weight)
            elif self.catalog is not None:
                near = found or nearest(item.value, self.catalog.loras, 3)
                self._refuse("lora", item.value, self.catalog.loras, near, ambiguous=bool(found))

    def _refuse(
        self,
        name: str,
        typed: str,
        installed: tuple[str, ...],
        near: tuple[str, ...],
        *,
        ambiguous: bool = False,
    ) -> None:
        if ambiguous:
            text = f"--{name} {typed} fits several: {', '.join(near[:5])}."
        else:
            text = f"There is no {name} {typed}." + (f" Did you mean {near[0]}?" if near else "")
        detail = Detail(
            parameter=name,
            value=typed,
            allowed=", ".join(installed) if len(installed) <= 50 else None,
            suggestion=near[0] if near else None,
            message=text,
        )
        self.problems.append(self._placed(detail))

    def _placed(self, detail: Detail) -> Detail:
        """Add where the value stands in the prompt, if it was typed there."""
        source, value = self.prompt.source, detail.value or ""
        for flag in flags(source):
            row = self.prompt.vocabulary.find(flag.name)
            start = source.find(value, flag.body, flag.end)
            if row is not None and row.name == detail.parameter and start >= 0:
                return detail.model_copy(update={"start": start, "end": start + len(value)})
        return detail

    # What was typed

    def _text(self, name: str) -> str | None:
        value = self.typed.get(name)
        return value if isinstance(value, str) else None

    def _number(self, name: str, default: float) -> float:
        value = self.typed.get(name)
        return value if isinstance(value, int | float) else default

    def _list(self, name: str) -> tuple[Any, ...]:
        value = self.typed.get(name)
        return value if isinstance(value, tuple) else ()

    def _leave_out(self, name: str, reason: str) -> None:
        self.notes.append(not_done(self.prompt.vocabulary.by_name[name], reason))

    def _tell(self, name: str, text: str) -> None:
        self.notes.append(Note(parameter=name, level=NoteLevel.INFO, message=text))
