"""Tells watchers about the server as a whole: the line, the counts and the engine."""

import asyncio
from dataclasses import asdict
from typing import Any

from imagine.engines import Engines
from imagine.estimates import Estimates
from imagine.events import LocalEventBus
from imagine.job_queue import MemoryQueue
from imagine.job_store import JobStore

# The line is told at most twice a second, and the places of so many at most.
EVERY_S = 0.5
# A page cannot see the pings of the WebSocket itself; this tells it that the line is alive.
PING_EVERY_S = 25.0
MOST_PLACES = 200


class Announcer:
    """Reads the line and the engines, and offers what changed. Owned by the app."""

    def __init__(
        self,
        queue: MemoryQueue,
        store: JobStore,
        bus: LocalEventBus,
        engines: Engines,
        estimates: Estimates,
    ) -> None:
        self._queue = queue
        self._store = store
        self._bus = bus
        self._engines = engines
        self._estimates = estimates

    def line(self) -> dict[str, Any]:
        """Return the body of ``/api/queue``. Units: ``starts`` in seconds from now."""
        positions: dict[str, int] = {}
        starts: dict[str, float] = {}
        kind = self._engines.kind
        paused = self._queue.paused
        # Nobody knows when those who wait for the owner begin.
        left = None if paused is not None else self._left_of_running()
        for position, place in enumerate(self._queue.line(), start=1):
            if position > MOST_PLACES:
                break
            positions[place.id] = position
            if left is None:
                continue
            starts[place.id] = round(left / len(self._engines.serving), 1)
            seconds = self._estimates.seconds(kind, place.job.parameters)
            left = None if seconds is None else left + seconds
        return {
            "running": len(self._queue.begun()),
            "waiting": self._queue.length,
            "paused": paused is not None,
            "reason": asdict(paused) if paused is not None else None,
            "positions": positions,
            "starts": starts,
        }

    def engine(self) -> dict[str, Any]:
        """Return the engine object of ``/api/health``."""
        return self._engines.health() | {
            "running": len(self._queue.begun()),
            "waiting": self._queue.length,
        }

    def engines(self) -> list[dict[str, Any]]:
        """Return an engine object for each engine, with the jobs that it has."""
        begun = set(self._queue.begun())
        return [
            engine.health()
            | {"running": len(engine.jobs & begun), "waiting": len(engine.jobs - begun)}
            for engine in self._engines.serving
        ]

    def queue_message(self) -> dict[str, Any]:
        return self.line() | {"counts": self._store.counts}

    async def run(self) -> None:
        """Offer the line and the engine whenever they differ from what was told last."""
        now = asyncio.get_running_loop().time
        pinged_at = now()
        told_line: dict[str, Any] = {}
        told_engine: dict[str, Any] = {}
        while True:
            if self._bus.watchers:
                if (line := self.queue_message()) != told_line:
                    told_line = line
                    self._bus.offer("queue", line)
                if (engine := self.engine()) != told_engine:
                    told_engine = engine
                    self._bus.offer("engine", {"engine": engine})
                if now() - pinged_at >= PING_EVERY_S:
                    pinged_at = now()
                    self._bus.offer("ping", {})
            await asyncio.sleep(EVERY_S)

    def _left_of_running(self) -> float | None:
        """Seconds until all that run are done; None if one of them is unknown."""
        left = 0.0
        for job_id in self._queue.begun():
            passing = self._bus.passing(job_id)
            if passing is None or passing.progress.eta_s is None:
                return None
            left += passing.progress.eta_s
        return left
