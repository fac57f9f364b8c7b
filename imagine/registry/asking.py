"""What a program asks of a workflow: values by name, words that are only words, and pictures.

Beside it stands the prompt language, which asks for the same with flags (`imagine.registry.rows`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkflowAsk:
    """One run of a workflow, or one for each picture.

    ``prompt`` is taken as it stands: flags and braces in it are words. ``images`` and ``mask`` are
    links (`imagine.links`, or of the web); ``character`` is an id, or ``id:0.8``.
    """

    workflow: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    prompt: str | None = None
    images: tuple[str, ...] = ()
    mask: str | None = None
    character: str | None = None
