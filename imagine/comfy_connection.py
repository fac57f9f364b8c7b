"""HTTP requests to ComfyUI, and its WebSocket: the one place that meets their libraries' errors.

Every request has a time limit, every body a bound, and every failure leaves as one of ours.
"""

import asyncio
import hashlib
import json
import random
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from imagine.comfy_history import HistoryEntry, QueueState, decode_history, decode_queue
from imagine.comfy_outputs import FileRef
from imagine.errors import (
    EngineError,
    EngineRejectedError,
    EngineTimeoutError,
    EngineUnavailableError,
    StorageError,
)

# Units: bytes. A frame holds at most one picture (SaveImageWebsocket), a body the node list or
# everybody's queue with its graphs.
MOST_FRAME = 256 * 2**20
MOST_BODY = 256 * 2**20
CHUNK = 256 * 2**10
# The slowest way to an engine on which an upload is not given up. Units: bytes per second.
SLOWEST_UPLOAD = 256 * 2**10
# What is brought to it, by the first half of its media type; all else is a picture.
NOUNS = {"video": "video", "audio": "sound"}
# What a proxy answers when ComfyUI itself does not.
NOBODY_BEHIND = (502, 503, 504)
# Above this JSON is parsed off the loop.
PARSE_HERE = 256 * 2**10

FEATURE_FLAGS = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for what. Units: seconds."""

    connect_s: float = 5.0
    request_s: float = 10.0
    # ComfyUI validates a graph before it answers, and reads files for that.
    submit_s: float = 30.0
    # A big installation looks through all its model folders first.
    info_s: float = 60.0
    # The longest silence within a picture.
    read_s: float = 30.0
    close_s: float = 2.0
    ping_s: float = 20.0
    # Loading a model may keep ComfyUI from answering a ping for long.
    pong_s: float = 60.0
    # Silence about a run that makes us ask; and how often we ask when no message will come.
    silence_s: float = 5.0
    poll_s: float = 1.0
    retry_s: float = 0.5
    retry_max_s: float = 15.0

    def retry_delays(self) -> Iterator[float]:
        """Yield how long to wait before each next try: doubling, with jitter."""
        delay = self.retry_s
        while True:
            yield delay * random.uniform(0.5, 1.0)
            delay = min(delay * 2, self.retry_max_s)


class NotListeningError(EngineUnavailableError):
    """No connection could be made, so the request surely did not arrive."""


class ComfyConnection:
    """One ComfyUI by its URL. ``name`` is what a person calls it."""

    def __init__(
        self, url: str, session: aiohttp.ClientSession, timing: Timing, *, name: str
    ) -> None:
        self._url = url.rstrip("/")
        # The address as it may be shown: a password in it is for the engine only.
        self.url = re.sub(r"//[^/]*@", "//", self._url)
        self._session = session
        self._timing = timing
        self.name = name
        # When nobody listened last: a process that was there before has forgotten its queue.
        # Units: monotonic seconds.
        self.refused_at = float("-inf")
        # Since when it was asked and said nothing, None while it answers; and whether its host said
        # last that nobody listens. ``on_touch`` is called when the first of them changes.
        self.lost_at: float | None = None
        self.is_refused = False
        self.on_touch: Callable[[], None] = lambda: None

    def _heard(self) -> None:
        """It said something."""
        self.is_refused = False
        if self.lost_at is not None:
            self.lost_at = None
            self.on_touch()

    def _missed(self, *, is_refused: bool = False) -> None:
        """It was asked, and said nothing."""
        self.is_refused = is_refused
        if self.lost_at is None:
            self.lost_at = monotonic()
            self.on_touch()

    # --- WebSocket

    @asynccontextmanager
    async def open_socket(self, client_id: str) -> AsyncIterator[ClientConnection]:
        """Connect under a client id and ask for previews that say whose they are.

        The flags must be the first message, and again on each connection.
        """
        parts = urlsplit(self._url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        url = urlunsplit((scheme, parts.netloc, f"{parts.path}/ws", f"clientId={client_id}", ""))
        with self._socket_errors():
            socket = await connect(
                url,
                compression=None,
                proxy=None,
                max_size=MOST_FRAME,
                open_timeout=self._timing.connect_s,
                close_timeout=self._timing.close_s,
                ping_interval=self._timing.ping_s,
                ping_timeout=self._timing.pong_s,
            )
        try:
            self._heard()
            with self._socket_errors():
                await socket.send(FEATURE_FLAGS)
            yield socket
        finally:
            await socket.close()

    async def frames(self, socket: ClientConnection) -> AsyncIterator[bytes]:
        """Yield each frame, text and binary alike as bytes, until the socket is lost or closed.

        Text is not decoded here, so that a broken character costs one message, not the connection.
        """
        while True:
            try:
                frame = await socket.recv(decode=False)
            except (WebSocketException, OSError):
                return
            self._heard()
            yield frame

    @contextmanager
    def _socket_errors(self) -> Iterator[None]:
        try:
            yield
        except InvalidStatus as error:
            status = error.response.status_code
            raise EngineUnavailableError(
                f"{self.url} refuses the connection ({status}).",
                hint="Check that the address is ComfyUI's own, and that nothing guards it.",
            ) from error
        except InvalidHandshake as error:
            raise EngineUnavailableError(f"{self.url} does not answer like a ComfyUI.") from error
        except (OSError, WebSocketException) as error:  # TimeoutError is an OSError
            raise self._not_listening(error) from error

    # --- HTTP

    async def submit(self, body: Mapping[str, Any]) -> tuple[int, Any]:
        """``POST /prompt``: return status and answer (None when it is not JSON)."""
        async with self._request("POST", "/prompt", self._timing.submit_s, json=body) as response:
            content = await self._content(response)
        try:
            return response.status, json.loads(content)
        except (ValueError, RecursionError):
            return response.status, None

    async def upload(self, name: str, path: Path, media_type: str) -> None:
        """``POST /upload/image``: bring a file into the input folder under exactly this name.

        ComfyUI takes files of all kinds there.

        Source: ComfyUI 0.3.64, ``server.py``, ``image_upload``.

        Raises:
            EngineRejectedError: it does not take it.
            EngineUnavailableError, EngineTimeoutError: it could not be reached; it may be again.
            StorageError: the file cannot be read.
        """
        try:
            await self._upload_once(name, path, media_type)
        except (NotListeningError, EngineRejectedError):
            raise
        except EngineUnavailableError:  # a kept connection may have died since it was used
            await self._upload_once(name, path, media_type)

    async def _upload_once(self, name: str, path: Path, media_type: str) -> None:
        folder, _, file_name = name.rpartition("/")
        noun = NOUNS.get(media_type.partition("/")[0], "picture")
        # Opened here and not in a thread: canceled meanwhile, nobody would close it.
        file, size = _opened(path)
        with file:
            form = aiohttp.FormData({"type": "input", "subfolder": folder, "overwrite": "true"})
            form.add_field("image", file, filename=file_name, content_type=media_type)
            limit_s = self._timing.submit_s + size / SLOWEST_UPLOAD
            async with self._request("POST", "/upload/image", limit_s, data=form) as response:
                status, content = response.status, await self._content(response)
        if status >= 502:
            raise EngineUnavailableError(f"{self.name} answers an upload with {status}.")
        if status == 413:
            raise EngineRejectedError(
                f"A {noun} of {size / 2**20:.1f} MiB is too large for {self.name}.",
                hint=f"Start ComfyUI with a larger --max-upload-size, or take a smaller {noun}.",
            )
        if status != 200:
            raise EngineRejectedError(
                f"{self.name} does not take the {noun} {file_name} ({status}).",
                hint="Look into ComfyUI's own window for the reason.",
            )
        if _stored_as(content) != (file_name, folder, "input"):
            raise EngineRejectedError(
                f"{self.name} put the {noun} {file_name} somewhere else.",
                hint="Update ComfyUI.",
            )

    async def queue_body(self) -> Any:
        return await self._get("/queue", self._timing.request_s)

    async def queue(self) -> QueueState:
        state = decode_queue(await self.queue_body())
        if state is None:
            raise self._not_comfy("/queue")
        return state

    async def history(self, prompt_id: str) -> HistoryEntry | None:
        body = await self._get(f"/history/{quote(prompt_id, safe='')}", self._timing.request_s)
        return decode_history(body, prompt_id)

    async def delete_pending(self, prompt_id: str) -> None:
        await self._post("/queue", {"delete": [prompt_id]})

    async def interrupt(self, prompt_id: str) -> None:
        """Stop a prompt if it runs right now. Never without an id: that stops anybody's."""
        await self._post("/interrupt", {"prompt_id": prompt_id})

    async def free(self) -> None:
        """Unload the models and empty the cache; ComfyUI does it between two runs."""
        await self._post("/free", {"unload_models": True, "free_memory": True})

    async def system_stats(self) -> dict[str, Any]:
        stats = await self._get("/system_stats", self._timing.request_s)
        if not isinstance(stats, dict):
            raise self._not_comfy("/system_stats")
        return stats

    async def object_info(self, known: bytes = b"") -> tuple[dict[str, Any] | None, bytes]:
        """Return the node schemas and a digest; no schemas when ``known`` is their digest.

        They are megabytes: an answer that did not change is not parsed.
        """
        path = "/object_info"
        async with self._request("GET", path, self._timing.info_s) as response:
            self._check(response, path)
            content = await self._content(response)
        digest = hashlib.blake2b(content).digest()
        if digest == known:
            return None, digest
        info = await self._parse(content, path)
        if not isinstance(info, dict) or not info:
            raise self._not_comfy(path)
        return info, digest

    async def model_metadata(self, folder: str, name: str) -> dict[str, Any] | None:
        """Return what the header of a safetensors file says; None when it says nothing."""
        path = f"/view_metadata/{folder}?{urlencode({'filename': name})}"
        async with self._request("GET", path, self._timing.request_s) as response:
            if response.status != 200:
                return None
            content = await self._content(response)
        metadata = await self._parse(content, path)
        return metadata if isinstance(metadata, dict) else None

    @asynccontextmanager
    async def view(self, file: FileRef) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        """Open a file of ComfyUI: its content type and its bytes in pieces."""
        query = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
        limit = aiohttp.ClientTimeout(
            total=None, sock_connect=self._timing.connect_s, sock_read=self._timing.read_s
        )
        with self._errors():
            response = await self._session.get(f"{self._url}/view", params=query, timeout=limit)
            self._heard()
        try:
            if response.status >= 500:
                self._check(response, "/view")  # asked again: behind a proxy, it may be there
            if response.status != 200:
                raise EngineError(
                    f"{self.name} no longer has {file.filename} ({response.status}).",
                    code="missing_output",
                    hint="Make the picture again.",
                )
            yield response.content_type, self._pieces(response)
        finally:
            response.close()

    async def _pieces(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        pieces = response.content.iter_chunked(CHUNK)
        while True:
            with self._errors():
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece

    async def _get(self, path: str, limit_s: float) -> Any:
        async with self._request("GET", path, limit_s) as response:
            self._check(response, path)
            content = await self._content(response)
        return await self._parse(content, path)

    async def _parse(self, content: bytes, path: str) -> Any:
        try:
            if len(content) <= PARSE_HERE:
                return json.loads(content)
            return await asyncio.to_thread(json.loads, content)
        except (ValueError, RecursionError) as error:
            raise self._not_comfy(path) from error

    async def _post(self, path: str, body: Mapping[str, Any]) -> None:
        """Post what may be posted twice: a kept connection may have died since it was used."""
        try:
            await self._post_once(path, body)
        except NotListeningError:
            raise
        except EngineUnavailableError:
            await self._post_once(path, body)

    async def _post_once(self, path: str, body: Mapping[str, Any]) -> None:
        async with self._request("POST", path, self._timing.request_s, json=body) as response:
            self._check(response, path)

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, limit_s: float, **kwargs: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        limit = aiohttp.ClientTimeout(total=limit_s, sock_connect=self._timing.connect_s)
        with self._errors():
            async with self._session.request(
                method, self._url + path, timeout=limit, allow_redirects=False, **kwargs
            ) as response:
                if response.status not in NOBODY_BEHIND:
                    self._heard()
                yield response

    async def _content(self, response: aiohttp.ClientResponse) -> bytes:
        content = bytearray()
        async for piece in response.content.iter_chunked(CHUNK):
            content += piece
            if len(content) > MOST_BODY:
                raise EngineUnavailableError(f"The answer of {self.name} is too long to read.")
        return bytes(content)

    def _check(self, response: aiohttp.ClientResponse, path: str) -> None:
        if response.status != 200:
            raise EngineUnavailableError(
                f"{self.name} answers {path} with {response.status}.",
                hint="Look into ComfyUI's own window for the reason.",
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise self._not_listening(error) from error
        except TimeoutError as error:
            self._missed()
            raise EngineTimeoutError(
                f"{self.name} takes too long to answer.",
                hint="It may be busy loading a model; it is asked again.",
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            self._missed()
            raise EngineUnavailableError(
                f"The connection to {self.name} broke.",
                hint="It is made again as soon as possible.",
            ) from error

    def _not_listening(self, error: Exception) -> NotListeningError:
        cause = getattr(error, "os_error", error)  # aiohttp wraps it
        is_refused = isinstance(cause, ConnectionRefusedError)
        if is_refused:
            self.refused_at = monotonic()
        self._missed(is_refused=is_refused)
        return NotListeningError(
            f"{self.name} does not answer at {self.url}.",
            hint="Start it, or set its address with --comfyui-url.",
        )

    def _not_comfy(self, path: str) -> EngineUnavailableError:
        return EngineUnavailableError(
            f"{self.url} answers, but not like ComfyUI ({path}).",
            hint="Check the address given with --comfyui-url.",
        )


def _opened(path: Path) -> tuple[BinaryIO, int]:
    """Open a file for an upload; return it and how many bytes it has."""
    try:
        return path.open("rb"), path.stat().st_size
    except OSError as error:
        raise StorageError(
            f"{path} could not be read: {error.strerror or error}",
            hint="Check the disk and the folder, then try again.",
        ) from error


def _stored_as(content: bytes) -> tuple[str, str, str] | None:
    """Return name, folder and kind of folder out of the answer to an upload; None without them."""
    try:
        answer = json.loads(content)
        return answer["name"], str(answer["subfolder"]).replace("\\", "/"), answer["type"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
