"""The letters of the prompt language: where flags begin, what a word is, what covers which place.

Apart from the reader, so that "is this a flag or words?" is answered in one place, without knowing
any flag. All positions count code points of the line that was given.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from imagine.links import OWN_LINK

# Zero-width spaces and marks of direction come along when people paste from web pages; joiners
# inside emoji do not count.
SPACE = r"\s\u200b\u200e\u200f\u2060\ufeff"
NUMBER = r"-?(?:[0-9]++(?:\.[0-9]++)?+|\.[0-9]++)"

_DASHES = r"\-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
_LONG_DASHES = r"\u2012\u2013\u2014\u2015"

# A flag begins at the start, after a space, or after the weight of a part (`cat::2--ar 16:9`).
_BEGIN = rf"(?:[{_DASHES}]{{2}}|[{_LONG_DASHES}])(?=[^\W\d_])"
_FLAG = re.compile(
    rf"(?:\A|[{SPACE}]|::(?:{NUMBER})?+)"
    rf"(?P<dashes>{_BEGIN})(?P<name>[^{SPACE}=]++)(?:=(?!{_BEGIN}))?"
)
_WORD = re.compile(rf"[^{SPACE}]+")
_SPACES = re.compile(rf"[{SPACE}]+")
_ESCAPE = re.compile(r"\\([{},])")
_NEEDS_ESCAPE = re.compile(r"(?<=\\),|[{}]")

# What looks as if a flag was meant: `fox--ar`, `---ar`, `-ar`, and `-- ar 2`.
_SLIP = re.compile(
    rf"(?:(?<=[^{SPACE}{_DASHES}])[{_DASHES}]{{2}}|[{_DASHES}]{{3}}|(?<![^{SPACE}])-"
    rf"|(?<![^{SPACE}])[{_DASHES}]{{1,2}}[ ](?=[a-z-]{{1,12}}[ ][0-9.]))"
    r"(?P<name>[a-z][a-z-]{0,12})(?![a-z-])",
    re.IGNORECASE,
)

# A link among words is a slip; right after a quote mark it is words to be drawn.
LINK_IN_TEXT = re.compile(
    rf"(?<![\"'“‘«„])(?:(?i:https?://|(?<!\w)s\.mj\.run/)[^{SPACE}]+|(?<!\w)(?:{OWN_LINK})(?!\w))"
)
MISPLACED_LINK = "Links stand at the front, or after a flag such as --sref."

# They end a PNG text chunk early, or cannot be written as UTF-8 at all.
FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff]+")


class TokenKind(StrEnum):
    """What a span of the prompt is; the page colours by it."""

    TEXT = "text"
    IMAGE = "image"
    FLAG = "flag"
    VALUE = "value"
    ERROR = "error"
    NOTE = "note"
    WEIGHT = "weight"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Token:
    """A coloured span with a short explanation."""

    start: int
    end: int
    kind: TokenKind
    meaning: str


@dataclass(frozen=True, slots=True)
class Word:
    """What stands between two spaces."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Flag:
    """One ``--name`` with everything up to the next; ``body`` is where the name has ended."""

    start: int
    body: int
    end: int
    name: str

    @property
    def typed(self) -> str:
        """The flag as a sentence names it."""
        return f"--{self.name.lower()}"


def flags(line: str) -> list[Flag]:
    """Find every place where a flag begins."""
    found = [(match.start("dashes"), match.end(), match["name"]) for match in _FLAG.finditer(line)]
    ends = [*(start for start, _, _ in found[1:]), len(line)]
    return [Flag(start, body, ends[k], name) for k, (start, body, name) in enumerate(found)]


def words(line: str, start: int, end: int) -> Iterator[Word]:
    for match in _WORD.finditer(line, start, end):
        yield Word(match.start(), match.end(), match.group())


def extent(line: str, start: int, end: int) -> tuple[int, int]:
    """Return the same span without the spaces at its edges."""
    part = line[start:end]
    lead = _SPACES.match(part)
    if lead is not None:
        start += lead.end()
    while end > start and _SPACES.match(line[end - 1]):
        end -= 1
    return start, end


def is_space(character: str) -> bool:
    return _SPACES.match(character) is not None


def tidy(text: str) -> str:
    """Return the text with single spaces between its words."""
    return _SPACES.sub(" ", text).strip(" ")


def unescape(text: str) -> str:
    r"""Read ``\{``, ``\}`` and ``\,`` as the plain character."""
    return _ESCAPE.sub(r"\1", text)


def escape(text: str) -> str:
    """Write text so that ``unescape`` gives it back and no brace opens a group."""
    return _NEEDS_ESCAPE.sub(r"\\\g<0>", text)


def printable(text: str) -> str:
    """Replace what cannot be kept, character by character, so that it can be quoted."""
    return FORBIDDEN.sub(lambda found: "\ufffd" * len(found.group()), text)


def clip(text: str) -> str:
    """Shorten what is quoted in a sentence."""
    return text if len(text) <= 40 else f"{text[:39]}…"


def slips(text: str) -> list[tuple[str, str]]:
    """Find what looks like a mistyped flag: (what stands there, the name it seems to mean)."""
    return [(match.group().strip(), match["name"].lower()) for match in _SLIP.finditer(text)]


class Canvas:
    """A line that is painted with tokens; what is painted later lies on top."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.cells: list[int] = [0] * len(line)
        self.styles: list[tuple[TokenKind, str]] = [(TokenKind.TEXT, "")]

    def paint(self, start: int, end: int, kind: TokenKind, meaning: str) -> None:
        self.styles.append((kind, meaning))
        self.cells[start:end] = [len(self.styles) - 1] * (end - start)

    def transfer(self, other: "Canvas", origins: Sequence[int]) -> None:
        """Paint what is still bare with the colours of a line made from this one."""
        offset = len(self.styles)
        self.styles += other.styles
        for cell, origin in zip(other.cells, origins, strict=True):
            if cell and not self.cells[origin]:
                self.cells[origin] = cell + offset

    def fill(self, kind: TokenKind, meaning: str) -> None:
        """Paint whatever is still bare."""
        self.styles.append((kind, meaning))
        self.cells = [cell or len(self.styles) - 1 for cell in self.cells]

    def tokens(self) -> tuple[Token, ...]:
        """Return the painted spans in order, without spaces at their edges."""
        found: list[Token] = []
        start = 0
        for position in range(1, len(self.cells) + 1):
            if position < len(self.cells) and self.cells[position] == self.cells[start]:
                continue
            if self.cells[start]:
                left, right = extent(self.line, start, position)
                if left < right:
                    found.append(Token(left, right, *self.styles[self.cells[start]]))
            start = position
        return tuple(found)
