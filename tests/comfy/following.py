"""Runs that are read beside the test, and what they told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from imagine.comfy_client import ComfyClient, Timing
from imagine.comfy_messages import (
    Failed,
    Finished,
    Interrupted,
    Lost,
    Outputs,
    RunEvent,
)
from imagine.comfy_outputs import FileRef
from imagine.ids import new_id
from tests.fakes.comfy import example_graph, picture_of

T = TypeVar("T")

# Nothing in a test waits longer; only a failure does.
PATIENCE_S = 20.0
TIMING = Timing(
    connect_s=2.0,
    request_s=2.0,
    submit_s=2.0,
    info_s=10.0,
    read_s=2.0,
    close_s=0.2,
    silence_s=30.0,
    poll_s=0.02,
    retry_s=0.01,
    retry_max_s=0.05,
)
# For tests in which the socket falls silent.
WATCHFUL = Timing(close_s=0.2, silence_s=0.05, poll_s=0.02, retry_s=0.01, retry_max_s=0.05)


async def settled(work: Awaitable[T]) -> T:
    async with asyncio.timeout(PATIENCE_S):
        return await work


class Following:
    """A run that is read in the background, and what it told so far."""

    def __init__(self, client: ComfyClient, graph: dict[str, Any], **kwargs: Any) -> None:
        self.prompt_id = str(kwargs.pop("prompt_id", new_id()))
        self.events: list[RunEvent] = []
        self._heard = asyncio.Condition()
        self.task = asyncio.create_task(self._read(client, graph, kwargs))

    async def _read(self, client: ComfyClient, graph: dict[str, Any], kwargs: Any) -> None:
        async for event in client.execute(self.prompt_id, graph, **kwargs):
            async with self._heard:
                self.events.append(event)
                self._heard.notify_all()

    async def until(self, wanted: Callable[[RunEvent], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._heard:
            await self._heard.wait_for(lambda: any(map(wanted, self.events)))

    async def end(self) -> list[RunEvent]:
        await settled(self.task)
        return self.events


async def run(client: ComfyClient, **kwargs: Any) -> list[RunEvent]:
    return await Following(client, example_graph(), **kwargs).end()


def files(events: Iterable[RunEvent]) -> list[FileRef]:
    """The files of a run, each output node's last word."""
    told = {event.node_id: event.given for event in events if isinstance(event, Outputs)}
    return [one for node in sorted(told) for one in told[node] if isinstance(one, FileRef)]


async def fetch(client: ComfyClient, file: FileRef) -> bytes:
    async with client.view(file) as (media_type, chunks):
        assert media_type == "image/png"
        return b"".join([chunk async for chunk in chunks])


async def pictures(client: ComfyClient, events: Iterable[RunEvent]) -> list[str]:
    return [picture_of(await fetch(client, file)) for file in files(events)]


def finals(events: Iterable[RunEvent]) -> list[RunEvent]:
    return [e for e in events if isinstance(e, Finished | Failed | Interrupted | Lost)]


async def until(client: ComfyClient, wanted: Callable[[], bool]) -> None:
    """Wait until something is so with a client."""
    changed = asyncio.Event()
    client.on_change = changed.set
    async with asyncio.timeout(PATIENCE_S):
        while not wanted():
            await changed.wait()
            changed.clear()
