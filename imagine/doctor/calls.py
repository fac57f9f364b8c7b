"""Calls to an engine or a server, each bounded, whose failures say which hop broke and what to do.

Apart from `imagine.comfy_connection`, which hides what a client need not know: there a refused
connection, an unknown name and a broken certificate are one and the same.
"""

import asyncio
import errno
import json
import re
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import aiohttp

MOST_BODY = 64 * 2**20
# ComfyUI and Imagine send no larger frame in the first moment.
MOST_FRAME = 2**20


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each wait may take. Units: seconds."""

    connect_s: float = 3.0
    answer_s: float = 3.0
    # A big installation looks through all its model folders before it tells its nodes.
    nodes_s: float = 10.0
    # 2 MB on a slow line.
    upload_s: float = 10.0
    disk_s: float = 3.0


DEFAULT_PATIENCE = Patience()


class Cause(StrEnum):
    """Where a connection broke."""

    REFUSED = "refused"
    SILENT = "silent"
    MUTE = "mute"
    UNKNOWN_HOST = "unknown_host"
    NO_ROUTE = "no_route"
    UNTRUSTED = "untrusted"
    NO_TLS = "no_tls"
    NO_HTTP = "no_http"
    BROKE = "broke"


class UnreachedError(Exception):
    """There was no answer."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class ShakeError(Exception):
    """A WebSocket was answered, but not opened."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``arrived_at``: our own clock by then, in Unix seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    arrived_at: float

    def json(self) -> Any:
        """Return the body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_html(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")

    def skew_s(self) -> float | None:
        """Return by how much their clock is ahead of ours; None when they do not tell."""
        try:
            told = parsedate_to_datetime(self.headers["Date"])
        except (KeyError, ValueError, TypeError):
            return None
        if told.tzinfo is None:
            told = told.replace(tzinfo=UTC)
        return (told - datetime.fromtimestamp(self.arrived_at, UTC)).total_seconds()


class Caller:
    """Calls below one address. ``shown`` is the address without its password."""

    def __init__(self, session: aiohttp.ClientSession, url: str, patience: Patience) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._patience = patience
        self.shown = without_credentials(self._url)
        self.prefix = urlsplit(self._url).path

    @property
    def origin(self) -> str:
        """Return the origin that a page of this address has."""
        parts = urlsplit(self.shown)
        return f"{parts.scheme}://{parts.netloc}"

    async def get(self, path: str, *, limit_s: float | None = None) -> Answer:
        """Fetch a path below the address.

        Raises:
            UnreachedError: there was no answer in time.
        """
        return await self.call("GET", self._url + path, limit_s=limit_s)

    async def get_absolute(self, path: str) -> Answer:
        """Fetch a path of the same host, wherever the address lies."""
        return await self.call("GET", self._url.removesuffix(self.prefix) + path)

    async def post(self, path: str, *, limit_s: float | None = None, **kwargs: Any) -> Answer:
        return await self.call("POST", self._url + path, limit_s=limit_s, **kwargs)

    async def call(
        self, method: str, url: str, *, limit_s: float | None = None, **kwargs: Any
    ) -> Answer:
        patience = self._patience
        limit = aiohttp.ClientTimeout(
            total=patience.connect_s + (limit_s or patience.answer_s), connect=patience.connect_s
        )
        with call_errors():
            async with self._session.request(
                method, url, timeout=limit, allow_redirects=False, **kwargs
            ) as response:
                body = bytearray()
                async for piece in response.content.iter_chunked(2**18):
                    body += piece
                    if len(body) > MOST_BODY:
                        raise UnreachedError(Cause.BROKE)
                return Answer(response.status, response.headers, bytes(body), time.time())

    @asynccontextmanager
    async def first_bytes(self, path: str) -> AsyncIterator[bytes]:
        """Open a stream, and give what comes first."""
        limit = aiohttp.ClientTimeout(
            total=None, connect=self._patience.connect_s, sock_read=self._patience.answer_s
        )
        with call_errors():
            async with self._session.get(self._url + path, timeout=limit) as response:
                yield await response.content.readany()

    @asynccontextmanager
    async def socket(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a WebSocket.

        Raises:
            UnreachedError: there was no answer in time.
            ShakeError: it was answered with something else.
        """
        limit_s = self._patience.connect_s + self._patience.answer_s
        with call_errors():
            async with asyncio.timeout(limit_s):
                socket = await self._session.ws_connect(
                    self._url + path,
                    headers=headers,
                    max_msg_size=MOST_FRAME,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        try:
            yield socket
        finally:
            await socket.close()

    async def receive(self, socket: aiohttp.ClientWebSocketResponse) -> Any:
        """Return the next message of a socket as JSON; None when none comes, or it is none."""
        try:
            message = await socket.receive(timeout=self._patience.answer_s)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return None
        try:
            return json.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else None
        except (ValueError, RecursionError):
            return None


@contextmanager
def call_errors() -> Iterator[None]:
    """Say which hop broke inside the block."""
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        raise ShakeError(error.status) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise UnreachedError(cause_of(error)) from error


def cause_of(error: Exception) -> Cause:
    for kind, cause in _KINDS:
        if isinstance(error, kind):
            return cause
    inner = getattr(error, "os_error", error)  # aiohttp wraps it
    for kind, cause in _INNER_KINDS:
        if isinstance(inner, kind):
            return cause
    return _NUMBERS.get(getattr(inner, "errno", None) or 0, Cause.BROKE)


# The first that fits is taken: some are kinds of others.
_KINDS: tuple[tuple[type[Exception], Cause], ...] = (
    (aiohttp.ClientConnectorDNSError, Cause.UNKNOWN_HOST),
    (aiohttp.ClientConnectorCertificateError, Cause.UNTRUSTED),
    (aiohttp.ConnectionTimeoutError, Cause.SILENT),
    (aiohttp.ClientConnectorSSLError, Cause.NO_TLS),
    (aiohttp.ClientResponseError, Cause.NO_HTTP),
    (TimeoutError, Cause.MUTE),
)
_INNER_KINDS: tuple[tuple[type[Exception], Cause], ...] = (
    (ssl.SSLCertVerificationError, Cause.UNTRUSTED),
    (ssl.SSLError, Cause.NO_TLS),
    (ConnectionRefusedError, Cause.REFUSED),
)
_NUMBERS = {
    errno.EHOSTUNREACH: Cause.NO_ROUTE,
    errno.ENETUNREACH: Cause.NO_ROUTE,
    errno.EADDRNOTAVAIL: Cause.NO_ROUTE,
    errno.ETIMEDOUT: Cause.SILENT,
}


def told(cause: Cause, url: str, *, program: str, flag: str) -> tuple[str, str]:
    """Return what happened at an address, and what to do; for a program and the flag that names it.

    ``program`` is ``ComfyUI`` or ``Imagine``.
    """
    host = urlsplit(url).hostname or url
    listen = "--listen" if program == "ComfyUI" else "--host 0.0.0.0 --allow-open"
    elsewhere = f"Started without {listen} it can be reached from its own machine only."
    match cause:
        case Cause.REFUSED:
            return (
                f"Nothing listens at {url}.",
                f"Start {program} there, or name its address with {flag}. {elsewhere}",
            )
        case Cause.SILENT:
            return (
                f"{url} does not answer: what is sent there is lost.",
                f"Check the address, and that no firewall stands between. {elsewhere}",
            )
        case Cause.NO_ROUTE:
            return f"No way leads to {url}.", f"Check the network and the address ({flag})."
        case Cause.MUTE:
            return (
                f"{url} takes the connection and then says nothing.",
                f"{program} may hang: look into its own window, and restart it.",
            )
        case Cause.UNKNOWN_HOST:
            return (
                f"The name {host} is not known here.",
                f"Check how it is spelled in {flag}, or give the number of the address. "
                "Inside a container, names are those of the container's network.",
            )
        case Cause.UNTRUSTED:
            return (
                f"The certificate of {url} is not trusted.",
                f"In your own network name it with http:// ({flag}); else give it a certificate "
                "that this machine trusts (SSL_CERT_FILE names further ones).",
            )
        case Cause.NO_TLS:
            return f"{url} does not speak TLS.", f"Write http:// in place of https:// ({flag})."
        case Cause.NO_HTTP:
            return (
                f"{url} answers, but does not speak HTTP.",
                f"Check the port ({flag}). If it speaks TLS, write https://.",
            )
        case Cause.BROKE:
            return (
                f"{url} broke the connection off.",
                f"Look into the window of {program}. If the port speaks TLS, write https:// "
                f"({flag}).",
            )


def without_credentials(url: str) -> str:
    return re.sub(r"//[^/?#]*@", "//", url)
