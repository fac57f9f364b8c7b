"""Which workflow a prompt names, before anything else of it is read: that decides its flags."""

import re
from collections.abc import Mapping
from typing import Any

from imagine.prompt_options import plain_key
from imagine.prompt_tokens import flags, words

FLAG = "workflow"

_BRACES = re.compile(r"\\[{}]|[{}]")


def workflow_named(text: str, options: Mapping[str, Any]) -> str | None:
    """Return what stands behind the first ``--workflow``, else what the option of that name says.

    Within groups it does not count, nor does one that holds a group itself: which flags there are
    must not depend on what a group becomes.
    """
    for flag in flags(text):
        if flag.name.lower() != FLAG or _depth(text[: flag.start]):
            continue
        first = next(words(text, flag.body, flag.end), None)
        if first is not None:
            return first.text.lower()
    given = next((value for key, value in options.items() if plain_key(key) == FLAG), None)
    return given.strip().lower() if isinstance(given, str) else None


def _depth(text: str) -> int:
    """Return how many groups are open at the end of a text."""
    depth = 0
    for sign in _BRACES.findall(text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
    return depth
