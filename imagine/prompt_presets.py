"""What the owner of a server names: presets for ``--p NAME``, models for ``--v`` and ``--niji``.

Apart from the settings, which know no language: here a preset is read as the piece of a prompt that
it is, before anybody uses it. What it does to a prompt is in `imagine.planning.presets`.
"""

import re
from collections.abc import Iterator, Mapping

from imagine.errors import PromptError, SettingsError
from imagine.parameters import NIJI_VERSIONS, VERSIONS
from imagine.prompt import VOCABULARY, Vocabulary
from imagine.prompt_links import links_of
from imagine.prompt_parser import read_fragment
from imagine.prompt_wildcards import wildcards

# `--p none` switches presets off.
_RESERVED = ("none",)
_NAME = re.compile(r"[\w-]+")
# What a preset cannot bring: these belong to a single prompt.
_KEPT_OUT = ("profile", "repeat", "seed")


def check_names(
    presets: Mapping[str, str], versions: Mapping[str, str], sources: Mapping[str, str]
) -> None:
    """Check presets and versions; ``sources`` says where each setting came from.

    Raises:
        SettingsError: every problem, one sentence each.
    """
    sentences = [
        *(f"{_where('presets', name, sources)}: {reason}" for name, reason in _presets(presets)),
        *(f"{_where('versions', name, sources)}: {reason}" for name, reason in _versions(versions)),
    ]
    if sentences:
        raise SettingsError("\n".join(sentences))


def _where(setting: str, name: str, sources: Mapping[str, str]) -> str:
    return f"{setting}.{name} (from {sources.get(setting, 'default')})"


def _presets(presets: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in presets.items():
        if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
            yield name, "a preset has a name of letters, digits, - and _, other than none."
        elif (problem := preset_problem(text)) is not None:
            yield name, problem


def preset_problem(text: str, vocabulary: Vocabulary = VOCABULARY) -> str | None:
    """Say why a text cannot be a preset, in a sentence; None when it can."""
    try:
        fragment = read_fragment(text, vocabulary)
    except PromptError as error:
        return error.message
    if not (fragment.text or fragment.parameters or fragment.images):
        return "a preset has words, flags, or both."
    if links_of(fragment):
        return "a preset holds no links."
    for name in _KEPT_OUT:
        if name in fragment.parameters:
            return f"a preset holds no {vocabulary.by_name[name].flag}."
    if (wildcard := next(wildcards(text), None)) is not None:
        return f"a preset holds no wildcards, such as {wildcard.typed}."
    return None


def _versions(versions: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    known = [*VERSIONS, *(f"niji {version}" for version in NIJI_VERSIONS)]
    for name, model in versions.items():
        if name not in known:
            yield name, f"there is no such version. It takes {', '.join(known)}."
        elif not model.strip():
            yield name, "it takes the name of a model."
