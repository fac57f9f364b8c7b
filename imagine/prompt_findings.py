"""What a reader finds in a line besides its meaning: problems, notes, colours, near misses.

Apart from the reader, which decides; here it is put into words and places.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from imagine.errors import Detail
from imagine.models import Note, NoteLevel
from imagine.parameters import Arity, Parameter
from imagine.prompt import Vocabulary
from imagine.prompt_loras import LoraTag
from imagine.prompt_tokens import Canvas, Flag, TokenKind, Word, clip, extent, slips
from imagine.prompt_values import BadValueError, read_word

_GLUED = re.compile(r"([a-z]+(?:-[a-z]+)?)[:=]*(-?[.0-9].*)", re.IGNORECASE)
_MOST_SUGGESTIONS = 20
_MOST_NOTES = 20
_LONGEST_NAME = 30


class Findings:
    """Problems, notes and colours of one line, in the order in which they were found.

    ``open_places`` will be filled in later (wildcards); what touches one is no problem yet.
    """

    def __init__(
        self, line: str, vocabulary: Vocabulary, open_places: Sequence[tuple[int, int]] = ()
    ) -> None:
        self.line = line
        self.vocabulary = vocabulary
        self._open_places = open_places
        self.canvas = Canvas(line)
        self.problems: list[Detail] = []
        self.notes: list[Note] = []
        self._suggestions = 0

    # ----------------------------------------------------------------------------------- notes

    def note(
        self, parameter: str | None, message: str, level: NoteLevel = NoteLevel.WARNING
    ) -> None:
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(Note(parameter=parameter, level=level, message=message))

    def note_slips(self, text: str) -> None:
        """Say which words look like flags that were not read as flags."""
        for typed, name in slips(text):
            row = self.vocabulary.find(name)
            if row is not None and (len(name) > 1 or "--" in typed):
                self.note(
                    row.name,
                    f"“{typed}” was read as words. For the flag, write --{name} after a space.",
                )

    def note_legacy(self, row: Parameter) -> None:
        instead = f" Use {row.instead}." if row.instead else ""
        owner = f"Midjourney {row.versions}" if row.versions[0].isdigit() else "test models"
        self.note(row.name, f"{row.flag} was left out: it belongs to {owner}.{instead}")

    # -------------------------------------------------------------------------------- problems

    def complain(
        self,
        start: int,
        end: int,
        message: str,
        *,
        flag: Flag | None = None,
        parameter: str | None = None,
        value: str | None = None,
        allowed: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        """Take down that a place is wrong, with the flag or else the parameter that it is about."""
        if self._is_open(start, end):
            self.canvas.paint(start, end, TokenKind.GROUP, "Read once the wildcards are chosen")
            return
        self.canvas.paint(start, end, TokenKind.ERROR, message)
        self.problems.append(
            Detail(
                parameter=flag.name.lower() if flag is not None else parameter,
                value=value,
                allowed=allowed,
                start=start,
                end=end,
                suggestion=suggestion,
                message=message,
            )
        )

    def _is_open(self, start: int, end: int) -> bool:
        behind = bisect_left(self._open_places, (end, end))
        return behind > 0 and self._open_places[behind - 1][1] > start

    def complain_of_name(self, flag: Flag, models: frozenset[str]) -> None:
        """There is no such flag; its value is not words either."""
        end = flag.start + len(self.line[flag.start : flag.body].removesuffix("="))
        self.canvas.paint(end, flag.end, TokenKind.VALUE, "The value of an unknown flag")
        near = self._near_flag(flag.name, models)
        message = f"There is no {clip(f'--{flag.name}')}."
        if near is not None:
            message += f" Did you mean {near}?"
        if self.line[flag.start] != "-":
            message += " For words, put a space after the dash."
        self.complain(flag.start, end, message, flag=flag, suggestion=near)

    def complain_of_flag(
        self,
        row: Parameter,
        flag: Flag,
        message: str,
        *,
        allowed: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        """A flag is wrong as a whole."""
        end = extent(self.line, flag.start, flag.end)[1]
        self.complain(
            flag.start,
            end,
            message,
            flag=flag,
            allowed=allowed or row.range,
            suggestion=suggestion,
        )

    def complain_of_value(
        self, row: Parameter, flag: Flag, word: Word, error: BadValueError
    ) -> None:
        """The value of a flag cannot be; the span holds both, and ends with the value."""
        message, suggestion = f"{flag.typed} {error.complaint}.", error.suggestion
        if row.name == "seed" and word.text.lower() in ("-1", "random"):
            message, suggestion = "Leave --seed out, and a new one is drawn.", None
        bare = word.text.rstrip(",.;")
        if bare not in ("", word.text) and suggestion == bare:
            message = f"Take out the “{word.text[len(bare) :]}” after {flag.typed} {bare}."
        self.complain(
            flag.start,
            word.end,
            message,
            flag=flag,
            value=word.text,
            allowed=row.range,
            suggestion=suggestion,
        )
        self.canvas.paint(flag.start, flag.body, TokenKind.FLAG, row.hint)

    def complain_of_item(
        self, row: Parameter, flag: Flag, word: Word, error: BadValueError
    ) -> None:
        """One item of a list cannot be; the others stand."""
        message = f"{flag.typed} {error.complaint}."
        self.complain(
            word.start,
            word.end,
            message,
            flag=flag,
            value=word.text,
            allowed=row.range,
            suggestion=error.suggestion,
        )

    def complain_of_tag(self, tag: LoraTag, error: BadValueError) -> None:
        """A LoRA among the words cannot be."""
        message = f"This <lora:…> {error.complaint}."
        name = Flag(tag.start, tag.start, tag.end, "lora")
        allowed = "<lora:NAME:weight>, -10 to 10"
        self.complain(
            tag.start, tag.end, message, flag=name, allowed=allowed, suggestion=error.suggestion
        )

    # ----------------------------------------------------------------------------- near misses

    def _near_flag(self, typed: str, models: frozenset[str]) -> str | None:
        """Return what was probably meant: ``--ar 16:9`` for ``--ar16:9``."""
        name = typed.strip(",.;:!?").lower()
        if self.vocabulary.find(name) is not None:
            return f"--{name}"
        glued = _GLUED.fullmatch(typed.rstrip(",.;"))
        if glued is not None and (row := self.vocabulary.find(glued[1])) is not None:
            return self._unglued(row, glued[1].lower(), glued[2], models)
        self._suggestions += 1
        if self._suggestions > _MOST_SUGGESTIONS:
            return None
        near = near_name(name.replace("_", "-"), self.vocabulary.by_flag)
        return f"--{near}" if near is not None else None

    def _unglued(self, row: Parameter, name: str, value: str, models: frozenset[str]) -> str:
        if row.arity is Arity.NONE:
            return f"--{name}"
        try:
            read_word(row, value, models)
        except BadValueError:
            return f"--{name}"
        return f"--{name} {value}"


def near_name(typed: str, known: Collection[str]) -> str | None:
    """Return the known name that a mistyped or half-typed one is nearest to."""
    if len(typed) > _LONGEST_NAME:
        return None
    begun = [name for name in known if len(typed) > 2 and name.startswith(typed)]
    if begun:
        # Of text_to_image and text_to_image_flux the one that has nothing more.
        return min((name for name in begun if begun[0].startswith(name)), key=len)
    near = get_close_matches(typed, known, n=1)
    return near[0] if near else None
