"""Wildcards: ``__animals__`` in a prompt stands for one line of the list of that name.

Apart from the parser, because they are filled in before a line is read, once its seed is known. The
choice (`imagine.chance.pick`) depends on the seed, the name, how often that name stood before in
the prompt, and the lines of the list. So no other wildcard, and no new line but the chosen one, can
change a choice.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from imagine.chance import pick
from imagine.prompt import Vocabulary
from imagine.prompt_expansion import Line
from imagine.prompt_tokens import SPACE, printable, tidy

MAX_DEPTH = 10
MAX_WILDCARDS = 50
# Every line of a list is looked at for a choice, and a prompt may make forty times as many.
MAX_COMPARED = 200_000

# What a choice depends on: the seed, then each name with how often it stood before, inwards.
Key = tuple[int | str, ...]

# A name has letters, digits, `-`, `_` and `/`. What looks like one in a web address is none.
_WILDCARD = re.compile(
    rf"(?i:https?://|(?<!\w)s\.mj\.run/)[^{SPACE}]*+"
    r"|__(?P<name>[^\W_]++(?:(?:_(?!_)|[-/]++)[^\W_]++)*+)__"
)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """One ``__name__`` in a line. ``name`` is as it was typed."""

    start: int
    end: int
    name: str

    @property
    def typed(self) -> str:
        return f"__{self.name}__"


class WildcardError(Exception):
    """A wildcard that cannot be filled in; the sentence says why. The place is in the line."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


def is_wildcard_name(name: str) -> bool:
    """Tell whether ``__name__`` can be typed."""
    found = _WILDCARD.fullmatch(f"__{name}__")
    return found is not None and found["name"] == name


def wildcards(text: str) -> Iterator[Wildcard]:
    """Find whatever looks like a wildcard, known or not."""
    for found in _WILDCARD.finditer(text):
        if found["name"] is not None:
            yield Wildcard(found.start(), found.end(), found["name"])


def known_wildcards(text: str, vocabulary: Vocabulary) -> list[Wildcard]:
    """Find the wildcards that can be filled in."""
    if not vocabulary.wildcards:
        return []
    return [found for found in wildcards(text) if vocabulary.find_wildcard(found.name) is not None]


def fill(line: Line, seed: int, vocabulary: Vocabulary) -> Line:
    """Return the line with a choice in place of each known wildcard.

    Raises:
        WildcardError: a list leads back to itself, or too much would come of it.
    """
    filler = _Filler(seed, vocabulary)
    pieces, origins, ends, start = [""], list[int](), list[int](), 0
    for found in known_wildcards(line.text, vocabulary):
        chosen = filler.choice(found)
        left, right = line.place(found.start, found.end)
        typed = line.origins[start : found.start]
        pieces += [line.text[start : found.start], chosen]
        origins += [*typed, *[left] * len(chosen)]
        ends += [*(place + 1 for place in typed), *[right] * len(chosen)]
        start = found.end
    text = "".join((*pieces, line.text[start:]))
    if len(text) > vocabulary.max_characters:
        raise filler.too_long()
    if new := known_wildcards(text, vocabulary):
        message = f"Filled in, this spells {new[0].typed}. Put a space between the wildcards."
        raise WildcardError(message, 0, len(line.text))
    rest = line.origins[start:]
    return Line(text, [*origins, *rest], [*ends, *(place + 1 for place in rest)])


class _Filler:
    """Makes the choices of one line, and those that the chosen lines ask for in turn."""

    def __init__(self, seed: int, vocabulary: Vocabulary) -> None:
        self._seed = seed
        self._vocabulary = vocabulary
        self._top = Wildcard(0, 0, "")
        self._seen: Counter[str] = Counter()
        self._count = 0
        self._compared = 0

    def choice(self, found: Wildcard) -> str:
        """Return what a wildcard of the prompt itself becomes."""
        self._top = found
        return self._choice(found, self._seen, (self._seed,), ())

    def too_long(self) -> WildcardError:
        most = self._vocabulary.max_characters
        return self._refusal(
            f"With its wildcards filled in, a prompt has at most {most:,} characters."
        )

    def _choice(self, found: Wildcard, seen: Counter[str], key: Key, trail: tuple[str, ...]) -> str:
        name = self._vocabulary.find_wildcard(found.name)
        assert name is not None, "only known ones are filled in"
        if name in trail:
            loop = " → ".join(f"__{step}__" for step in (*trail[trail.index(name) :], name))
            raise self._refusal(f"This wildcard leads back to itself: {loop}.")
        if len(trail) == MAX_DEPTH:
            raise self._refusal(f"Wildcards go {MAX_DEPTH} deep, and this one goes deeper.")
        self._count += 1
        if self._count > MAX_WILDCARDS:
            raise self._refusal(f"At most {MAX_WILDCARDS} wildcards are filled in.")
        lines = self._vocabulary.wildcards[name]
        self._compared += len(lines)
        if self._compared > MAX_COMPARED:
            raise self._refusal("These are too many wildcards for lists so long.")
        key = (*key, name, seen[name])
        seen[name] += 1
        chosen = tidy(printable(pick(lines, *key)))
        return self._filled(chosen, key, (*trail, name))

    def _filled(self, text: str, key: Key, trail: tuple[str, ...]) -> str:
        pieces, start, seen = "", 0, Counter[str]()
        for found in known_wildcards(text, self._vocabulary):
            pieces += text[start : found.start] + self._choice(found, seen, key, trail)
            start = found.end
            if len(pieces) > self._vocabulary.max_characters:
                raise self.too_long()
        return pieces + text[start:]

    def _refusal(self, message: str) -> WildcardError:
        return WildcardError(message, self._top.start, self._top.end)
