"""One attempt of one job on one engine, as those who follow, save and end it share it."""

import asyncio
from dataclasses import dataclass, field

from imagine.engine import Engine
from imagine.errors import ImagineError
from imagine.models import Job, JobImage
from imagine.planned import Planned
from imagine.progress import ProgressMeter

# How long to wait before asking an engine or the disk again.
RETRY_S = 0.5


@dataclass(slots=True)
class Run:
    """One attempt of one job on one engine."""

    job: Job
    planned: Planned
    engine: Engine
    meter: ProgressMeter
    saves: set[asyncio.Task[None]] = field(default_factory=set)
    images: dict[int, JobImage] = field(default_factory=dict)
    taken: set[tuple[str, int]] = field(default_factory=set)
    save_error: ImagineError | None = None
    began: float | None = None
    cancel_wanted: bool = False
    is_over: bool = False
    # It was found at its engine by a process that did not submit it.
    is_adopted: bool = False
    # Its engine was asked to stop it, for it took too long; and its engine did not.
    is_overtime: bool = False
    is_given_up: bool = False
    # The line was paused before its engine began it, and so it was taken back.
    is_withdrawn: bool = False
    # What waits for it to take too long; ends with it.
    watches: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def prompt_id(self) -> str:
        return self.planned.prompt_id

    @property
    def pictures(self) -> tuple[JobImage, ...]:
        """What is on our disk by now, earlier attempts included."""
        return tuple(self.images[index] for index in sorted(self.images))

    async def saved(self) -> None:
        """Wait until the pictures that are being fetched are on our disk, or cannot be."""
        if self.saves:
            await asyncio.wait(set(self.saves))
