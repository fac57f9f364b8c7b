"""What a job will use, whoever makes its graph: a recipe of ours, or a workflow of the registry."""

from dataclasses import dataclass
from typing import Any

from imagine.input_image import InputFile
from imagine.models import Note
from imagine.planning.memory import Spared


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job will use. ``parameters`` is what it shows, ready for JSON.

    ``inputs`` are the files that the graph loads; the engine has to have them. ``spared``: what
    less memory can be had by, when it ran out.
    """

    parameters: dict[str, Any]
    notes: tuple[Note, ...]
    inputs: tuple[InputFile, ...] = ()

    @property
    def spared(self) -> Spared:
        return Spared.NOTHING_ELSE
