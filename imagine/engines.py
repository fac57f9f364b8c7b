"""Which engines serve: the configured ComfyUIs, or the sketch engine while there is none.

``auto`` looks for the ComfyUIs once at start. When none answers, the sketch engine serves and the
looking goes on; from the moment a ComfyUI appears, new jobs go there, and never back to sketches.
While jobs of a ComfyUI are unfinished they wait for it, and nothing is sketched.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Self

from imagine.catalog import Catalog, merged
from imagine.engine import Engine, EngineClient
from imagine.errors import EngineError, EngineUnavailableError, ErrorBody
from imagine.lifetime import TaskSet
from imagine.settings import display

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
# How often several engines are asked how much memory they have left.
MEMORY_EVERY_S = 15.0


class Engines:
    """All engines of this server, and the choice between ComfyUI and sketches."""

    def __init__(
        self,
        mode: str,
        urls: Sequence[str],
        *,
        connect: Callable[[str, str], EngineClient],
        probe: Callable[[str], Awaitable[bool]],
        sketch: Callable[[], AbstractAsyncContextManager[str]],
        recognised: Callable[[str], bool],
        is_awaited: Callable[[], Awaitable[bool]],
    ) -> None:
        """Hold the parts that engines are made of.

        ``connect(url, kind)`` makes a client, ``probe(url)`` says whether a ComfyUI answers,
        ``sketch()`` starts the embedded engine, ``recognised(name)`` says whether the name of a
        model tells its family, ``is_awaited()`` whether jobs of a ComfyUI are unfinished.
        """
        self._mode = mode
        self._urls = tuple(urls)
        self._connect = connect
        self._probe = probe
        self._sketch = sketch
        self._recognised = recognised
        self._is_awaited = is_awaited
        self._tasks = TaskSet()
        self._stack = AsyncExitStack()
        self._merged: tuple[tuple[Catalog, ...], Catalog] | None = None
        self.serving: list[Engine] = []
        self.on_change: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        if self._mode == "comfyui" or (self._mode == "auto" and await self._wants_comfyui()):
            self._serve_comfyui()
        else:
            url = await self._stack.enter_async_context(self._sketch())
            self.serving = [self._start(url, "sketch")]
            if self._mode == "auto":
                self._tasks.start(self._look(), "look for ComfyUI")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.cancel()
        await self._stack.aclose()

    def catalog(self) -> Catalog | None:
        """Return what all engines together have, those out of reach that were seen included."""
        catalogs = tuple(e.catalog for e in self.serving if e.catalog is not None)
        if not catalogs:
            return None
        if self._merged is None or not _same(self._merged[0], catalogs):
            self._merged = catalogs, merged(catalogs)
        return self._merged[1]

    def _known(self, catalog: Catalog) -> Catalog:
        """Return the very object of an engine that has the same, so that plans serve both."""
        others = (engine.catalog for engine in self.serving)
        return next((other for other in others if other == catalog), catalog)

    @property
    def kind(self) -> str:
        return self.serving[0].kind

    def any_comfyui(self) -> Engine | None:
        """Return a ComfyUI that serves: one that answers, if there is one."""
        found = [engine for engine in self.serving if engine.kind == "comfyui"]
        return next((engine for engine in found if engine.is_in_touch), found[0] if found else None)

    def at(self, url: str) -> Engine | None:
        """Return the ComfyUI at this address; None when it is not configured."""
        return next((e for e in self.serving if e.kind == "comfyui" and e.url == url), None)

    # --- who can run what

    def has_model(self, engine: Engine, model: str | None) -> bool:
        """Has an engine the model of a job?

        What nobody has may be replaced by another model, or fails with a sentence that says so.
        """
        return model in engine.models or not any(model in other.models for other in self.serving)

    def can_run(self, engine: Engine, job_id: str, model: str | None) -> bool:
        """Could an engine run a job, as far as is known without planning it?"""
        return job_id not in engine.refused and self.has_model(engine, model)

    def is_hoped_for(self, job_id: str, model: str | None, now: float) -> bool:
        """Is there an engine that may run a job: ready, seen with its model, or not seen yet?"""
        return any(
            engine.may_appear(now)
            if engine.catalog is None
            else self.can_run(engine, job_id, model)
            for engine in self.serving
        )

    def others_can(self, engine: Engine, job_id: str, model: str | None, now: float) -> bool:
        """Is another engine ready that can run a job?"""
        return any(
            other is not engine and other.is_available(now) and self.can_run(other, job_id, model)
            for other in self.serving
        )

    def forgive(self, job_id: str, reason: ErrorBody) -> bool:
        """Ask again those that were left out for this reason; say whether there are any."""
        found = [engine for engine in self.serving if engine.refused.get(job_id) is reason]
        for engine in found:
            del engine.refused[job_id]
        return bool(found)

    def forget(self, job_id: str) -> None:
        """Forget who could not run a job."""
        for engine in self.serving:
            engine.forget(job_id)

    # --- how they stand

    def health(self) -> dict[str, Any]:
        """The engine object of ``/api/health``: the readiest engine's."""
        order = {"ready": 0, "starting": 1, "down": 2}
        best = min((e.health() for e in self.serving), key=lambda h: order[h["state"]])
        if self.is_standing_in and best["reason"] is None:
            best["reason"] = f"No ComfyUI answers at {display(self._urls)}."
        return best

    @property
    def is_standing_in(self) -> bool:
        """Do sketches serve because no ComfyUI was found, and not because they were asked for?"""
        return self._mode == "auto" and self.kind == "sketch"

    async def queues(self) -> list[tuple[str, Any]]:
        """Return url and raw queue of each engine that answers.

        Raises:
            EngineUnavailableError: none does; told at once when that is known.
        """
        asked = [engine for engine in self.serving if engine.is_in_touch]
        answers = await asyncio.gather(*(_queue(engine) for engine in asked))
        found = [
            (engine.url, answer)
            for engine, answer in zip(asked, answers, strict=True)
            if answer is not None
        ]
        if not found:
            raise EngineUnavailableError(
                self.health()["reason"] or "No engine answers at the moment.",
                hint="What waits goes on waiting, and begins when one is back.",
            )
        return found

    # --- their life

    async def _wants_comfyui(self) -> bool:
        return await self._any_answers() or await self._is_awaited()

    async def _any_answers(self) -> bool:
        return any(await asyncio.gather(*(self._probe(url) for url in self._urls)))

    async def _look(self) -> None:
        answers = False
        while not answers:
            await asyncio.sleep(LOOK_EVERY_S)
            answers = await self._any_answers()
        logger.info("A ComfyUI answers now; new sets go there.")
        self._serve_comfyui()
        self.on_change()

    def _serve_comfyui(self) -> None:
        self.serving = [self._start(url, "comfyui") for url in self._urls]
        if len(self.serving) > 1:
            self._tasks.start(self._read_memory(), "free memory of the engines")

    def _start(self, url: str, kind: str) -> Engine:
        client = self._connect(url, kind)
        engine = Engine(
            client, self._tasks, lambda: self.on_change(), self._recognised, self._known
        )
        self._tasks.start(client.run(), f"{kind} {url}")
        return engine

    async def _read_memory(self) -> None:
        while True:
            await asyncio.sleep(MEMORY_EVERY_S)
            ready = [engine for engine in self.serving if engine.is_in_touch]
            await asyncio.gather(*(_read_stats(engine) for engine in ready))


def _same(one: Sequence[Catalog], other: Sequence[Catalog]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


async def _queue(engine: Engine) -> Any:
    """Return an engine's own queue; None when it cannot be asked."""
    try:
        return await engine.client.queue()
    except EngineError as error:
        logger.info("%s: its queue is not read: %s", engine.url, error.message)
        return None


async def _read_stats(engine: Engine) -> None:
    try:
        await engine.client.read_stats()
    except EngineError as error:
        logger.debug("%s: free memory is not read: %s", engine.url, error.message)
