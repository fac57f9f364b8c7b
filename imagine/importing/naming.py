"""Names of parameters: from what a maker wrote over a node, and fit for a flag.

Conventions of other programs by which makers mark what is to be set are obeyed: ``param:strength``
and ``$strength`` as titles; the titles of Minimalistic Comfy Wrapper WebUI,
``<Label:category/tab:row/column> min, max, step``; and the inputs chosen for ComfyUI's App mode.

Source: Minimalistic-Comfy-Wrapper-WebUI, ``docs/titles.md``; ComfyUI_frontend, ``linearData``.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Units: characters.
LONGEST_NAME = 40

_WORDS = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Words with capitals of their own: each is one word. Others begin a new one with each capital.
_KNOWN = re.compile(
    r"KSampler|(?:Q?Lo|Do)RAs?|Lo(?:Ha|Kr)s?|LyCORIS|BBox(?:es)?|ControlNets?|IP-?Adapters?|UNets?"
    r"|YOLOv|ComfyUI|PuLID|MiDaS|FreeU|(?<![A-Za-z0-9])(?:[A-Z]{1,3}2[A-Z]{1,2}|[A-Z]{2,}s)"
    r"(?![A-Za-z0-9])"
)
# Templates of ComfyUI name a value by its type, and say in parentheses what it is for.
_TYPED = re.compile(
    r"^\s*(?:(?:Primitive\s+)?(?:Float|Int|Integer|Number|Boolean|Bool|Text|String)"
    r"|CLIP\s+Text\s+Encode)\s*"
    r"\((?!\s*multi-?line\s*\))(?P<name>[^()]+)\)\s*$",
    re.IGNORECASE,
)
_PARAM = re.compile(r"^\s*(?:param(?:eter)?|input)\s*:\s*(?P<name>[^:]+?)\s*$", re.IGNORECASE)
# With the input that is meant behind a dot: ``$width.value``.
_DOLLAR = re.compile(r"^\s*\$\{?(?P<name>[A-Za-z][\w -]*?)(?:\.(?P<input>\w+)!?)?\}?\s*$")
_WRAPPER = re.compile(
    r"^\s*<(?P<name>[^:<>]+):(?P<category>[^:<>/]+)(?:/[^:<>]*)?:[\d/.\s]+>\s*(?P<rest>.*)$"
)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_ASIDE = ("advanced", "output", "outputs")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a title says of a parameter: its name, whether it comes first, and its range.

    ``about``: the input of the node that it means, if it says so.
    """

    name: str
    is_main: bool = True
    is_output: bool = False
    range: tuple[float, ...] = ()
    about: str | None = None


def read_mark(title: str) -> Mark | None:
    """Return what a title marks; None for a title that is only one."""
    if found := _WRAPPER.match(title):
        category = found["category"].strip().lower()
        numbers = tuple(float(number) for number in _NUMBER.findall(found["rest"])[:3])
        is_output = category in ("output", "outputs")
        name = safe_name(found["name"])
        return Mark(name, category not in _ASIDE, is_output, numbers) if name else None
    found = _PARAM.match(title) or _DOLLAR.match(title)
    name = safe_name(found["name"]) if found else ""
    about = found.groupdict().get("input") if found else None
    return Mark(name, about=about) if name else None


def app_inputs(extra: Any) -> Iterator[tuple[str, str]]:
    """Yield node and widget of what the maker chose for ComfyUI's App mode, in that order."""
    data = extra.get("linearData") if isinstance(extra, Mapping) else None
    chosen = data.get("inputs") if isinstance(data, Mapping) else None
    for entry in chosen if isinstance(chosen, list) else ():
        if not isinstance(entry, list) or not entry:
            continue
        if isinstance(entry[0], str) and entry[0].count(":") >= 2:
            _, *node, widget = entry[0].split(":")  # newer: workflow, node, widget
            yield ":".join(node), widget
        elif len(entry) >= 2 and isinstance(entry[0], str | int) and isinstance(entry[1], str):
            yield str(entry[0]), entry[1]


def safe_name(text: str) -> str:
    """Return a text as a name in small letters, digits and low lines; "" when nothing is left.

    What little a text in another script has of such letters is no name.
    """
    if (typed := _TYPED.match(text)) and (meant := safe_name(typed["name"])):
        return meant
    decomposed = unicodedata.normalize("NFKD", text)
    if _is_of_another_script(decomposed):
        return ""
    plain = decomposed.encode("ascii", "ignore").decode()
    plain = _KNOWN.sub(lambda word: word[0].replace("-", "").capitalize(), plain)
    words = _WORDS.sub("_", _CAMEL.sub(" ", plain).lower()).strip("_")
    words = words.lstrip("0123456789_")
    return words[:LONGEST_NAME].rstrip("_")


def titled(title: str, name: str) -> str:
    """Return a name with a title in front, of which is left what there is room for."""
    room = LONGEST_NAME - len(name) - 1
    kept = title if len(title) <= room else title[: room + 1].rpartition("_")[0]
    return f"{kept}_{name}" if kept and room > 0 else name


def _is_of_another_script(decomposed: str) -> bool:
    """Say whether most of a text is not written in Latin letters; an ideogram counts twice."""
    letters = [one for one in decomposed if one.isalnum()]
    others = sum(1 + (unicodedata.east_asian_width(one) == "W") for one in letters if one > "\x7f")
    return others >= sum(one <= "\x7f" for one in letters) and others > 0


class Names:
    """Names that are given once: ``lora``, ``lora_2``, ``lora_3``."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: Counter[str] = Counter()

    def unique(self, name: str) -> str:
        """Return a name that is not taken, and take it."""
        found = name
        while found in self._taken:
            self._counts[name] += 1
            count = f"_{self._counts[name] + 1}"
            found = _shortened(name, LONGEST_NAME - len(count)) + count
        self._taken.add(found)
        return found


def _shortened(name: str, room: int) -> str:
    """Return a name for which there is room, with its last two words."""
    words = name.split("_")
    while len("_".join(words)) > room and len(words) > 1:
        del words[max(0, len(words) - 3)]
    return "_".join(words)[:room].rstrip("_")
