"""Links: fetched within bounds, from public places only, and refused in one clear sentence."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from imagine.errors import PromptError
from imagine.image_bytes import INPUT_LIMIT
from imagine.link_fetch import LinkFetcher, LinkTiming, is_public
from imagine.media import Kind
from tests.media import mp4
from tests.painting import picture

# Nothing in a test waits longer; only a failure does.
PATIENCE_S = 20


class Site:
    """A web site on this machine, and what was asked of it."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.waiting = asyncio.Event()
        app = web.Application(middlewares=[self._note])
        app.router.add_get("/fox.png", self.fox)
        app.router.add_get("/nameless", self.nameless)
        app.router.add_get("/clip", self.clip)
        app.router.add_get("/page", self.page)
        app.router.add_get("/to", self.redirect)
        app.router.add_get("/large", self.large)
        app.router.add_get("/endless", self.endless)
        app.router.add_get("/hang", self.hang)
        app.router.add_get("/broken", self.broken)
        app.router.add_get("/status/{status}", self.status)
        self.server = TestServer(app)

    @web.middleware
    async def _note(self, request: web.Request, handler: object) -> web.StreamResponse:
        self.requests.append(request)
        assert callable(handler)
        response: web.StreamResponse = await handler(request)
        return response

    def link(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server.port}{path}"

    async def fox(self, _: web.Request) -> web.Response:
        return web.Response(body=picture(), content_type="image/png")

    async def nameless(self, _: web.Request) -> web.Response:
        return web.Response(body=picture(), content_type="application/octet-stream")

    async def clip(self, _: web.Request) -> web.Response:
        return web.Response(body=mp4(content=bytes(INPUT_LIMIT)), content_type="video/mp4")

    async def page(self, _: web.Request) -> web.Response:
        return web.Response(text="<html>a fox</html>", content_type="text/html")

    async def redirect(self, request: web.Request) -> web.Response:
        left = int(request.query.get("left", "1"))
        onward = request.query["url"] if left < 2 else f"/to?left={left - 1}"
        if left > 1:
            onward += f"&url={request.query['url']}"
        response = web.Response(status=302, headers={"Location": onward})
        response.set_cookie("mark", "yes")
        return response

    async def large(self, _: web.Request) -> web.Response:
        return web.Response(body=bytes(INPUT_LIMIT + 1), content_type="image/png")

    async def endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        await response.prepare(request)
        while True:
            await response.write(bytes(2**20))

    async def hang(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        await response.prepare(request)
        await response.write(picture()[:20])
        self.waiting.set()
        await asyncio.sleep(PATIENCE_S)
        return response

    async def broken(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "image/png", "Content-Length": "100000"}
        )
        await response.prepare(request)
        await response.write(picture())
        assert request.transport is not None
        request.transport.abort()
        return response

    async def status(self, request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    async with site.server:
        yield site


@pytest.fixture
async def fetcher() -> AsyncIterator[LinkFetcher]:
    """One that may reach this machine besides the web."""
    async with LinkFetcher(allowed=lambda ip: ip == "127.0.0.1" or is_public(ip)) as fetcher:
        yield fetcher


@pytest.fixture
async def careful() -> AsyncIterator[LinkFetcher]:
    async with LinkFetcher() as fetcher:
        yield fetcher


async def fetch(fetcher: LinkFetcher, link: str, kind: Kind = Kind.IMAGE) -> bytes:
    async with asyncio.timeout(PATIENCE_S), fetcher.open(link, kind) as pieces:
        return b"".join([piece async for piece in pieces])


async def refused(fetcher: LinkFetcher, link: str) -> str:
    with pytest.raises(PromptError) as caught:
        await fetch(fetcher, link)
    (detail,) = caught.value.details
    assert detail.value == link
    assert detail.message == caught.value.message
    assert caught.value.hint is not None
    assert "upload it" in caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("path", ["/fox.png", "/nameless", "/to?url=/fox.png", "/fox.png#part"])
async def test_a_picture_is_fetched(site, fetcher, path):
    assert await fetch(fetcher, site.link(path)) == picture()


async def test_a_video_is_fetched_where_one_is_wanted_and_nowhere_else(site, fetcher):
    found = await fetch(fetcher, site.link("/clip"), Kind.VIDEO)
    assert len(found) > INPUT_LIMIT
    assert "is no picture, but video/mp4" in await refused(fetcher, site.link("/clip"))
    with pytest.raises(PromptError, match="is no sound, but image/png"):
        await fetch(fetcher, site.link("/fox.png"), Kind.AUDIO)


async def test_nothing_is_told_but_who_we_are(site, fetcher, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    await fetch(fetcher, site.link("/to?url=/fox.png"))
    await fetch(fetcher, site.link("/fox.png", "me:secret@127.0.0.1"))
    for request in site.requests:
        assert request.headers["User-Agent"].startswith("Imagine/")
        assert not {"Cookie", "Authorization", "Referer"} & request.headers.keys()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/page", "is no picture, but text/html"),
        ("/status/404", "no longer there"),
        ("/status/403", "not given to strangers"),
        ("/status/500", "an error (500)"),
        ("/large", "more than 20 MiB"),
        ("/endless", "more than 20 MiB"),
        ("/broken", "broke off"),
        ("/to?url=ftp://127.0.0.1/fox.png", "no web address"),
        ("/to?url=file:///etc/passwd", "no web address"),
        ("/to?left=4&url=/fox.png", "leads on"),
    ],
)
async def test_what_gives_no_picture_is_said_in_words(site, fetcher, path, words):
    assert words in await refused(fetcher, site.link(path))


async def test_three_redirects_are_followed(site, fetcher):
    assert await fetch(fetcher, site.link("/to?left=3&url=/fox.png")) == picture()


@pytest.mark.parametrize("link", ["http://", "http://[", "http://127.0.0.1:99999/", "nonsense"])
async def test_what_is_no_link_is_refused(fetcher, link):
    assert "no web address" in await refused(fetcher, link)


async def test_nobody_listening_is_said_in_words(fetcher, unused_tcp_port):
    assert "cannot be reached" in await refused(fetcher, f"http://127.0.0.1:{unused_tcp_port}/")


async def test_a_link_may_not_take_for_ever(site):
    timing = LinkTiming(total_s=0.2)
    async with LinkFetcher(allowed=lambda _: True, timing=timing) as fetcher:
        assert "takes too long" in await refused(fetcher, site.link("/hang"))


# --- private places


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_this_machine_is_out_of_reach(site, careful, host):
    message = await refused(careful, site.link("/fox.png", host))
    assert "your own network" in message
    assert site.requests == []


@pytest.mark.parametrize(
    "link",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1:8080/",
        "http://172.16.0.1/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[::]/",
        "http://[2002:7f00:1::]/",
        "http://[64:ff9b::a00:1]/",
    ],
)
async def test_private_addresses_are_out_of_reach(careful, link):
    assert "your own network" in await refused(careful, link)


@pytest.mark.parametrize("link", ["http://2130706433/", "http://127.1/", "http://0x7f000001/"])
async def test_addresses_in_disguise_are_out_of_reach(careful, link):
    await refused(careful, link)


async def test_a_redirect_into_a_private_network_is_not_followed(site, fetcher):
    message = await refused(fetcher, site.link("/to?url=http://10.1.2.3/fox.png"))
    assert "your own network" in message
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("64:ff9b::808:808", True),
        ("::ffff:8.8.8.8", True),
        ("255.255.255.255", False),
        ("240.0.0.1", False),
        ("198.18.0.1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("fe80::1%eth0", False),
        ("::127.0.0.1", False),
    ],
)
def test_which_addresses_are_public(address, public):
    assert is_public(address) == public
