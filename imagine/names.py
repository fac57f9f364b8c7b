"""Names of models, samplers and schedulers: how they are compared, and which one somebody meant.

ComfyUI lists a file by its path below the models folder, with backslashes on Windows. People type
less: no folder, no extension, other separators; and they call samplers as other programs do. Apart
from the catalog, because the builder, the profiles and the preflight all compare names, and must
agree.
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
# The least length of a first word that two names need to have in common.
FIRST_WORD = 4

# How other programs call what ComfyUI calls otherwise: schedulers, glued.
_SCHEDULERS = {
    "automatic": "normal",
    "uniform": "normal",
    "polyexponential": "exponential",
    "ddim": "ddim_uniform",
    "turbo": "sgm_uniform",
    "k": "karras",
}
# Words that stand at the end of a sampler's name elsewhere, and are a scheduler of their own here.
_ENDINGS: tuple[str, ...] = (
    "karras",
    "exponential",
    "polyexponential",
    "sgm uniform",
    "ddim uniform",
    "kl optimal",
)
_ENDINGS += ("linear quadratic", "simple", "normal", "beta", "uniform", "automatic", "k")

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


def nearest(
    wanted: str, names: Iterable[str], count: int = 1, *, least: float = SUGGESTED
) -> tuple[str, ...]:
    """Return up to ``count`` names most like ``wanted``, best first; none if all are far off."""
    target = stem(wanted)
    scored = [(_likeness(target, stem(name), least), name) for name in names]
    near = [pair for pair in scored if pair[0] >= least]
    near.sort(key=lambda pair: (-pair[0], len(pair[1])))
    return tuple(name for _, name in near[:count])


def closest(wanted: str, names: Sequence[str]) -> str | None:
    """Return the one name that ``wanted`` most probably means, however it is written."""
    found = find(wanted, names) if wanted else ()
    near = found if len(found) == 1 else nearest(wanted, found or names)
    return next(iter(near or found or _of_one_kind(wanted, names)), None)


def known_as(name: str, listed: Sequence[str]) -> tuple[str, str | None] | None:
    """Return the sampler that a name means, and the scheduler if the name tells one too.

    ``DPM++ 2M Karras``, ``Euler a`` and ``k_dpmpp_2m`` are names of other programs. ``listed`` are
    the samplers of the engine; None when it has no such one.
    """
    words = plain(name.replace("++", "pp")).split("-")
    if words[0] == "k" and len(words) > 1:
        words = words[1:]
    if sampler := _sampler(words, listed):
        return sampler, None
    for ending in sorted(_ENDINGS, key=len, reverse=True):
        size = len(ending.split())
        if len(words) > size and words[-size:] == ending.split():
            sampler = _sampler(words[:-size], listed)
            scheduler = _SCHEDULERS.get(ending, ending.replace(" ", "_"))
            return (sampler, scheduler) if sampler else None
    return None


def scheduler_known_as(name: str, listed: Sequence[str]) -> str | None:
    """Return the scheduler that a name means: ``SGM Uniform``, ``Automatic``; None if none does."""
    glued = plain(name).replace("-", "")
    wanted = {glued, _SCHEDULERS.get(glued, glued).replace("_", "")}
    return next((entry for entry in listed if plain(entry).replace("-", "") in wanted), None)


def _sampler(words: Sequence[str], listed: Sequence[str]) -> str | None:
    """Return the listed sampler of these words; a lone ``a`` stands for ``ancestral``."""
    glued = "".join("ancestral" if word == "a" else word for word in words)
    return next((entry for entry in listed if plain(entry).replace("-", "") == glued), None)


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


def _of_one_kind(wanted: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names whose first word is the same: a file of another precision or version."""
    first, *others = plain(basename(wanted)).split("-")
    if not others or len(first) < FIRST_WORD:
        return ()
    return tuple(name for name in names if plain(basename(name)).startswith(f"{first}-"))


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
    matcher = difflib.SequenceMatcher(None, one, other)
    return max(begun, matcher.ratio()) if matcher.quick_ratio() >= least else begun
