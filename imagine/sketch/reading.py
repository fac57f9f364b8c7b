"""What a painter takes from the words: colours, hour, season, weather."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from imagine.sketch.shapes import Colour, hue

T = TypeVar("T")

COLOURS = {
    "red": "#c8402f",
    "crimson": "#a8243a",
    "scarlet": "#cf3a24",
    "orange": "#e0782c",
    "amber": "#e79a3c",
    "gold": "#d9a441",
    "golden": "#d9a441",
    "yellow": "#e6c04a",
    "green": "#4f8a4c",
    "emerald": "#2f8f6b",
    "olive": "#7c7f45",
    "teal": "#2f8a8c",
    "turquoise": "#3fb3b0",
    "cyan": "#4cc3d9",
    "blue": "#3f6fb5",
    "azure": "#4d93d6",
    "indigo": "#45408f",
    "violet": "#7d55b0",
    "purple": "#7a4a9e",
    "lavender": "#a48fce",
    "magenta": "#c0408f",
    "pink": "#e08fae",
    "rose": "#cf7186",
    "brown": "#7d5638",
    "bronze": "#a9753f",
    "copper": "#b96a3f",
    "silver": "#aab2ba",
    "white": "#e9e7e2",
    "grey": "#8c8f92",
    "gray": "#8c8f92",
    "black": "#26262a",
    "sepia": "#8b6b47",
    "pastel": "#e3c9d0",
}
HOURS = {
    "night": "night midnight moonlit moonlight moon nocturnal dark starry stars",
    "dusk": "dusk sunset evening twilight sundown",
    "dawn": "dawn sunrise morning early daybreak",
    "day": "day noon midday afternoon sunny bright daylight",
}
SEASONS = {
    "winter": "winter snow snowy snowfall ice icy frost frozen blizzard arctic cold",
    "autumn": "autumn fall october harvest",
    "spring": "spring april may blossom blossoms cherry bloom",
    "summer": "summer july tropical",
}
# Sayings that mean one of the words known here.
SAYINGS = {
    "first light": "dawn",
    "golden hour": "dusk",
    "blue hour": "dusk",
    "northern lights": "aurora",
    "black and white": "monochrome",
    "polar lights": "aurora",
}
RAIN = {"rain", "rainy", "raining", "storm", "stormy", "wet", "monsoon", "thunderstorm"}
FOG = {"fog", "foggy", "mist", "misty", "haze", "hazy"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a prompt, as far as they change a painting."""

    words: tuple[str, ...]
    # The colour said of the thing itself ("red fox"), and those said of anything else.
    own_colour: Colour | None
    tints: tuple[Colour, ...]
    hour: str | None
    season: str | None
    has_rain: bool
    has_fog: bool
    has_subject: bool = True
    # Fixed by words and seed; with the index it deals out what a set of four should not share.
    lot: str = ""
    index: int = 0

    def has(self, *words: str) -> bool:
        return any(word in self.words for word in words)

    def deal(self, what: str, options: Sequence[T]) -> T:
        """Return one of the options, another one for each picture of a set."""
        start = random.Random(f"{self.lot} {what}").randrange(len(options))
        return options[(start + self.index) % len(options)]

    def time(self, *hours: str) -> str:
        """Return the hour that was said, if it is among those offered, or one dealt out."""
        return self.hour if self.hour in hours else self.deal("hour", hours)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, in lower case, plurals as they are."""
    text = text.lower()
    for saying, word in SAYINGS.items():
        text = text.replace(saying, word)
    return tuple(re.findall(r"[a-z]+", text))


def read(
    text: str,
    avoid: str,
    things: frozenset[str],
    *,
    lot: str = "",
    index: int = 0,
    has_subject: bool = True,
) -> Reading:
    """Read a prompt. ``things`` are the nouns that a colour just before belongs to."""
    unwanted = set(words_of(avoid))
    words = tuple(word for word in words_of(text) if word not in unwanted)
    own: Colour | None = None
    tints = []
    for place, word in enumerate(words):
        if word not in COLOURS:
            continue
        if own is None and any(near in things for near in words[place + 1 : place + 3]):
            own = hue(COLOURS[word])
        else:
            tints.append(hue(COLOURS[word]))
    said = set(words)
    return Reading(
        words=words,
        own_colour=own,
        tints=tuple(tints[:2]),
        hour=_first(HOURS, said),
        season=_first(SEASONS, said),
        has_rain=bool(said & RAIN),
        has_fog=bool(said & FOG),
        has_subject=has_subject,
        lot=lot,
        index=index,
    )


def _first(groups: Mapping[str, str], said: set[str]) -> str | None:
    """Return the first group of which a word was said."""
    return next((name for name, words in groups.items() if said & set(words.split())), None)
