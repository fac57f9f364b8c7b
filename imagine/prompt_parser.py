"""The front door of the prompt language: text in, prompts out.

``parse`` reads one prompt, ``expand`` opens its permutations, ``--repeat`` and wildcards into jobs,
``apply_options`` writes JSON options in, ``read_fragment`` reads a piece of a prompt, and
``inspect`` explains a prompt while it is being typed.
All are pure: what chance decides is drawn by a function that is passed in. The language itself is
described in ``docs/prompt-language.md``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imagine.errors import Detail
from imagine.models import Note
from imagine.parameters import MAX_JOBS
from imagine.prompt import (
    MAX_CHARACTERS,
    VOCABULARY,
    Prompt,
    Segment,
    Vocabulary,
    wire_parameters,
)
from imagine.prompt_options import apply_options
from imagine.prompt_study import MOST_COUNTED, Study
from imagine.prompt_tokens import Token, TokenKind
from imagine.prompt_values import Value, Weighted

__all__ = [
    "MAX_CHARACTERS",
    "MAX_JOBS",
    "VOCABULARY",
    "Inspection",
    "Prompt",
    "Segment",
    "Token",
    "TokenKind",
    "Value",
    "Vocabulary",
    "Weighted",
    "apply_options",
    "expand",
    "inspect",
    "parse",
    "read_fragment",
    "wire_parameters",
]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a prompt would do. ``prompts`` are its lines before ``--repeat``, empty on errors.

    ``tokens`` lie on the prompt as it was typed and ``count`` is the number of jobs it makes.
    """

    prompts: tuple[Prompt, ...]
    count: int
    tokens: tuple[Token, ...]
    errors: tuple[Detail, ...]
    warnings: tuple[Note, ...]

    @property
    def prompt(self) -> Prompt | None:
        return self.prompts[0] if self.prompts else None


def parse(text: str, vocabulary: Vocabulary = VOCABULARY, *, uploads: int = 0) -> Prompt:
    """Read a prompt that makes one line; ``--repeat`` stays a parameter, and wildcards stay words.

    ``uploads`` is the number of pictures that come beside the text: two need no words.

    Raises:
        PromptError: with every problem in its details.
    """
    return _one(Study(text, vocabulary, uploads=uploads, is_plain=True))


def read_fragment(text: str, vocabulary: Vocabulary = VOCABULARY) -> Prompt:
    """Read a piece of a prompt, such as a preset: it may be without words, or without flags.

    Raises:
        PromptError: with every problem in its details.
    """
    return _one(Study(text, vocabulary, is_plain=True, is_fragment=True))


def _one(study: Study) -> Prompt:
    """Return the only line of a prompt."""
    if len(study.drafts) > 1 and not study.problems:
        message = f"This makes {study.count} sets, and only one can be made here. Take {{…}} out."
        study.problems.append(Detail(start=0, end=len(study.source), message=message))
    study.refuse()
    return replace(study.prompts[0], source=study.typed, tokens=study.canvas.tokens())


def expand(
    text: str,
    vocabulary: Vocabulary,
    draw: Callable[[], int],
    options: Mapping[str, Any] | None = None,
    *,
    uploads: int = 0,
) -> list[Prompt]:
    """Open permutations and ``--repeat``: one prompt for each job, each with a seed.

    A seed that nobody gave and ``--sref random`` are drawn for each job, and wildcards are chosen
    by its seed.

    Raises:
        PromptError: with every problem in its details, in places of ``text``.
    """
    study = Study(text, vocabulary, options, uploads=uploads)
    study.refuse()
    return study.jobs(draw)


def inspect(
    text: str,
    vocabulary: Vocabulary = VOCABULARY,
    options: Mapping[str, Any] | None = None,
    *,
    uploads: int = 0,
) -> Inspection:
    """Explain a prompt, half-typed or wrong as it may be; never raises.

    Wildcards are filled in when the seed is given, and stay as they are when it is yet to be drawn.
    """
    study = Study(text, vocabulary, options, uploads=uploads)
    prompts = () if study.problems else study.prompts
    return Inspection(
        prompts=prompts,
        count=min(study.count, MOST_COUNTED),
        tokens=study.canvas.tokens(),
        errors=study.sorted_problems(),
        warnings=tuple(dict.fromkeys(note for prompt in study.prompts for note in prompt.notes)),
    )
