"""The client of a running server that the commands share: requests, refusals, names of sets.

It knows routes and bodies (``docs/protocol.md``), no class of the server.
"""

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

import aiohttp

Wire: TypeAlias = dict[str, Any]

# Seconds. No total: a picture may take an hour.
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60)
HEARTBEAT_S = 20
CHUNK_BYTES = 1 << 18

_NUMBER = re.compile(r"#([0-9]{1,9})|([1-9][0-9]{0,8})")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BEGINNING = re.compile(r"[0-9a-f][0-9a-f-]{3,35}")


class Exit(IntEnum):
    """What the command tells the shell."""

    DONE = 0
    FAILED = 1
    BAD_PROMPT = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


class RefusedError(Exception):
    """The server answered with an error object."""

    def __init__(self, status: int, error: Wire) -> None:
        super().__init__(error["message"])
        self.status = status
        self.error = error


class UnreachableError(Exception):
    """Nobody answers, or it is not Imagine that answers."""


class ArgumentError(Exception):
    """What was typed names nothing that is there."""


class Api:
    """The few requests that are made; foreign exceptions become ours here."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self._session = session
        self.server = server.rstrip("/")

    async def get(self, path: str) -> Wire:
        return await self._json("GET", path)

    async def post(self, path: str, body: Wire | None = None) -> Wire:
        return await self._json("POST", path, json=body)

    async def upload(self, path: Path) -> str:
        """Bring a picture to the server; return its id.

        Raises:
            ArgumentError: the file cannot be read, or the server does not take it.
        """
        try:
            file = path.open("rb")
        except OSError as error:
            raise ArgumentError(f"{path} cannot be read: {error.strerror or error}.") from error
        with file:
            headers = {"Content-Type": "application/octet-stream"}
            try:
                told = await self._json("POST", "/api/uploads", data=file, headers=headers)
            except RefusedError as refused:
                raise ArgumentError(f"{path}: {refused}") from refused
        return str(told["id"])

    async def add_workflow(self, data: bytes, file: str, query: Mapping[str, str]) -> Wire:
        """Bring a workflow to the server. ``file``: what its file is called."""
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("file", data, filename=file, content_type="application/octet-stream")
        return await self._json("POST", "/api/workflows", data=form, params=query)

    async def find_job(self, name: str) -> Wire:
        """Return the job that is meant by an id, the beginning of one, or the number of a set.

        Raises:
            ArgumentError: there is none, or several.
        """
        lower = name.lower()
        if number := _NUMBER.fullmatch(lower):
            query = f"number={number[1] or number[2]}"
        elif _ID.fullmatch(lower):
            return await self.get(f"/api/jobs/{lower}")
        elif _BEGINNING.fullmatch(lower):
            query = f"id={lower}"
        else:
            raise ArgumentError(
                f"{name} names no set. Give its number (128), its id, or four and more characters "
                "from the beginning of its id."
            )
        jobs: list[Wire] = (await self.get(f"/api/jobs?limit=5&{query}"))["jobs"]
        if not jobs:
            raise ArgumentError(f"There is no set {name}.")
        if len(jobs) > 1:
            several = ", ".join(str(job["number"]) for job in jobs)
            raise ArgumentError(
                f"{name} begins the ids of several sets: {several}. Give the number."
            )
        return jobs[0]

    @asynccontextmanager
    async def live(self, jobs: Iterable[str]) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Listen to these jobs only."""
        query = [("previews", "0"), *(("job", job) for job in jobs)]
        address = f"{self.server}/api/live"
        with self._translated():
            async with self._session.ws_connect(
                address, params=query, heartbeat=HEARTBEAT_S
            ) as socket:
                yield socket

    def address(self, url: str) -> str:
        """Return the whole address of what the server names by its path.

        A server behind a proxy may not know under which path it is shown; then its own lacks that.
        """
        base = urlsplit(self.server).path
        is_whole = not base or url.startswith(f"{base}/")
        return urljoin(self.server, url) if is_whole else self.server + url

    async def download(self, url: str, target: Path) -> None:
        """Fetch a picture; it has its name only when it is whole."""
        partial = target.with_name(target.name + ".part")
        with self._translated():
            async with self._session.get(self.address(url)) as answer:
                await self._raise_refusal(answer)
                with partial.open("wb") as file:
                    async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                        file.write(chunk)
        partial.replace(target)

    async def _json(self, method: str, path: str, **arguments: Any) -> Wire:
        address = self.server + path
        with self._translated():
            async with self._session.request(method, address, **arguments) as answer:
                await self._raise_refusal(answer)
                return await self._body(answer)

    async def _raise_refusal(self, answer: aiohttp.ClientResponse) -> None:
        if answer.status >= 400:
            error = (await self._body(answer)).get("error")
            if not isinstance(error, dict) or "message" not in error:
                raise self._stranger()
            raise RefusedError(answer.status, error)

    async def _body(self, answer: aiohttp.ClientResponse) -> Wire:
        try:
            body = json.loads(await answer.read())
        except ValueError as error:
            raise self._stranger() from error
        if not isinstance(body, dict):
            raise self._stranger()
        return body

    def _stranger(self) -> UnreachableError:
        return UnreachableError(
            f"What answers at {self.server} is not Imagine. Name its address with --server URL."
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnreachableError(
                f"Nobody answers at {self.server}. Start the server with `imagine serve`, "
                "or name another one with --server URL."
            ) from error
