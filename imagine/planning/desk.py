"""One prompt while it is settled: what was typed, what is installed, what there is to tell."""

from collections.abc import Mapping
from typing import Any

from imagine.catalog import Catalog
from imagine.defaults import Defaults
from imagine.errors import Detail
from imagine.input_image import InputImage
from imagine.left_out import not_done
from imagine.models import Action, Note, NoteLevel, Origin
from imagine.profiles import Profile, Profiles
from imagine.prompt import Prompt
from imagine.prompt_places import placed

# The family that is assumed while no engine has been seen.
ASSUMED = "sdxl"


class Desk:
    """Where a prompt is settled. ``catalog`` is None while no engine has been seen."""

    def __init__(
        self,
        prompt: Prompt,
        catalog: Catalog | None,
        profiles: Profiles,
        defaults: Defaults,
        inputs: Mapping[str, InputImage],
        origin: Origin | None,
    ) -> None:
        self.prompt = prompt
        self.typed = prompt.parameters
        self.catalog = catalog
        self.profiles = profiles
        self.defaults = defaults
        self.inputs = inputs
        self.origin = origin
        self.profile: Profile = profiles[ASSUMED]
        self.model: str | None = None
        self.notes: list[Note] = []
        self.problems: list[Detail] = []
        # What somebody took care of, and what was left out with a sentence already.
        self.honoured: set[str] = set()
        self.dismissed: set[str] = set()

    # What was typed

    def text(self, name: str) -> str | None:
        value = self.typed.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str, default: float) -> float:
        value = self.typed.get(name)
        return value if isinstance(value, int | float) else default

    def flag(self, name: str) -> bool:
        return self.typed.get(name) is True

    def items(self, name: str) -> tuple[Any, ...]:
        value = self.typed.get(name)
        return value if isinstance(value, tuple) else ()

    def denoise(self, usual: float) -> float:
        """Return how much of a picture is redrawn: as typed, which so counts, or as usual."""
        self.honoured.add("denoise")
        return self.number("denoise", usual)

    @property
    def seed(self) -> int:
        """The seed of the prompt, from which words are drawn too."""
        return int(self.number("seed", 0))

    @property
    def is_enlarged(self) -> bool:
        """Whether one finished picture is made larger, and nothing else."""
        return self.origin is not None and self.origin.action in (Action.UPSCALE, Action.ENHANCE)

    @property
    def is_draft(self) -> bool:
        """Whether the set is a draft; a picture that is made larger is one no longer."""
        return self.flag("draft") and not self.is_enlarged

    # What is installed

    def has(self, *class_types: str) -> bool:
        """Tell whether the engine has these nodes; one that was not seen yet may have them all."""
        return self.catalog is None or all(map(self.catalog.has, class_types))

    # What to tell

    def tell(self, name: str | None, text: str, level: NoteLevel = NoteLevel.INFO) -> None:
        """Say how a parameter was taken; it is then no longer left out."""
        if name is not None:
            self.honoured.add(name)
        self.notes.append(Note(parameter=name, level=level, message=text))

    def leave_out(self, name: str, reason: str) -> None:
        """Say that a parameter was left out, and why."""
        self.dismissed.add(name)
        row = self.prompt.vocabulary.by_name[name]
        self.notes.append(not_done(row, reason, self.typed.get(name)))

    def refuse(
        self,
        name: str,
        typed: str,
        installed: tuple[str, ...],
        near: tuple[str, ...],
        *,
        ambiguous: bool = False,
    ) -> None:
        """Take down that what was typed is not installed, or fits several that are."""
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
        self.problems.append(self.placed(detail))

    def placed(self, detail: Detail) -> Detail:
        """Add where the value stands in the prompt, if it was typed there."""
        return placed(self.prompt, detail)
