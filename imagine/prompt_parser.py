"""The front door of the prompt language: text in, prompts out.

``parse`` reads one prompt, ``expand`` opens its permutations and ``--repeat`` into jobs,
``apply_options`` writes JSON options in, and ``inspect`` explains a prompt while it is being typed.
All are pure: what chance decides is drawn by a function that is passed in. The language itself is
described in ``docs/prompt-language.md``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imagine.errors import Detail, PromptError
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
from imagine.prompt_expansion import Line, Template
from imagine.prompt_options import apply_options
from imagine.prompt_reader import Reading
from imagine.prompt_tokens import FORBIDDEN, Canvas, Token, TokenKind, printable
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
    "wire_parameters",
]

_MOST_COUNTED = 1_000_000
# Of a prompt that makes too many lines, so many are read, for their colours.
_SAMPLE = 8
# When a line alone has so many problems, the other lines are not read.
_ENOUGH_PROBLEMS = 100
_BRACE = "{ } and , make one set for each option"


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
    """Read a prompt that makes one line; ``--repeat`` stays a parameter.

    ``uploads`` is the number of pictures that come beside the text: two need no words.

    Raises:
        PromptError: with every problem in its details.
    """
    study = _Study(text, vocabulary, uploads=uploads)
    if len(study.prompts) > 1 and not study.problems:
        message = f"This makes {study.count} sets, and only one can be made here. Take {{…}} out."
        study.problems.append(Detail(start=0, end=len(text), message=message))
    study.refuse()
    return replace(study.prompts[0], source=text, tokens=study.canvas.tokens())


def expand(
    text: str,
    vocabulary: Vocabulary,
    draw: Callable[[], int],
    options: Mapping[str, Any] | None = None,
    *,
    uploads: int = 0,
) -> list[Prompt]:
    """Open permutations and ``--repeat``: one prompt for each job, each with a seed.

    A seed that nobody gave and ``--sref random`` are drawn for each job.

    Raises:
        PromptError: with every problem in its details, in places of ``text``.
    """
    study = _Study(text, vocabulary, options, uploads=uploads)
    study.refuse()
    return [
        _draw(replace(single, repeated=repeats), draw)
        for prompt, reading in zip(study.prompts, study.readings, strict=True)
        for repeats in [_repeats(prompt)]
        for single in [study.single(prompt, reading)] * repeats
    ]


def inspect(
    text: str,
    vocabulary: Vocabulary = VOCABULARY,
    options: Mapping[str, Any] | None = None,
    *,
    uploads: int = 0,
) -> Inspection:
    """Explain a prompt, half-typed or wrong as it may be; never raises."""
    study = _Study(text, vocabulary, options, uploads=uploads)
    prompts = () if study.problems else tuple(study.prompts)
    return Inspection(
        prompts=prompts,
        count=min(study.count, _MOST_COUNTED),
        tokens=study.canvas.tokens(),
        errors=tuple(study.problems),
        warnings=tuple(dict.fromkeys(note for prompt in study.prompts for note in prompt.notes)),
    )


class _Study:
    """A prompt with its lines read and its problems gathered, in places of what was typed."""

    def __init__(
        self,
        text: str,
        vocabulary: Vocabulary,
        options: Mapping[str, Any] | None = None,
        *,
        uploads: int = 0,
    ) -> None:
        # Whatever cannot be kept is replaced before it is quoted in a message.
        self.source = printable(text)
        self.vocabulary = vocabulary
        self.options = options or {}
        self.uploads = uploads
        self.canvas = Canvas(self.source)
        self.problems: list[Detail] = []
        self.readings: list[Reading] = []
        self.prompts: list[Prompt] = []
        self._read(Template(self.source[: vocabulary.max_characters]))
        self._check_characters(text)
        self._check_length()
        self.problems.sort(key=lambda detail: (detail.start is None, detail.start or 0))

    def refuse(self) -> None:
        """Raise everything that was found, if anything was."""
        if not self.problems:
            return
        first = self.problems[0]
        code = "invalid_parameter" if first.parameter is not None else "invalid_prompt"
        message = first.message or ""
        if message.startswith("Empty prompt"):
            code = "empty_prompt"
        raise PromptError(message, details=self.problems, code=code)

    def single(self, prompt: Prompt, reading: Reading) -> Prompt:
        """Return a line's prompt without its ``--repeat``."""
        if not reading.repeats:
            return prompt.with_parameters(repeat=None)
        again = Reading(reading.without_repeat(), self.vocabulary, uploads=self.uploads)
        return self._with_options(again.prompt()).with_parameters(repeat=None)

    def _with_options(self, prompt: Prompt) -> Prompt:
        return apply_options(prompt, self.options, self.vocabulary)

    def _read(self, template: Template) -> None:
        self.count = template.count
        if template.problems:
            self._show(Line(template.source, range(len(template.source))))
        else:
            self._read_lines(template)
        for place in template.signs:
            self.canvas.paint(place, place + 1, TokenKind.GROUP, _BRACE)
        for problem in template.problems:
            place = problem.position
            self._complain(place, place + 1, problem.message, suggestion=problem.suggestion)
        if self.count > MAX_JOBS:
            self._refuse_count(template)

    def _read_lines(self, template: Template) -> None:
        for index in range(template.count if template.count <= MAX_JOBS else _SAMPLE):
            self._read_line(template.line(index))
            if len(self.problems) > _ENOUGH_PROBLEMS:
                break
        if len(self.prompts) == template.count:
            self.count = sum(_repeats(prompt) for prompt in self.prompts)
        else:
            self.canvas.fill(TokenKind.TEXT, "What to draw")

    def _show(self, line: Line) -> Reading:
        """Read a line and colour the places it came from."""
        reading = Reading(line.text, self.vocabulary, uploads=self.uploads)
        self.canvas.transfer(reading.canvas, line.origins)
        return reading

    def _read_line(self, line: Line) -> None:
        reading = self._show(line)
        self.readings.append(reading)
        prompt = reading.prompt()
        problems = [_moved(problem, line) for problem in reading.problems]
        try:
            prompt = self._with_options(prompt)
        except PromptError as error:
            problems += error.details
        self.prompts.append(prompt)
        self.problems = list(dict.fromkeys(self.problems + problems))

    def _refuse_count(self, template: Template) -> None:
        count = f"{self.count}" if self.count <= _MOST_COUNTED else "more than a million"
        message = f"This makes {count} sets, and {MAX_JOBS} at most can be made at once."
        start, end = template.signs[0], template.signs[-1] + 1
        self.problems.append(Detail(start=start, end=end, message=message, allowed=f"1–{MAX_JOBS}"))
        for place in template.signs:
            self.canvas.paint(place, place + 1, TokenKind.ERROR, message)

    def _check_characters(self, text: str) -> None:
        for found in FORBIDDEN.finditer(text, 0, self.vocabulary.max_characters):
            message = f"The character U+{ord(found.group()[0]):04X} cannot be kept. Delete it."
            self._complain(*found.span(), message)

    def _check_length(self) -> None:
        most, length = self.vocabulary.max_characters, len(self.source)
        if length > most:
            message = f"A prompt has at most {most:,} characters, and this one has {length:,}."
            self._complain(most, length, message, allowed=f"1–{most}")

    def _complain(
        self,
        start: int,
        end: int,
        message: str,
        *,
        allowed: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        self.canvas.paint(start, end, TokenKind.ERROR, message)
        self.problems.append(
            Detail(start=start, end=end, message=message, suggestion=suggestion, allowed=allowed)
        )


def _moved(problem: Detail, line: Line) -> Detail:
    """Return the problem in places of the source; what was typed in pieces has no quick fix."""
    start, end = problem.start or 0, problem.end or 0
    if problem.value is not None and not line.is_whole(start, end):
        start = end - len(problem.value)
    left, right = line.place(start, end)
    suggestion = problem.suggestion if line.is_whole(start, end) else None
    return problem.model_copy(update={"start": left, "end": right, "suggestion": suggestion})


def _repeats(prompt: Prompt) -> int:
    repeat = prompt.parameters.get("repeat", 1)
    return repeat if isinstance(repeat, int) else 1


def _draw(prompt: Prompt, draw: Callable[[], int]) -> Prompt:
    """Fill in what chance decides."""
    changes: dict[str, Value] = {}
    if "seed" not in prompt.parameters:
        changes["seed"] = draw()
    styles = prompt.parameters.get("sref")
    if isinstance(styles, tuple):
        changes["sref"] = tuple(_drawn_styles(styles, draw))
    drawn = prompt.drawn | ({"seed"} & changes.keys())
    return replace(prompt.with_parameters(**changes), drawn=drawn)


def _drawn_styles(styles: Iterable[str | Weighted], draw: Callable[[], int]) -> Iterable[Weighted]:
    for style in styles:
        if isinstance(style, Weighted):
            is_random = style.value == "random"
            yield replace(style, value=str(draw())) if is_random else style
