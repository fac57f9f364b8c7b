"""One engine: its client, what it has installed, the jobs it was handed, and how it stands."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from imagine.breaker import Breaker
from imagine.catalog import Catalog
from imagine.choice import SLOTS
from imagine.comfy_messages import RunEvent
from imagine.comfy_outputs import FileRef
from imagine.errors import EngineError, ErrorBody
from imagine.lifetime import TaskSet
from imagine.memory_left import memory_left
from imagine.model_choice import installed_models, unrecognised
from imagine.out_of_reach import is_gone

logger = logging.getLogger(__name__)

# At most so many model files are asked what they are.
MOST_HEADERS = 100
# A job that it failed to take, and then so often after it took others, is not tried there again.
MOST_FAILURES = 3


class EngineClient(Protocol):
    """What the product needs of a ComfyUI client (`imagine.comfy_client.ComfyClient`)."""

    @property
    def kind(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def lost_at(self) -> float | None: ...
    @property
    def is_refused(self) -> bool: ...
    @property
    def object_info(self) -> Mapping[str, Any] | None: ...
    @property
    def object_info_version(self) -> int: ...
    @property
    def system_stats(self) -> Mapping[str, Any] | None: ...
    @property
    def previews(self) -> bool | None: ...

    on_change: Callable[[], None] | None

    async def run(self) -> None: ...
    def execute(
        self,
        prompt_id: str,
        graph: Mapping[str, Any],
        *,
        extra_data: Mapping[str, Any] = ...,
        adopt: bool = False,
    ) -> AsyncIterator[RunEvent]: ...
    async def cancel(self, prompt_id: str) -> None: ...
    async def free_memory(self) -> None: ...
    async def withdraw(self, prompt_id: str) -> None: ...
    def give_up(self, prompt_id: str) -> None: ...
    def view(
        self, file: FileRef
    ) -> AbstractAsyncContextManager[tuple[str, AsyncIterator[bytes]]]: ...
    async def upload(
        self, name: str, path: Path, media_type: str, *, again: bool = False
    ) -> None: ...
    async def model_metadata(self, folder: str, name: str) -> Mapping[str, Any] | None: ...
    async def queue(self) -> Any: ...
    async def read_stats(self) -> None: ...


class Engine:
    """One engine that serves."""

    def __init__(
        self,
        client: EngineClient,
        tasks: TaskSet,
        told: Callable[[], None],
        recognised: Callable[[str], bool],
        known: Callable[[Catalog], Catalog],
    ) -> None:
        self.client = client
        self.catalog: Catalog | None = None
        # The models in it.
        self.models: frozenset[str] = frozenset()
        self.jobs: set[str] = set()
        # The model of the graph that it was handed last: the one that is loaded, or will be.
        self.model: str | None = None
        # The same, of those that it surely got.
        self.loaded: str | None = None
        self.breaker = Breaker()
        # Jobs that it cannot run as its catalog is now, and why.
        self.refused: dict[str, ErrorBody] = {}
        # How many graphs it took, and the jobs that it failed to take: how many it had taken at the
        # first time, and how often so once it had taken others.
        self._taken = 0
        self._suspects: dict[str, tuple[int, int]] = {}
        # Does it work on no attempt that was given up while it was out of reach?
        self.is_clean = False
        self._down_at: float | None = None
        # The newest version of what is installed, and the one that the catalog is of.
        self._read_version = self._catalog_version = 0
        self._tasks = tasks
        self._told = told
        self._recognised = recognised
        self._known = known
        client.on_change = self._changed

    @property
    def kind(self) -> str:
        return self.client.kind

    @property
    def url(self) -> str:
        return self.client.url

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.url if self.kind == "comfyui" else self.kind

    @property
    def is_in_touch(self) -> bool:
        """Does it answer?"""
        return self.client.state == "ready" and self.client.lost_at is None

    def is_available(self, now: float) -> bool:
        """Could it be given a job, if it had room?"""
        return (
            self.is_in_touch
            and self.catalog is not None
            and self._catalog_version == self._read_version
            and self.is_clean
            and self.breaker.allows(now)
        )

    def took(self) -> None:
        """It took a graph, so that it works."""
        self.breaker.succeed()
        self._taken += 1

    def failed(self, job_id: str, reason: str, now: float) -> bool:
        """It failed to take a job; return whether that is for the job itself: others are taken."""
        self.breaker.fail(now, reason)
        taken, times = self._suspects.get(job_id, (self._taken, 0))
        times += self._taken > taken
        self._suspects[job_id] = taken, times
        return times >= MOST_FAILURES

    def is_suspect(self, job_id: str) -> bool:
        """Did it fail to take this job?"""
        return job_id in self._suspects

    def forget(self, job_id: str) -> None:
        self.refused.pop(job_id, None)
        self._suspects.pop(job_id, None)

    def has_room(self, now: float) -> bool:
        return len(self.jobs) < SLOTS and self.is_available(now)

    def out_s(self, now: float) -> float | None:
        """Return for how many seconds it has been out of reach; None while it is in touch."""
        since = [at for at in (self.client.lost_at, self._down_at) if at is not None]
        return now - min(since) if since else None

    def may_appear(self, now: float) -> bool:
        """Is it not known yet what it has installed, but may be soon?"""
        if self.catalog is not None:
            return False
        out_s = self.out_s(now)
        return out_s is None or not is_gone(out_s, is_refused=self.client.is_refused)

    def is_absent(self, now: float) -> bool:
        """Can nobody count on it now: out of reach, failing, or not seen and not waited for?"""
        if self.catalog is None:
            return not self.may_appear(now)
        return self.breaker.is_open or self.out_s(now) is not None

    @property
    def memory_left(self) -> int:
        """Units: bytes; 0 = unknown."""
        return memory_left(self.client.system_stats)

    async def free_memory(self) -> None:
        """Let it unload its models; none is loaded then but for what it was handed already.

        Raises:
            EngineError: it could not be asked.
        """
        await self.client.free_memory()
        if len(self.jobs) <= 1:  # the one for which memory is wanted
            self.model = self.loaded = None

    def _changed(self) -> None:
        if self.client.state != "down":
            self._down_at = None
        elif self._down_at is None:
            self._down_at = time.monotonic()
            self.is_clean = False
            self.model = self.loaded = None
        if self.client.object_info_version != self._read_version:
            self._read_version = self.client.object_info_version
            self._tasks.start(self._read_catalog(), f"catalog of {self.url}")
        self._told()

    async def _read_catalog(self) -> None:
        info = self.client.object_info
        if info is None:
            return
        version = self._read_version
        try:
            catalog = await asyncio.to_thread(Catalog.from_object_info, info)
            catalog = replace(catalog, metadata=await self._headers(catalog))
            self.catalog = await asyncio.to_thread(self._known, catalog)
            self.models = frozenset(installed_models(catalog))
            self.refused.clear()
        finally:  # with one that cannot be read it goes on as it was
            self._catalog_version = max(version, self._catalog_version)
            self._told()

    async def _headers(self, catalog: Catalog) -> dict[str, Mapping[str, Any]]:
        """Read the headers of the models whose names do not tell what they are."""
        headers: dict[str, Mapping[str, Any]] = {}
        unknown = unrecognised(catalog, self._recognised)
        for name, folder in islice(unknown.items(), MOST_HEADERS):
            try:
                header = await self.client.model_metadata(folder, name)
            except EngineError as error:
                logger.info("%s: headers are not read: %s", self.url, error.message)
                break
            if header is not None:
                headers[name] = header
        return headers

    def health(self) -> dict[str, Any]:
        """Return the engine object of ``/api/health``, but for its jobs."""
        system = (self.client.system_stats or {}).get("system")
        version = system.get("comfyui_version") if isinstance(system, Mapping) else None
        state, reason = self._standing(time.monotonic())
        return {
            "kind": self.kind,
            "name": self.name,
            "state": state,
            "reason": reason,
            "url": self.url if self.kind == "comfyui" else None,
            "previews": self.client.previews,
            "version": version if isinstance(version, str) else None,
            "model": self.model,
        }

    def _standing(self, now: float) -> tuple[str, str | None]:
        """Return its state, and why it gets no jobs."""
        state = str(self.client.state)
        if state == "ready" and self.breaker.is_open:
            # In steps, so that it is not told anew each second.
            wait_s = max(1, math.ceil(self.breaker.wait_s(now) / 5) * 5)
            why = self.breaker.reason.rstrip(".")
            return "down", f"ComfyUI at {self.url} fails: {why}; tried again in {wait_s} s."
        if state == "ready" and self.client.lost_at is not None:
            return "down", f"{self.name} does not answer at the moment."
        if state == "ready" and self.catalog is None:
            return "starting", None
        return state, self.client.reason
