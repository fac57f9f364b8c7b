"""Who calls, from where and under which name, and may they.

Behind a proxy every request comes from the proxy; who is behind it stands in ``X-Forwarded-*``.
Anybody can write such headers, so they count only when the peer is a proxy that the settings trust,
and otherwise they are not even read.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from imagine.errors import ForbiddenError
from imagine.settings import LOOPBACK, Settings, base_path, network

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
LOOPBACK_NETWORKS = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
DEFAULT_PORTS = {"http": 80, "https": 443}


class Caller(NamedTuple):
    """Where a request came from. ``scheme`` is None when no proxy that is trusted tells it."""

    address: str
    host: str
    base: str
    scheme: str | None = None


CALLER = web.RequestKey("caller", Caller)


class Callers:
    """What the settings say of callers, read once. Owned by the app."""

    def __init__(self, settings: Settings) -> None:
        names = (settings.host, *settings.allowed_hosts)
        self._names = LOOPBACK_NAMES | {name.lower() for name in names}
        self._base = settings.base_path
        self._proxies = tuple(_networks(settings.trusted_proxy))

    def identify(self, request: web.Request) -> Caller:
        """Say who calls; what a proxy tells of it counts only when that proxy is trusted."""
        peer = request.remote or "-"
        if not (self._proxies and self._is_proxy(_address(peer))):
            return Caller(peer, request.host, self._base)
        scheme = _nearest(request, "X-Forwarded-Proto")
        return Caller(
            self._sender(request, peer),
            _nearest(request, "X-Forwarded-Host") or request.host,
            self._prefix(request),
            scheme.lower() if scheme is not None and scheme.lower() in DEFAULT_PORTS else None,
        )

    def check(self, request: web.Request, caller: Caller) -> None:
        """Refuse a Host that is not ours (DNS rebinding) and an Origin that is not this page.

        Raises:
            ForbiddenError: with the name that was refused and how to allow it.
        """
        name = host_name(caller.host)
        if name not in self._names:
            raise ForbiddenError(
                f"This server does not answer to the name {name!r}.",
                hint=f"Start it with --allowed-hosts {name}, if that is a name of yours.",
            )
        origin = request.headers.get("Origin")
        is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        if (
            origin is not None
            and (is_socket or request.method not in SAFE_METHODS)
            and not is_own_page(origin, caller)
        ):
            raise ForbiddenError(
                f"A page of {origin} may not do this here.",
                hint="Open the page under the address that you call; behind a proxy, let it pass "
                "Host on (docs/proxy.md)."
                if caller.scheme is None
                else f"For the proxy this is {caller.scheme}://{caller.host}: open the page there, "
                "or let the proxy tell the address of the page (docs/proxy.md).",
            )

    def _sender(self, request: web.Request, peer: str) -> str:
        """Return the nearest address that is no proxy of ours: what lies behind it is hearsay."""
        sender = peer
        for hop in reversed(_listed(request, "X-Forwarded-For")):
            address = _address(hop)
            if address is None:
                break
            sender = str(address)
            if not self._is_proxy(address):
                break
        return sender

    def _prefix(self, request: web.Request) -> str:
        given = _nearest(request, "X-Forwarded-Prefix")
        try:
            return self._base if given is None else base_path(given)
        except ValueError:
            return self._base

    def _is_proxy(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in known for known in self._proxies)


def is_own_page(origin: str, caller: Caller) -> bool:
    """Does a page of this origin come from where the caller reached us?"""
    try:
        page = urlsplit(origin)
        if caller.scheme is None:
            return page.netloc != "" and page.netloc.lower() == caller.host.lower()
        called = urlsplit(f"{caller.scheme}://{caller.host}")
        default = DEFAULT_PORTS[caller.scheme]
        return (page.scheme, page.hostname, page.port or default) == (
            called.scheme,
            called.hostname,
            called.port or default,
        )
    except ValueError:
        return False


@lru_cache(maxsize=256)  # asked of every request, and nearly always the same
def host_name(host: str) -> str:
    """Return the name in a Host header, without port and brackets."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _networks(names: Iterable[str]) -> Iterator[IPv4Network | IPv6Network]:
    for name in names:
        if name == LOOPBACK:
            yield from LOOPBACK_NETWORKS
        else:
            yield network(name)


def _listed(request: web.Request, header: str) -> list[str]:
    """Return what each proxy on the way put into a header, the nearest one last."""
    values = ",".join(request.headers.getall(header, ())).split(",")
    return [value.strip() for value in values if value.strip()]


def _nearest(request: web.Request, header: str) -> str | None:
    """Return what the nearest proxy says: it is the only one that we know to be trusted."""
    return next(reversed(_listed(request, header)), None)


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, with or without a port: ``[::1]:5000``; None for ``unknown`` and such."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A socket for both families gives the peers of the older one in the dress of the newer.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
