"""Names of model files: how they are compared, and which installed one somebody meant.

ComfyUI lists a file by its path below the models folder, with backslashes on Windows. People type
less: no folder, no extension, other separators. Apart from the catalog, because the builder, the
profiles and the preflight all compare names, and must agree.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

EXTENSIONS = (".safetensors", ".sft", ".ckpt", ".pth", ".pt2", ".pt", ".bin", ".pkl", ".gguf")
# The least likeness at which a name is still worth suggesting, and worth taking.
SUGGESTED = 0.55
TAKEN = 0.84
# The likeness of a name that begins with what was typed.
BEGUN = 0.9

_DIGITS = re.compile(r"\d+")
_SEPARATORS = re.compile(r"[^0-9a-z]+")


def basename(name: str) -> str:
    """Return the last part of a path, whichever separator it has."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


@lru_cache(maxsize=20_000)
def stem(name: str) -> str:
    """Return the file name in lower case, without folder and model extension."""
    return _without_extension(basename(name).lower())


@lru_cache(maxsize=20_000)
def plain(name: str) -> str:
    """Return a name with every run of other characters than letters and digits as one hyphen."""
    return _SEPARATORS.sub("-", _without_extension(name.lower())).strip("-")


def find(wanted: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the installed names that ``wanted`` can mean: one is sure, several are ambiguous.

    Tried in turn: the name itself, without regard to case, folder, extension and separators; a
    name that contains all its words; a name that is spelled nearly so.
    """
    for key in (str, str.lower, _slashed, _tail, stem, _glued):
        target = key(wanted)
        if matches := tuple(name for name in names if key(name) == target):
            return matches
    if matches := _containing(wanted, names):
        return matches
    return _nearly(wanted, names)


def nearest(wanted: str, names: Iterable[str], count: int = 1) -> tuple[str, ...]:
    """Return up to ``count`` names most like ``wanted``, best first; none if all are far off."""
    target = stem(wanted)
    scored = [(_likeness(target, stem(name), SUGGESTED), name) for name in names]
    near = sorted((pair for pair in scored if pair[0] >= SUGGESTED), key=lambda pair: -pair[0])
    return tuple(name for _, name in near[:count])


def _without_extension(name: str) -> str:
    return next((name[: -len(end)] for end in EXTENSIONS if name.endswith(end)), name)


def _slashed(name: str) -> str:
    return name.replace("\\", "/").lower()


def _tail(name: str) -> str:
    return basename(name).lower()


def _glued(name: str) -> str:
    return plain(basename(name)).replace("-", "")


def _containing(wanted: str, names: Sequence[str]) -> tuple[str, ...]:
    words = plain(wanted).split("-")
    glued = "".join(words)
    if not glued:
        return ()
    return tuple(
        name
        for name in names
        if all(word in plain(name) for word in words) or glued in plain(name).replace("-", "")
    )


def _nearly(wanted: str, names: Sequence[str]) -> tuple[str, ...]:
    # A slip of the finger changes letters; another number is another model (flux1, flux2).
    target, digits = stem(wanted), _DIGITS.findall(stem(wanted))
    return tuple(
        name
        for name in names
        if _DIGITS.findall(stem(name)) == digits and _likeness(target, stem(name), TAKEN) >= TAKEN
    )


def _likeness(one: str, other: str, least: float) -> float:
    """Return how alike two names are, 0–1; below ``least`` it need not be exact."""
    if one == other:
        return 1.0
    # What was left off counts less than what is wrong: euler_a means euler_ancestral, not euler.
    begun = BEGUN if len(one) > 2 and other.startswith(one) else 0.0
    # Their lengths alone may say no. Comparing thousands of long names would take seconds.
    if 2 * min(len(one), len(other)) < least * (len(one) + len(other)):
        return begun
    return max(begun, difflib.SequenceMatcher(None, one, other).ratio())
