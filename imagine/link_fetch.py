"""Files from the web, by the links in prompts: bounded in every way, from public places only.

A prompt may come from anywhere, so its links must not become a way into the owner's network. What
is checked is the address of each socket just before it connects, whatever name, redirect or answer
of a name server led there.
"""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from time import monotonic
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import aiohttp

from imagine import __version__
from imagine.errors import Detail, PromptError
from imagine.media import Kind, input_limit

CHUNK = 64 * 2**10
MOST_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
# What says of itself that it is something else is not read; for everything else the bytes decide.
OTHER_MEDIA = ("text/", "image/", "video/", "audio/", "application/json", "application/pdf")
HEADERS = {"User-Agent": f"Imagine/{__version__}", "Accept": "image/png,image/jpeg,image/webp,*/*"}
UPLOAD_IT = "Save the file and upload it."
# So much of a link is quoted.
SHOWN = 120

GLOBAL_UNICAST = IPv6Network("2000::/3")
# IPv4 as those write it who have IPv6 only (RFC 6052).
NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class LinkTiming:
    """How long a link may take. Units: seconds.

    ``total_s`` holds for redirects and body too, ``media_s`` where that is a video or a sound.
    """

    connect_s: float = 5.0
    total_s: float = 15.0
    media_s: float = 60.0


DEFAULT_TIMING = LinkTiming()


class PrivateAddressError(OSError):
    """A socket was about to connect to where prompts may not reach."""


def is_public(address: str) -> bool:
    """Whether an address is anybody's on the web, and not one of this machine or its network."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in NAT64:
            inner = IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is None:
            return ip in GLOBAL_UNICAST and ip.is_global
        ip = inner
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class LinkFetcher:
    """Fetches links. Owned by the app, which opens and closes it.

    ``allowed`` says which addresses may be connected to.
    """

    def __init__(
        self,
        *,
        allowed: Callable[[str], bool] = is_public,
        timing: LinkTiming = DEFAULT_TIMING,
    ) -> None:
        self._allowed = allowed
        self._timing = timing
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        # No cookies, no proxy and no password out of the environment.
        self._session = await self._stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=self._open_socket, limit=16),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=HEADERS,
                trust_env=False,
            )
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _open_socket(self, place: Any) -> socket.socket:
        family, kind, protocol, _, address = place
        if not self._allowed(address[0]):
            raise PrivateAddressError("not a public address")
        return socket.socket(family, kind, protocol)

    @asynccontextmanager
    async def open(self, link: str, kind: Kind = Kind.IMAGE) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open what a link leads to: its bytes in pieces, which may turn out to be something else.

        ``kind``: a picture, a video or a sound is wanted.

        Raises:
            PromptError: it cannot be had, also while the pieces are read; with the link as value.
        """
        timing = self._timing
        deadline = monotonic() + (timing.total_s if kind is Kind.IMAGE else timing.media_s)
        response = await self._follow(link, deadline)
        try:
            _check(link, response, kind)
            yield _pieces(link, response, kind)
        finally:
            response.close()

    async def _follow(self, link: str, deadline: float) -> aiohttp.ClientResponse:
        """Return the answer at the end of the redirects."""
        address = link
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._get(link, address, deadline)
            onward = response.headers.get("Location")
            if response.status not in REDIRECTS or onward is None:
                return response
            response.close()
            address = urljoin(str(response.url), onward)
        raise refusal(link, "leads on from one place to another, and never to a file.")

    async def _get(self, link: str, address: str, deadline: float) -> aiohttp.ClientResponse:
        limit = aiohttp.ClientTimeout(
            total=max(deadline - monotonic(), 0.001),
            connect=self._timing.connect_s,
            sock_connect=self._timing.connect_s,
        )
        with _link_errors(link):
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise aiohttp.InvalidURL(address)
            # A password in a link stays here.
            url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
            return await self._session.get(url, timeout=limit, allow_redirects=False)


def refusal(link: str, why: str, hint: str = UPLOAD_IT) -> PromptError:
    """Return the error that says why a link gives no file."""
    shown = link if len(link) <= SHOWN else f"{link[:SHOWN]}…"
    message = f"{shown} {why}"
    return PromptError(message, details=[Detail(value=link, message=message)], hint=hint)


def _check(link: str, response: aiohttp.ClientResponse, kind: Kind) -> None:
    """Refuse what the head of an answer tells already."""
    match response.status:
        case 200:
            pass
        case 404 | 410:
            raise refusal(link, f"is no longer there ({response.status}).")
        case 401 | 403:
            raise refusal(link, f"is not given to strangers ({response.status}).")
        case status:
            raise refusal(link, f"gives no {kind.noun}, but an error ({status}).")
    told = response.content_type
    if told.startswith(OTHER_MEDIA) and not told.startswith(f"{kind}/"):
        raise refusal(
            link,
            f"is no {kind.noun}, but {told}.",
            f"Give the link of the {kind.noun} itself, or save it and upload it.",
        )
    if (response.content_length or 0) > input_limit(kind):
        raise _too_large(link, kind)


async def _pieces(link: str, response: aiohttp.ClientResponse, kind: Kind) -> AsyncIterator[bytes]:
    pieces = response.content.iter_chunked(CHUNK)
    size = 0
    while True:
        with _link_errors(link):
            piece = await anext(pieces, None)
        if piece is None:
            return
        size += len(piece)
        if size > input_limit(kind):
            raise _too_large(link, kind)
        yield piece


def _too_large(link: str, kind: Kind) -> PromptError:
    return refusal(
        link,
        f"has more than {input_limit(kind) >> 20} MiB.",
        f"Save the {kind.noun} smaller and upload it.",
    )


@contextmanager
def _link_errors(link: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise refusal(link, "takes too long to come.") from error
    except (aiohttp.InvalidURL, ValueError) as error:
        raise refusal(link, "is no web address, or leads to none.") from error
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, PrivateAddressError):
            raise refusal(
                link,
                "leads into your own network, where prompts may not reach.",
                "Save the file and upload it, or start Imagine with --allow-private-links.",
            ) from error
        raise refusal(link, "cannot be reached.") from error
    except (aiohttp.ClientError, OSError) as error:
        raise refusal(link, "broke off before the file was here.") from error
