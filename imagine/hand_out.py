"""Hands jobs out of the line: which engine is asked first, and what `choose` is told of it."""

from imagine.choice import Peer, Waiting, Worker, choose
from imagine.engine import Engine
from imagine.engines import Engines
from imagine.job_queue import MemoryQueue
from imagine.models import Job


class HandOut:
    """Takes jobs from the line for the engines. Owned by the dispatcher."""

    def __init__(self, queue: MemoryQueue, engines: Engines) -> None:
        self._queue = queue
        self._engines = engines

    def take(self, now: float) -> tuple[Job, Engine] | None:
        """Hand the next job to an engine; None when none is to be handed out now.

        Idle engines are asked first, and among equals the one with more free memory.
        """
        available = [engine for engine in self._engines.serving if engine.is_available(now)]
        with_room = [engine for engine in available if engine.has_room(now)]
        for engine in sorted(with_room, key=lambda e: (len(e.jobs), -e.memory_left)):
            worker = self._worker(engine, available)
            chosen = self._trial(engine, worker, now) or choose(self._queue.waiting(), worker, now)
            if chosen is not None:
                self._queue.hand(chosen.job, can_run=worker.can_run)
                engine.jobs.add(chosen.id)
                engine.model = chosen.model or engine.model
                engine.breaker.begin()
                return chosen.job, engine
        return None

    def _trial(self, engine: Engine, worker: Worker, now: float) -> Waiting | None:
        """Choose for an engine that failed what it has not failed yet: maybe it was the job."""
        if not engine.breaker.is_open:
            return None
        untried = (place for place in self._queue.waiting() if not engine.is_suspect(place.id))
        return choose(untried, worker, now)

    def _worker(self, engine: Engine, available: list[Engine]) -> Worker:
        peers = tuple(
            Peer(other.model, len(other.jobs), self._judge(other))
            for other in available
            if other is not engine
        )
        return Worker(engine.model, len(engine.jobs), self._judge(engine), peers)

    def _judge(self, engine: Engine) -> "_Judge":
        return _Judge(engine, self._engines)


class _Judge:
    """Says what an engine can run; the answer for a model is kept for one choice."""

    def __init__(self, engine: Engine, engines: Engines) -> None:
        self._refused = engine.refused
        self._engine = engine
        self._engines = engines
        self._models: dict[str | None, bool] = {}

    def __call__(self, place: Waiting) -> bool:
        known = self._models.get(place.model)
        if known is None:
            known = self._engines.has_model(self._engine, place.model)
            self._models[place.model] = known
        return known and place.id not in self._refused
