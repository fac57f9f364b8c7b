"""What the owner of a server chose, as far as it decides what a prompt means."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values for what a prompt leaves open, and the meaning of names that are the owner's own.

    ``presets``: name after ``--p`` → a piece of prompt. ``versions``: ``7`` or ``niji 6`` → the
    model that stands for it.
    """

    model: str | None = None
    batch_mode: str = "one_by_one"
    presets: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


# An owner who chose nothing.
NOTHING_CHOSEN = Defaults()
