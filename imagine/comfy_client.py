"""The client of one ComfyUI: its health, what it has installed, and runs followed to their end.

One WebSocket, opened before the first prompt is submitted and again, under a fresh client id,
whenever it is lost. The caller chooses the prompt ids, so every prompt can be asked for by name,
and nothing but that prompt is ever stopped.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from enum import StrEnum
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import Any, Self

import aiohttp
from websockets.asyncio.client import ClientConnection

from imagine.comfy_connection import ComfyConnection, Timing
from imagine.comfy_messages import RunEvent
from imagine.comfy_outputs import FileRef
from imagine.comfy_run import Run
from imagine.comfy_sockets import ComfySockets
from imagine.comfy_submit import ComfySubmit
from imagine.comfy_watch import ComfyWatch
from imagine.errors import EngineError, EngineTimeoutError, EngineUnavailableError
from imagine.lifetime import TaskSet

__all__ = ["ComfyClient", "EngineState", "Timing"]

logger = logging.getLogger(__name__)

DEFAULT_TIMING = Timing()
NAMES = {"comfyui": "ComfyUI", "sketch": "The sketch engine"}


class EngineState(StrEnum):
    """Whether prompts can be submitted now."""

    STARTING = "starting"
    READY = "ready"
    DOWN = "down"


class ComfyClient:
    """Submits prompts to one ComfyUI and follows them. Works while ``run`` does.

    The session is the caller's; it should not read proxies from the environment.
    """

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        *,
        timing: Timing = DEFAULT_TIMING,
        kind: str = "comfyui",
    ) -> None:
        self.kind = kind
        self.state: EngineState = EngineState.STARTING
        # Why it is not ready, as a sentence.
        self.reason: str | None = None
        # GET /object_info, as the catalog reads it; the version is raised whenever it changed.
        self.object_info: dict[str, Any] | None = None
        self.object_info_version = 0
        self.system_stats: dict[str, Any] | None = None
        # Does it send previews? None: not known yet.
        self.previews: bool | None = None
        # Called after each change of the attributes above.
        self.on_change: Callable[[], None] | None = None

        # Of the answer that object_info was read from, and when. Units: monotonic seconds.
        self._digest = b""
        self._read_at = float("-inf")
        self._name = NAMES.get(kind, kind)
        self._timing = timing
        self._connection = ComfyConnection(url, session, timing, name=self._name)
        self.url = self._connection.url
        self._connection.on_touch = self._touched
        self._runs: dict[str, Run] = {}
        self._watch = ComfyWatch(
            self._connection,
            self._runs,
            timing,
            on_deaf=self._replace_socket,
            on_orphan=lambda client_id: self._sockets.follow(client_id),
        )
        self._sockets = ComfySockets(
            self._connection,
            self._runs,
            self._watch,
            on_preview=self._see_preview,
            on_stranger=self._see_stranger,
        )
        self._submit = ComfySubmit(self._connection, self._watch, timing)
        self._socket: ClientConnection | None = None
        self._connected = asyncio.Event()
        self._ready = asyncio.Event()
        # Set while an engine that is connected does not answer.
        self._mute = asyncio.Event()
        # The pictures that it has got since it was connected, by name.
        self._uploaded: set[str] = set()
        self._tasks = TaskSet()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.run(), name=f"client of {self.url}")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._running is not None, "entered"
        self._running.cancel()
        await asyncio.wait({self._running})

    # --- The connection

    @property
    def lost_at(self) -> float | None:
        """Since when it was asked and said nothing, in monotonic seconds; None while it answers."""
        return self._connection.lost_at

    @property
    def is_refused(self) -> bool:
        """Did its host say last that nobody listens there?"""
        return self._connection.is_refused

    async def run(self) -> None:
        """Keep connected until canceled; then let go of every run, and stop none of them."""
        self._tasks.start(self._watch.run(), f"watch of {self.url}")
        self._tasks.start(self._keep_asking(), f"questions to {self.url}")
        delays = self._timing.retry_delays()
        try:
            while True:
                try:
                    await self._stay_connected()
                    logger.info("%s closed the socket", self.url)
                    if self.state is EngineState.READY:
                        delays = self._timing.retry_delays()
                except EngineError as error:
                    self._set_state(EngineState.DOWN, error.message)
                except Exception:
                    logger.exception("the connection to %s failed", self.url)
                    self._set_state(EngineState.DOWN, f"{self._name} cannot be reached.")
                await asyncio.sleep(next(delays))
        finally:
            await self._tasks.cancel()
            await self._sockets.stop()
            self.state = EngineState.DOWN
            for run in self._runs.values():
                run.fail(EngineUnavailableError("The server is stopping."))

    async def wait_ready(self) -> None:
        await self._ready.wait()

    async def refresh(self) -> None:
        """Read again what the engine has installed.

        Raises:
            EngineError: it could not be read; what was known stays.
        """
        asked_at = monotonic()
        stats = await self._connection.system_stats()
        info, digest = await self._connection.object_info(self._digest)
        self.system_stats = stats
        if not self.previews:
            self.previews = shows_previews(stats)
        self._digest, self._read_at = digest, asked_at
        if info is not None and info != self.object_info:
            self.object_info = info
            self.object_info_version += 1
        self._changed()

    async def read_stats(self) -> None:
        """Read again how much memory is free.

        Raises:
            EngineError: it could not be read; what was known stays.
        """
        self.system_stats = await self._connection.system_stats()

    def _touched(self) -> None:
        if self._connection.lost_at is None:
            self._mute.clear()
        else:
            self._mute.set()
        self._changed()

    async def _keep_asking(self) -> None:
        """Ask an engine that is connected and did not answer, until it does."""
        while True:
            await self._mute.wait()
            await self._connected.wait()
            with suppress(EngineError):
                await self._connection.queue_body()
            await asyncio.sleep(self._timing.poll_s)

    async def _stay_connected(self) -> None:
        """Be connected once: return when the socket is lost.

        Raises:
            EngineError: there is no connection to be had.
        """
        client_id = uuid.uuid4().hex
        async with self._connection.open_socket(client_id) as socket:
            self._socket = socket
            self._uploaded.clear()
            self._watch.client_id = client_id
            self._watch.look()
            self._connected.set()
            reading = self._tasks.add(self._get_ready(socket), f"refresh of {self.url}")
            try:
                await self._sockets.listen(socket, client_id)
            finally:
                self._connected.clear()
                self._watch.client_id = None
                self._socket = None
                reading.cancel()
                await asyncio.wait({reading})

    async def _get_ready(self, socket: ClientConnection) -> None:
        """Become ready once it is known what is installed; without that close the socket.

        Whoever listens after nobody did may be another one.
        """
        is_known = self.object_info is not None and self._connection.refused_at < self._read_at
        if is_known:
            self._set_state(EngineState.READY)
        try:
            await self.refresh()
        except EngineError as error:
            if not is_known:
                self._set_state(EngineState.DOWN, error.message)
                await socket.close()
                return
            logger.warning("%s could not be read again: %s", self.url, error.message)
        self._set_state(EngineState.READY)

    def _replace_socket(self) -> None:
        """Break a socket that went deaf; a new one is made at once."""
        if self._socket is not None:
            self._socket.transport.abort()

    def _see_preview(self) -> None:
        if not self.previews:
            self.previews = True
            self._changed()

    def _set_state(self, state: EngineState, reason: str | None = None) -> None:
        if (state, reason) == (self.state, self.reason):
            return
        logger.info("%s is %s%s", self.url, state, f": {reason}" if reason else "")
        self.state = state
        self.reason = reason
        if state is EngineState.READY:
            self._ready.set()
        else:
            self._ready.clear()
        self._changed()

    def _changed(self) -> None:
        if self.on_change is not None:
            try:
                self.on_change()
            except Exception:
                logger.exception("a change of %s could not be told", self.url)

    # --- Runs

    async def execute(
        self,
        prompt_id: str,
        graph: Mapping[str, Any],
        *,
        extra_data: Mapping[str, Any] = MappingProxyType({}),
        adopt: bool = False,
    ) -> AsyncGenerator[RunEvent, None]:
        """Submit a graph and yield what its run tells, to its final event.

        With ``adopt`` nothing is submitted: a prompt of an earlier process is looked for until the
        engine can say what became of it. To stop reading stops nothing on the engine.

        Raises:
            EngineRejectedError: the graph was refused.
            EngineUnavailableError, EngineTimeoutError: it was not accepted, as far as can be known;
                or the client ended.
        """
        if prompt_id in self._runs:
            raise ValueError(f"prompt {prompt_id} is followed already")
        run = Run(prompt_id, graph, self._output_nodes(graph))
        self._runs[prompt_id] = run
        try:
            if adopt:
                run.accept()
                self._watch.look()
            else:
                run.client_id = await self._open_client_id()
                await self._submit.submit(run, graph, extra_data)
            while (event := await run.next_event()) is not None:
                yield event
        finally:
            self._runs.pop(prompt_id, None)
            self._sockets.forget(run.client_id)

    async def _open_client_id(self) -> str:
        try:
            async with asyncio.timeout(self._timing.connect_s):
                await self._connected.wait()
        except TimeoutError as error:
            message = self.reason or f"{self._name} does not answer at {self.url}."
            raise EngineUnavailableError(message) from error
        assert self._watch.client_id is not None, "connected"
        return self._watch.client_id

    def _output_nodes(self, graph: Mapping[str, Any]) -> frozenset[str]:
        """Return the nodes of a graph that the engine lists as outputs. The graph may be wrong."""
        info = self.object_info or {}
        return frozenset(
            node_id
            for node_id, node in graph.items()
            if isinstance(node, Mapping)
            and info.get(str(node.get("class_type")), {}).get("output_node")
        )

    async def cancel(self, prompt_id: str) -> None:
        """Stop this prompt and nothing else, wherever it is: waiting, running, or on its way.

        Its ``execute`` then ends with Interrupted, or as the prompt ended if it was quicker.

        Raises:
            EngineError: the engine could not be asked. The run keeps trying by itself.
        """
        run = self._runs.get(prompt_id)
        if run is None or run.is_over:
            await self._submit.stop_unread(prompt_id)
            return
        run.cancel_wanted = True
        if run.is_accepted:
            await self._submit.stop(run)

    async def free_memory(self) -> None:
        """Let the engine unload its models and forget its results, once its present run is over.

        Raises:
            EngineError: it could not be asked.
        """
        await self._connection.free()

    async def withdraw(self, prompt_id: str) -> None:
        """Take a prompt out of the engine's queue, unless it has begun: then it goes on.

        Its ``execute`` ends with Lost, once the engine does not know it any more.

        Raises:
            EngineError: the engine could not be asked.
        """
        run = self._runs.get(prompt_id)
        if run is not None and run.is_accepted and not run.was_heard:
            run.is_withdrawn = True
            await self._connection.delete_pending(prompt_id)
            self._watch.look()

    def _see_stranger(self, prompt_id: str) -> None:
        """A prompt of ours begins that has no run: stop it, if it was canceled before it came."""
        if self._submit.is_unwanted(prompt_id):
            self._tasks.start(self._stop_late(prompt_id), f"stop of prompt {prompt_id}")

    async def _stop_late(self, prompt_id: str) -> None:
        try:
            await self._submit.stop_unread(prompt_id)
        except EngineError as error:
            logger.warning("prompt %s, which nobody wants, runs: %s", prompt_id, error.message)

    def give_up(self, prompt_id: str) -> None:
        """Let go of a run that does not end, and stop nothing: its ``execute`` raises at once."""
        if (run := self._runs.get(prompt_id)) is not None:
            run.fail(EngineTimeoutError(f"{self._name} does not stop a prompt."))

    def view(self, file: FileRef) -> AbstractAsyncContextManager[tuple[str, AsyncIterator[bytes]]]:
        """Open a file of the engine: its content type and its bytes in pieces.

        Raises:
            EngineError: it is not there, or could not be read (also while the pieces are read).
        """
        return self._connection.view(file)

    async def upload(self, name: str, path: Path, media_type: str, *, again: bool = False) -> None:
        """Bring a file into the engine's input folder, unless it has got it already.

        ``name`` is how graphs name it (``imagine/fox.png``); it always stands for the same bytes.
        ``again``: send it in any case.

        Raises:
            EngineRejectedError: the engine does not take it.
            EngineUnavailableError, EngineTimeoutError: the engine could not be reached.
            StorageError: the file cannot be read.
        """
        if again or name not in self._uploaded:
            await self._connection.upload(name, path, media_type)
            self._uploaded.add(name)

    async def model_metadata(self, folder: str, name: str) -> dict[str, Any] | None:
        """Return what the header of a model file says of it; None when it says nothing.

        Raises:
            EngineError: the engine could not be asked.
        """
        return await self._connection.model_metadata(folder, name)

    async def queue(self) -> Any:
        """Return ``GET /queue`` as it is."""
        return await self._connection.queue_body()


def shows_previews(stats: Mapping[str, Any]) -> bool | None:
    """Tell from ``/system_stats`` whether previews are sent by default; None: it does not say."""
    system = stats.get("system")
    argv = system.get("argv") if isinstance(system, Mapping) else None
    if not isinstance(argv, list):
        return None
    words = " ".join(map(str, argv)).replace("--preview-method=", "--preview-method ").split()
    if "--preview-method" not in words[:-1]:
        return False
    return words[words.index("--preview-method") + 1] != "none"
