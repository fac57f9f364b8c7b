r"""Permutations: ``{a, b}`` in a prompt makes one line, that is one job, for each option.

Apart from the reader, because groups may stand anywhere, inside names and values too: they are
opened first, on the bare text, and each line is then read as if it had been typed. A line knows
where each of its characters came from, so that a complaint points into the prompt as it was typed.
``\,`` is a comma inside an option; ``\{`` and ``\}`` stay escaped, for the reader.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from imagine.prompt_tokens import extent, is_space

MAX_DEPTH = 10

_SIGNS = re.compile(r"\\[{},]|[{},]")
_COMMA = re.compile(r"\\,")


@dataclass(frozen=True, slots=True)
class Literal:
    """A stretch of the prompt that is taken as it stands."""

    start: int
    end: int


@dataclass(slots=True)
class Group:
    """``{…}``: a choice of options. ``sizes`` is how many lines each option makes."""

    start: int
    options: list[list["Literal | Group"]] = field(default_factory=lambda: [[]])
    sizes: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(self.sizes)


Piece = Literal | Group


@dataclass(frozen=True, slots=True)
class BraceProblem:
    """A brace that has no partner, or that opens one group too many."""

    position: int
    message: str
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One opened prompt, and for each character the place in the source that it came from.

    ``origins`` are the places where these begin. ``ends`` are where they end: None when each is a
    single character, as everything is that was typed.
    """

    text: str
    origins: Sequence[int]
    ends: Sequence[int] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the source that a span of the line came from."""
        if not self.origins:
            return 0, 0
        last = len(self.origins) - 1
        left, right = min(start, last), min(max(end - 1, 0), last)
        return self.origins[left], self.origins[right] + 1 if self.ends is None else self.ends[
            right
        ]

    def is_whole(self, start: int, end: int) -> bool:
        """Tell whether a span was typed in one piece, and so can be replaced."""
        left, right = self.place(start, end)
        is_typed = self.ends is None or all(
            self.ends[place] - self.origins[place] == 1 for place in range(start, end)
        )
        return is_typed and right - left == end - start

    def without(self, spans: Sequence[tuple[int, int]]) -> "Line":
        """Return what is left of a typed line when some spans are cut out."""
        text, origins, start = "", list[int](), 0
        for left, right in [*spans, (len(self.text), len(self.text))]:
            text += self.text[start:left]
            origins += self.origins[start:left]
            start = right
        start, end = extent(text, 0, len(text))
        return Line(text[start:end], origins[start:end])


class Template:
    """A prompt with its groups found, but not yet opened.

    ``signs`` are the places of braces, separating commas, and backslashes of escaped commas.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.signs: list[int] = []
        self.problems: list[BraceProblem] = []
        self._top: list[Piece] = []
        self._open: list[Group] = []
        self._read()
        self.count = _count(self._top)

    def _read(self) -> None:
        start = 0
        for sign in _SIGNS.finditer(self.source):
            place, mark = sign.start(), sign.group()
            if mark == "\\," and self._open:
                self.signs.append(place)
            if len(mark) > 1 or (mark == "," and not self._open):
                continue
            if mark == "}" and not self._open:
                self._unpaired(place, "This } closes nothing.")
                continue
            if mark == "{" and len(self._open) == MAX_DEPTH:
                message = f"Groups go {MAX_DEPTH} deep. This one is deeper."
                self.problems.append(BraceProblem(place, message))
                return
            self.signs.append(place)
            self._inner().append(Literal(start, place))
            start = place + 1
            self._sign(mark, place)
        self._inner().append(Literal(start, len(self.source)))
        for group in self._open:
            self._unpaired(group.start, "This { is not closed.")

    def _inner(self) -> list[Piece]:
        return self._open[-1].options[-1] if self._open else self._top

    def _sign(self, mark: str, place: int) -> None:
        if mark == "{":
            self._open.append(Group(place))
            return
        group = self._open[-1]
        self._trim(group.options[-1])
        group.sizes.append(_count(group.options[-1]))
        if mark == ",":
            group.options.append([])
            return
        self._open.pop()
        self._inner().append(group)

    def _trim(self, option: list[Piece]) -> None:
        """Drop the spaces around the separators."""
        if isinstance(first := option[0], Literal):
            option[0] = Literal(extent(self.source, first.start, first.end)[0], first.end)
        if isinstance(last := option[-1], Literal):
            option[-1] = Literal(last.start, extent(self.source, last.start, last.end)[1])

    def _unpaired(self, place: int, fault: str) -> None:
        escaped = f"\\{self.source[place]}"
        message = f"{fault} For a brace in the text, write {escaped}."
        self.problems.append(BraceProblem(place, message, escaped))

    def line(self, index: int) -> Line:
        """Open the groups for one job; the first group varies slowest."""
        if not self.signs:
            return Line(self.source, range(len(self.source)))
        pen = _Pen(self.source)
        _write(self._top, index, pen, is_option=False)
        return pen.line()


class _Pen:
    """Writes a line, piece by piece, and remembers where each character came from."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._characters: list[str] = []
        self._origins: list[int] = []

    def write(self, piece: Literal, *, is_option: bool) -> None:
        start = piece.start
        if not self._characters or is_space(self._characters[-1]):
            start = extent(self._source, start, piece.end)[0]
        if is_option:
            for comma in _COMMA.finditer(self._source, start, piece.end):
                self._copy(start, comma.start())
                self._comma(comma.start())
                start = comma.end()
        self._copy(start, piece.end)

    def line(self) -> Line:
        self._drop_spaces()
        return Line("".join(self._characters), self._origins)

    def _copy(self, start: int, end: int) -> None:
        self._characters += self._source[start:end]
        self._origins += range(start, end)

    def _comma(self, place: int) -> None:
        """Write a plain comma, unless a backslash before it would escape it once more."""
        self._drop_spaces()
        is_plain = not self._characters or self._characters[-1] != "\\"
        self._copy(place + 1 if is_plain else place, place + 2)

    def _drop_spaces(self) -> None:
        while self._characters and is_space(self._characters[-1]):
            self._characters.pop()
            self._origins.pop()


def _write(pieces: Sequence[Piece], index: int, pen: _Pen, *, is_option: bool) -> None:
    choices: dict[int, int] = {}
    for place in range(len(pieces) - 1, -1, -1):
        piece = pieces[place]
        if isinstance(piece, Group):
            index, choices[place] = divmod(index, piece.count)
    for place, piece in enumerate(pieces):
        if isinstance(piece, Literal):
            pen.write(piece, is_option=is_option)
            continue
        choice = choices[place]
        for option, size in zip(piece.options, piece.sizes, strict=True):
            if choice < size:
                _write(option, choice, pen, is_option=True)
                break
            choice -= size


def _count(pieces: Sequence[Piece]) -> int:
    return math.prod(piece.count for piece in pieces if isinstance(piece, Group))
