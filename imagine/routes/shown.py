"""The path under which this server is shown: what a proxy puts before every address of ours.

The store and the bus know addresses without it, so that the setting can be changed at any time. It
is put in here, at the edge: once for each answer, and once for all watchers of a message.
"""

from functools import lru_cache

from aiohttp import web

from imagine.events import Message
from imagine.routes.callers import CALLER

# As compact JSON writes them. No text of anybody holds such a piece: there, each quote is escaped.
ADDRESSES = tuple(
    f'"{name}":"/api/{folder}/'.encode()
    for name, folder in (("url", "images"), ("thumbnail", "thumbnails"), ("url", "uploads"))
)


def base_of(request: web.Request) -> str:
    """Return what stands before our paths for this caller: ``/imagine``, or nothing."""
    return request[CALLER].base


def shown(base: str, text: bytes) -> bytes:
    """Return compact JSON with the base path before each address of a picture."""
    if base:
        for address in ADDRESSES:
            text = text.replace(address, address.replace(b"/api/", f"{base}/api/".encode()))
    return text


# Units: messages. As many as are on their way to several watchers at a time, more or less.
_shown_once = lru_cache(maxsize=256)(shown)


def shown_message(base: str, message: Message) -> bytes:
    """Return what a message is for those who see the server under this path; made once for all."""
    if not base or message.kind != "job":
        return message.data
    return _shown_once(base, message.data)
