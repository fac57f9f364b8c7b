"""A prompt under study: its lines opened, read and filled in, its problems gathered.

Apart from the front door, which says what may be asked of a prompt; here is how it is found out.
All places are places of what was typed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imagine.errors import Detail, PromptError
from imagine.models import Note, NoteLevel
from imagine.parameters import MAX_JOBS
from imagine.prompt import Prompt, Vocabulary
from imagine.prompt_expansion import Line, Template
from imagine.prompt_findings import near_name
from imagine.prompt_options import apply_options
from imagine.prompt_reader import Reading
from imagine.prompt_tokens import FORBIDDEN, Canvas, TokenKind, clip, extent, printable
from imagine.prompt_values import Value, Weighted
from imagine.prompt_wildcards import Wildcard, WildcardError, fill, known_wildcards, wildcards

MOST_COUNTED = 1_000_000
# Of a prompt that makes too many lines, so many are read, for their colours.
_SAMPLE = 8
# When a line alone has so many problems, the other lines are not read.
_ENOUGH_PROBLEMS = 100
# Names that nobody knows are compared with at most so many wildcards.
_MOST_COMPARED = 5
_BRACE = "{ } and , make one set for each option"


@dataclass(frozen=True, slots=True)
class Draft:
    """One line and its prompt. ``is_open``: it has wildcards, and the prompt is not filled in."""

    line: Line
    reading: Reading
    prompt: Prompt
    is_open: bool


class Study:
    """A prompt with its lines read and its problems gathered, in places of what was typed.

    Wildcards are filled in where the seed is given, and else for each job; with ``is_plain`` they
    are words like all others.
    """

    def __init__(
        self,
        text: str,
        vocabulary: Vocabulary,
        options: Mapping[str, Any] | None = None,
        *,
        uploads: int = 0,
        is_plain: bool = False,
        is_fragment: bool = False,
    ) -> None:
        self.typed = text
        # Whatever cannot be kept is replaced before it is quoted in a message.
        self.source = printable(text)
        self.vocabulary = vocabulary
        self.canvas = Canvas(self.source)
        self.problems: list[Detail] = []
        self.drafts: list[Draft] = []
        self._options = options or {}
        self._uploads = uploads
        self._is_plain = is_plain
        self._is_fragment = is_fragment
        self._near: dict[str, str | None] = {}
        self._read(Template(self.source[: vocabulary.max_characters]))
        self._check_characters(text)
        self._check_length()

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The prompts of the lines, before ``--repeat``."""
        return tuple(draft.prompt for draft in self.drafts)

    def refuse(self) -> None:
        """Raise everything that was found, if anything was."""
        if not self.problems:
            return
        first, *_ = problems = self.sorted_problems()
        code = "invalid_parameter" if first.parameter is not None else "invalid_prompt"
        message = first.message or ""
        if message.startswith("Empty prompt"):
            code = "empty_prompt"
        raise PromptError(message, details=problems, code=code)

    def sorted_problems(self) -> tuple[Detail, ...]:
        """Return the problems in the order of their places; those of options have none."""
        return tuple(
            sorted(self.problems, key=lambda found: (found.start is None, found.start or 0))
        )

    def jobs(self, draw: Callable[[], int]) -> list[Prompt]:
        """Return one prompt for each job, with everything filled in that chance decides.

        Raises:
            PromptError: a wildcard brought what cannot be.
        """
        jobs = []
        for draft in self.drafts:
            repeats = _repeats(draft.prompt)
            single = self._without_repeat(draft)
            jobs += [replace(self._job(single, draw), repeated=repeats) for _ in range(repeats)]
        self.refuse()
        return jobs

    # --------------------------------------------------------------------------------- one line

    def _read_line(self, line: Line) -> None:
        known = self._known(line)
        reading = self._reading(line, known)
        for wildcard in known:
            reading.canvas.paint(
                wildcard.start, wildcard.end, TokenKind.GROUP, self._meaning(wildcard)
            )
        self.canvas.transfer(reading.canvas, line.origins)
        problems = len(self.problems)
        prompt = self._finished(reading, line)
        self._refuse_open_repeats(reading, line, known)
        seed = prompt.parameters.get("seed")
        is_open = bool(known)
        if known and isinstance(seed, int) and len(self.problems) == problems:
            prompt, is_open = self._filled(line, seed, prompt), False
        notes = (_open_note(self._meaning(wildcard), wildcard) for wildcard in known if is_open)
        self.drafts.append(Draft(line, reading, prompt.with_notes(*notes), is_open))

    def _known(self, line: Line) -> list[Wildcard]:
        return [] if self._is_plain else known_wildcards(line.text, self.vocabulary)

    def _reading(self, line: Line, open_wildcards: Iterable[Wildcard] = ()) -> Reading:
        return Reading(
            line.text,
            self.vocabulary,
            uploads=self._uploads,
            is_fragment=self._is_fragment,
            open_places=[(wildcard.start, wildcard.end) for wildcard in open_wildcards],
        )

    def _finished(self, reading: Reading, line: Line) -> Prompt:
        """Return the prompt of a line with the options in it; what is wrong is gathered."""
        prompt = reading.prompt().with_notes(*self._unknown(line.text))
        problems = [_moved(problem, line) for problem in reading.problems]
        try:
            prompt = apply_options(prompt, self._options, self.vocabulary)
        except PromptError as error:
            problems += error.details
        self.problems = list(dict.fromkeys(self.problems + problems))
        return prompt

    def _filled(self, line: Line, seed: int, draft: Prompt) -> Prompt:
        """Return the prompt of a line with its wildcards chosen; its source stays as typed."""
        try:
            filled = fill(line, seed, self.vocabulary)
        except WildcardError as error:
            start, end = line.place(error.start, error.end)
            self._complain(start, end, error.message)
            return draft
        reading = self._reading(filled)
        for problem in reading.problems:
            start, end = filled.place(problem.start or 0, problem.end or 0)
            self.canvas.paint(start, end, TokenKind.ERROR, problem.message or "")
        prompt = self._finished(reading, filled)
        repeat = draft.parameters.get("repeat")
        if reading.repeats and prompt.parameters.get("repeat") != repeat:
            message = "The --repeat of a wildcard was left out. Write it in the prompt."
            prompt = prompt.with_notes(Note(parameter="repeat", message=message))
        prompt = prompt.with_parameters(repeat=repeat)
        return replace(prompt, source=line.text, tokens=draft.tokens)

    def _refuse_open_repeats(self, reading: Reading, line: Line, known: Iterable[Wildcard]) -> None:
        """How many jobs there are must be known before anything is chosen."""
        for start, end in reading.repeats:
            if any(start < wildcard.end and wildcard.start < end for wildcard in known):
                left, right = line.place(*extent(line.text, start, end))
                message = "--repeat takes a number, and none from a wildcard."
                self._complain(left, right, message, parameter="repeat")

    # ------------------------------------------------------------------------------------- jobs

    def _without_repeat(self, draft: Draft) -> Draft:
        """Return a line as if ``--repeat`` had not been typed."""
        if not draft.reading.repeats:
            return draft
        line = draft.line.without(draft.reading.repeats)
        known = self._known(line)
        prompt = self._finished(self._reading(line, known), line)
        return replace(draft, line=line, prompt=prompt, is_open=bool(known))

    def _job(self, draft: Draft, draw: Callable[[], int]) -> Prompt:
        """Fill in what chance decides."""
        prompt = draft.prompt.with_parameters(repeat=None)
        given = prompt.parameters.get("seed")
        seed = given if isinstance(given, int) else draw()
        if draft.is_open:
            prompt = self._filled(draft.line, seed, prompt)
        changes: dict[str, Value] = {}
        if "seed" not in prompt.parameters:
            changes["seed"] = seed
        styles = prompt.parameters.get("sref")
        if isinstance(styles, tuple):
            changes["sref"] = tuple(_drawn_styles(styles, draw))
        drawn = prompt.drawn | ({"seed"} & changes.keys())
        return replace(prompt.with_parameters(**changes), drawn=drawn)

    # -------------------------------------------------------------------------------- wildcards

    def _meaning(self, wildcard: Wildcard) -> str:
        name = self.vocabulary.find_wildcard(wildcard.name) or wildcard.name
        return f"One of {len(self.vocabulary.wildcards[name]):,} lines of {name}"

    def _unknown(self, text: str) -> Iterable[Note]:
        """Say which names of wildcards nobody knows."""
        for wildcard in wildcards(text):
            if self.vocabulary.find_wildcard(wildcard.name) is not None:
                continue
            name = clip(wildcard.typed)
            message = f"There is no wildcard {name}: it stayed as it is."
            if (near := self._near_wildcard(wildcard.name)) is not None:
                message += f" Did you mean __{near}__?"
            yield Note(message=message)

    def _near_wildcard(self, name: str) -> str | None:
        if name not in self._near and len(self._near) < _MOST_COMPARED:
            self._near[name] = near_name(name, self.vocabulary.wildcards)
        return self._near.get(name)

    # --------------------------------------------------------------------------------- all lines

    def _read(self, template: Template) -> None:
        self.count = template.count
        if template.problems:
            line = Line(template.source, range(len(template.source)))
            self.canvas.transfer(self._reading(line).canvas, line.origins)
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
        if len(self.drafts) == template.count:
            self.count = sum(_repeats(prompt) for prompt in self.prompts)
        else:
            self.canvas.fill(TokenKind.TEXT, "What to draw")

    def _refuse_count(self, template: Template) -> None:
        count = f"{self.count}" if self.count <= MOST_COUNTED else "more than a million"
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
        **more: str | None,
    ) -> None:
        self.canvas.paint(start, end, TokenKind.ERROR, message)
        self.problems.append(Detail(start=start, end=end, message=message, **more))


def _open_note(meaning: str, wildcard: Wildcard) -> Note:
    message = f"{clip(wildcard.typed)} is chosen with the seed: {meaning[0].lower()}{meaning[1:]}."
    return Note(level=NoteLevel.INFO, message=message)


def _moved(problem: Detail, line: Line) -> Detail:
    """Return the problem in places of the source; what was typed in pieces has no quick fix."""
    start, end = problem.start or 0, problem.end or 0
    if problem.value is not None and not line.is_whole(start, end):
        start = end - len(problem.value)
    left, right = line.place(start, end)
    changes: dict[str, Any] = {"start": left, "end": right}
    if not line.is_whole(start, end):
        changes["suggestion"] = None
        if line.ends is not None:
            changes["message"] = f"{problem.message} It comes from a wildcard."
    return problem.model_copy(update=changes)


def _repeats(prompt: Prompt) -> int:
    repeat = prompt.parameters.get("repeat", 1)
    return repeat if isinstance(repeat, int) else 1


def _drawn_styles(styles: Iterable[str | Weighted], draw: Callable[[], int]) -> Iterable[Weighted]:
    for style in styles:
        if isinstance(style, Weighted):
            is_random = style.value == "random"
            yield replace(style, value=str(draw())) if is_random else style
