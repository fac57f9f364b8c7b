"""Reads what stands before the flags of a line: the links, and the words with their weights.

Apart from the reader of the flags, which has nothing in common with it but the findings.
"""

import re

from imagine.models import NoteLevel
from imagine.prompt import Segment
from imagine.prompt_findings import Findings
from imagine.prompt_loras import NOTHING
from imagine.prompt_tokens import (
    LINK_IN_TEXT,
    MISPLACED_LINK,
    NUMBER,
    SPACE,
    Flag,
    TokenKind,
    Word,
    clip,
    extent,
    tidy,
    unescape,
    words,
)
from imagine.prompt_values import BadValueError, read_link, read_part_weight, split_weight

_PARTS = re.compile(rf"::(?P<weight>{NUMBER}(?!\w))?")
# What Discord puts before a prompt; only signs, of which nothing is drawn, may stand before it.
_COMMAND = re.compile(
    rf"(?:(?:[{SPACE},.;]|\\,|::(?:{NUMBER}(?!\w))?+)*+"
    rf"(?:/?imagine[{SPACE}]++prompt[{SPACE}]*+:(?!:)|/imagine(?![^{SPACE}])))++[{SPACE}]*+",
    re.IGNORECASE,
)
_LOOSE_WEIGHT = re.compile(rf"[{SPACE}]{NUMBER}(?![^{SPACE}])")


class Front:
    """The references and the weighted parts of a line.

    ``line`` is the whole line as it is read; ``typed`` is its front, with marks where a tag leaves
    no gap.
    """

    def __init__(self, line: str, typed: str, findings: Findings) -> None:
        self.images: list[str] = []
        self.segments: list[Segment] = []
        self._line = line
        self._findings = findings
        self._canvas = findings.canvas
        self._read(typed)

    def _read(self, typed: str) -> None:
        end = len(typed)
        for word in words(self._line, 0, end):
            if read_link(word.text) is None:
                start = word.start
                break
            self._read_image(word)
        else:
            start = end
        left, right = extent(self._line, start, end)
        if left == right:
            return
        self._canvas.paint(left, right, TokenKind.TEXT, "What to draw")
        refuse_links(self._findings, self._line, left, right)
        self._read_parts(typed, left, right)
        self._findings.note_slips(self._line[left:right])

    def _read_image(self, word: Word) -> None:
        link = word.text.rstrip(",")
        if link != word.text:
            message = "The comma after a link was left out."
            self._findings.note(None, message, NoteLevel.INFO)
        bare, _ = split_weight(link, "::")
        if bare != link:
            message = "A link at the front takes no weight. Use --iw for all of them."
            self._findings.complain(
                *(word.start, word.end, message),
                parameter="images",
                value=word.text,
                suggestion=bare,
            )
        self.images.append(read_link(unescape(bare)) or bare)
        if bare == link:
            meaning = f"Picture {len(self.images)} to start from"
            self._canvas.paint(word.start, word.end, TokenKind.IMAGE, meaning)

    def _read_parts(self, typed: str, left: int, right: int) -> None:
        start = left
        marks = list(_PARTS.finditer(self._line, left, right))
        for mark in marks:
            weight = self._read_weight(mark)
            self._read_part(typed, start, mark.start(), weight, mark.group())
            start = mark.end()
        self._read_part(typed, start, right, 1.0, "" if marks else None)
        if self.segments and sum(segment.weight for segment in self.segments) <= 0:
            message = "The weights of all parts must add up to more than 0."
            self._findings.complain(left, right, message, allowed="a sum above 0")

    def _read_part(self, typed: str, start: int, end: int, weight: float, mark: str | None) -> None:
        """Read the words before a mark; None: the text has no marks, and is a single part."""
        text = tidy(unescape(typed[start:end]).replace(NOTHING, ""))
        if text and (mark is None or text.strip(" ,.;")):
            self.segments.append(Segment(text, weight))
        elif text:
            message = f"“{clip(text)}” was left out: there are no words in this part."
            self._canvas.paint(*extent(self._line, start, end), TokenKind.NOTE, message)
            self._findings.note(None, message)
        elif mark:
            message = f"{clip(mark)} was left out: there are no words before it."
            self._findings.note(None, message)

    def _read_weight(self, mark: re.Match[str]) -> float:
        try:
            weight = read_part_weight(mark["weight"])
        except BadValueError as error:
            message = f":: {error.complaint}."
            self._findings.complain(*mark.span(), message, value=mark["weight"])
            return 1.0
        meaning = f"Weight {weight:g}: how much the words before it count"
        self._canvas.paint(*mark.span(), TokenKind.WEIGHT, meaning)
        if mark["weight"] is None and (loose := _LOOSE_WEIGHT.match(self._line, mark.end())):
            number = clip(tidy(loose.group()))
            message = f"“:: {number}” was read as words. For a weight, write ::{number}."
            self._findings.note(None, message)
        return weight


def refuse_links(
    findings: Findings, line: str, left: int, right: int, flag: Flag | None = None
) -> None:
    """Complain of links where words should be."""
    for found in LINK_IN_TEXT.finditer(line, left, right):
        findings.complain(*found.span(), MISPLACED_LINK, flag=flag, value=found.group())


def command_end(line: str) -> int:
    """Return where ``/imagine prompt:`` ends at the front of a line; 0 when there is none."""
    found = _COMMAND.match(line)
    return found.end() if found is not None else 0
