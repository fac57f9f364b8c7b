"""What comes through the sockets of one ComfyUI, handed to the runs that it is about.

Apart from `imagine.comfy_client`, which opens the socket under the present client id: ComfyUI tells
a run to the client id that submitted it, so sockets under earlier ones are held open here as long
as runs of theirs are alive.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from websockets.asyncio.client import ClientConnection

from imagine.comfy_connection import ComfyConnection
from imagine.comfy_messages import (
    ExecutionStart,
    FeatureFlags,
    PreviewFrame,
    RunMessage,
    Status,
    decode,
)
from imagine.comfy_run import Run
from imagine.comfy_watch import ComfyWatch
from imagine.errors import EngineError
from imagine.lifetime import TaskSet

logger = logging.getLogger(__name__)


class _Ear:
    """Of one open socket. ``has_metadata``: previews say whose they are; bare ones are not ours."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.has_metadata = False


class ComfySockets:
    """The sockets of one client, which owns them.

    ``on_preview`` is called with each preview, ``on_stranger`` with the id of a prompt of ours that
    begins and has no run here.
    """

    def __init__(
        self,
        connection: ComfyConnection,
        runs: Mapping[str, Run],
        watch: ComfyWatch,
        *,
        on_preview: Callable[[], None],
        on_stranger: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._runs = runs
        self._watch = watch
        self._on_preview = on_preview
        self._on_stranger = on_stranger
        self._tasks = TaskSet()
        # Sockets under earlier client ids, while runs of theirs are alive.
        self._followers: dict[str, asyncio.Task[None]] = {}

    async def stop(self) -> None:
        await self._tasks.cancel()

    async def listen(self, socket: ClientConnection, client_id: str) -> None:
        """Hand on what comes through a socket until it is lost."""
        ear = _Ear(client_id)
        async for frame in self._connection.frames(socket):
            self._receive(frame, ear)

    def _receive(self, frame: bytes, ear: _Ear) -> None:
        """Hand a frame to the run that it is about; what is about nobody here is dropped."""
        match decode(frame):
            case None:
                pass
            case Status():
                # The queue moved: where no message will come, this is the sign to look.
                if any(map(self._watch.is_orphan, self._runs.values())):
                    self._watch.look()
            case FeatureFlags(preview_metadata=preview_metadata):
                ear.has_metadata = preview_metadata
            case PreviewFrame(prompt_id=None) as preview:
                if not ear.has_metadata and (run := self._only_run(ear)) is not None:
                    self._feed(run, preview)
            case message:
                run = self._runs.get(message.prompt_id or "")
                if run is not None:
                    self._feed(run, message)
                elif isinstance(message, ExecutionStart):
                    self._on_stranger(message.prompt_id)

    def _feed(self, run: Run, message: RunMessage) -> None:
        try:
            run.feed(message)
        except Exception:
            logger.exception("a message about prompt %s could not be read", run.prompt_id)
        if run.is_settling:
            self._watch.look()
        if isinstance(message, PreviewFrame):
            self._on_preview()

    def _only_run(self, ear: _Ear) -> Run | None:
        """Return the run that a bare preview must belong to: one runs at a time."""
        running = [
            run
            for run in self._runs.values()
            if run.client_id == ear.client_id and run.is_running and not run.is_over
        ]
        return running[0] if len(running) == 1 else None

    def follow(self, client_id: str) -> None:
        """Listen under an earlier client id too, so that its runs stay live. The watch goes on."""
        if client_id not in self._followers:
            task = self._tasks.add(
                self._listen_again(client_id), f"follower of {self._connection.url}"
            )
            task.add_done_callback(lambda _: self._followers.pop(client_id, None))
            self._followers[client_id] = task

    async def _listen_again(self, client_id: str) -> None:
        try:
            async with self._connection.open_socket(client_id) as socket:
                await self.listen(socket, client_id)
        except EngineError as error:
            logger.debug("no second socket to %s: %s", self._connection.url, error.message)

    def forget(self, client_id: str | None) -> None:
        """A run under this client id is gone: drop the socket that was open for it alone."""
        if client_id in self._followers and all(
            run.client_id != client_id for run in self._runs.values()
        ):
            self._followers[client_id].cancel()
