"""Follow jobs over the live socket, as a page does: tests wait for events and not for time."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple, Self

from aiohttp import ClientResponse, ClientWebSocketResponse, WSMsgType

from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy

# No test waits longer for anything; a slow machine needs less than a tenth of it.
PATIENCE_S = 30


class Follower:
    """Everything that one watcher heard, in order."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []
        self.previews: list[tuple[str, int, bytes]] = []
        self._snapshot: dict[str, Any] | None = None

    async def greeted(self) -> None:
        """Read ``hello``, and wait for the snapshot: what happens from now on is not in it."""
        await self.until(lambda m: m["type"] == "hello")
        if not self.messages[0]["resumed"]:
            self._snapshot = await self.read()
            assert self.messages.pop()["type"] == "snapshot"

    async def read(self) -> dict[str, Any] | None:
        """Read one message; None for a preview."""
        if self._snapshot is not None:
            snapshot, self._snapshot = self._snapshot, None
            self.messages.append(snapshot)
            return snapshot
        async with asyncio.timeout(PATIENCE_S):
            message = await self.socket.receive()
        if message.type is WSMsgType.BINARY:
            data = message.data
            job, image = str(uuid.UUID(bytes=data[4:20])), int.from_bytes(data[2:4], "big")
            self.previews.append((job, image, data[20:]))
            return None
        assert message.type is WSMsgType.TEXT, message
        told: dict[str, Any] = json.loads(message.data)
        self.messages.append(told)
        return told

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read on until a message is as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = await self.read()
                if told is not None and wanted(told):
                    return told

    async def job(self, job_id: str, *states: str) -> dict[str, Any]:
        """Read on until the job is in one of these states."""
        told = await self.until(
            lambda m: (
                m["type"] == "job" and m["job"]["id"] == job_id and m["job"]["state"] in states
            )
        )
        job: dict[str, Any] = told["job"]
        return job

    async def end(self, job_id: str) -> dict[str, Any]:
        return await self.job(job_id, "succeeded", "failed", "canceled")

    def of(self, job_id: str, kind: str) -> list[dict[str, Any]]:
        """What was told of a job."""
        if kind == "job":
            return [
                m["job"] for m in self.messages if m["type"] == "job" and m["job"]["id"] == job_id
            ]
        return [m for m in self.messages if m["type"] == kind and m.get("job") == job_id]

    def changes(self) -> list[dict[str, Any]]:
        """Every state change that was told."""
        return [m for m in self.messages if m["type"] in ("job", "removed")]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()


def sequence_of(change: dict[str, Any]) -> int:
    """Return the sequence of a state change."""
    sequence: int = (change["job"] if change["type"] == "job" else change)["sequence"]
    return sequence


@contextlib.asynccontextmanager
async def follow(client: Client, query: str = "") -> AsyncIterator[Follower]:
    """Open the live socket and read its greeting."""
    socket = await client.ws_connect(f"/api/live{query}", max_msg_size=0)
    async with Follower(socket) as follower:
        await follower.greeted()
        yield follower


class Event(NamedTuple):
    """One Server-Sent Event."""

    kind: str
    id: int | None
    data: dict[str, Any]


class Events:
    """The stream of one job, until it ends."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer
        self.heads: list[str] = []

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield each event; what comes without data is kept in ``heads``."""
        async with asyncio.timeout(PATIENCE_S):
            while block := (await self.answer.content.readuntil(b"\n\n")).decode().strip():
                lines = [line for line in block.splitlines() if not line.startswith(":")]
                fields = dict(line.split(": ", 1) for line in lines)
                if "data" not in fields:
                    self.heads += lines
                    continue
                sequence = int(fields["id"]) if "id" in fields else None
                yield Event(fields["event"], sequence, json.loads(fields["data"]))


@contextlib.asynccontextmanager
async def events(client: Client, job_id: str, last: object = None) -> AsyncIterator[Events]:
    """Open the event stream of a job, as an EventSource does that may know its last event."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    async with client.get(f"/api/jobs/{job_id}/events", headers=headers) as answer:
        yield Events(answer)


async def ready(start_server: StartServer, comfy: FakeComfy, **settings: Any) -> Client:
    """Start a server in front of the fake, and wait until it has read what is installed."""
    client = await start_server(engine="comfyui", comfyui_url=[comfy.url], **settings)
    async with follow(client) as follower:
        if follower.messages[0]["engine"]["state"] != "ready":
            await follower.until(
                lambda m: m["type"] == "engine" and m["engine"]["state"] == "ready"
            )
    return client


async def submit(client: Client, prompt: str, **body: Any) -> list[dict[str, Any]]:
    """Submit a prompt and return its jobs."""
    async with client.post("/api/imagine", json={"prompt": prompt, **body}) as answer:
        told = await answer.json()
        assert answer.status == 202, told
    jobs: list[dict[str, Any]] = told["jobs"]
    return jobs


async def finish(client: Client, prompt: str, **body: Any) -> dict[str, Any]:
    """Submit a prompt of one job, wait for its end and return it."""
    async with client.post(
        "/api/imagine", json={"prompt": prompt, **body}, headers={"Prefer": "wait=60"}
    ) as answer:
        told = await answer.json()
        assert answer.status == 200, told
    job: dict[str, Any] = told["jobs"][0]
    return job


async def eventually(condition: Callable[[], object]) -> None:
    """Wait for what nobody tells, such as a request that has reached the fake ComfyUI."""
    for _ in range(PATIENCE_S * 100):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")
