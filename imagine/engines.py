"""Which engines serve: the configured ComfyUIs, or the sketch engine while there is none.

``auto`` looks for the ComfyUIs once at start. When none answers, the sketch engine serves and the
looking goes on; from the moment a ComfyUI appears, new jobs go there, and never back to sketches.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, Self

from imagine.catalog import Catalog
from imagine.comfy_messages import FileRef, RunEvent
from imagine.errors import EngineError
from imagine.lifetime import TaskSet
from imagine.settings import display

logger = logging.getLogger(__name__)

# At most so many jobs are handed to one engine, so that it never idles between two.
SLOTS = 2
LOOK_EVERY_S = 5.0
# At most so many model files are asked what they are.
MOST_HEADERS = 100


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
    def give_up(self, prompt_id: str) -> None: ...
    def view(
        self, file: FileRef
    ) -> AbstractAsyncContextManager[tuple[str, AsyncIterator[bytes]]]: ...
    async def upload(
        self, name: str, path: Path, media_type: str, *, again: bool = False
    ) -> None: ...
    async def model_metadata(self, folder: str, name: str) -> Mapping[str, Any] | None: ...
    async def queue(self) -> Any: ...


class Engine:
    """One engine that serves: its client, its catalog and the jobs it was handed."""

    def __init__(
        self,
        client: EngineClient,
        tasks: TaskSet,
        told: Callable[[], None],
        recognised: Callable[[str], bool],
    ) -> None:
        self.client = client
        self.catalog: Catalog | None = None
        self.jobs: set[str] = set()
        self._read_version = 0
        self._tasks = tasks
        self._told = told
        self._recognised = recognised
        client.on_change = self._changed

    @property
    def kind(self) -> str:
        return self.client.kind

    @property
    def has_room(self) -> bool:
        return self.client.state == "ready" and self.catalog is not None and len(self.jobs) < SLOTS

    def _changed(self) -> None:
        if self.client.object_info_version != self._read_version:
            self._read_version = self.client.object_info_version
            self._tasks.start(self._read_catalog(), f"catalog of {self.client.url}")
        self._told()

    async def _read_catalog(self) -> None:
        info = self.client.object_info
        if info is None:
            return
        catalog = await asyncio.to_thread(Catalog.from_object_info, info)
        self.catalog = replace(catalog, metadata=await self._headers(catalog))
        self._told()

    async def _headers(self, catalog: Catalog) -> dict[str, Mapping[str, Any]]:
        """Read the headers of the models whose names do not tell what they are."""
        folders = dict.fromkeys(catalog.diffusion_models, "diffusion_models")
        folders |= dict.fromkeys(catalog.checkpoints, "checkpoints")
        unknown = [name for name in folders if not self._recognised(name)][:MOST_HEADERS]
        headers: dict[str, Mapping[str, Any]] = {}
        for name in unknown:
            try:
                header = await self.client.model_metadata(folders[name], name)
            except EngineError as error:
                logger.info("%s: headers are not read: %s", self.client.url, error.message)
                break
            if header is not None:
                headers[name] = header
        return headers

    def health(self) -> dict[str, Any]:
        system = (self.client.system_stats or {}).get("system")
        version = system.get("comfyui_version") if isinstance(system, Mapping) else None
        return {
            "kind": self.client.kind,
            "state": "starting"
            if self.client.state == "ready" and self.catalog is None
            else self.client.state,
            "reason": self.client.reason,
            "url": self.client.url if self.client.kind == "comfyui" else None,
            "previews": self.client.previews,
            "version": version if isinstance(version, str) else None,
        }


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
    ) -> None:
        """Hold the parts that engines are made of.

        ``connect(url, kind)`` makes a client, ``probe(url)`` says whether a ComfyUI answers,
        ``sketch()`` starts the embedded engine, ``recognised(name)`` says whether the name of a
        model tells its family.
        """
        self._mode = mode
        self._urls = tuple(urls)
        self._connect = connect
        self._probe = probe
        self._sketch = sketch
        self._recognised = recognised
        self._tasks = TaskSet()
        self._stack = AsyncExitStack()
        self.serving: list[Engine] = []
        self.on_change: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        if self._mode == "comfyui" or (self._mode == "auto" and await self._any_answers()):
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
        """The catalog of the first engine that has one."""
        return next((e.catalog for e in self.serving if e.catalog is not None), None)

    @property
    def kind(self) -> str:
        return self.serving[0].kind

    def of_kind(self, kind: str | None) -> Engine | None:
        """An engine that serves and is of this kind."""
        return next((e for e in self.serving if e.kind == kind), None)

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

    def _start(self, url: str, kind: str) -> Engine:
        client = self._connect(url, kind)
        engine = Engine(client, self._tasks, lambda: self.on_change(), self._recognised)
        self._tasks.start(client.run(), f"{kind} {url}")
        return engine
