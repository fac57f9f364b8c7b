"""Who calls: what a proxy tells of it counts only when the proxy is trusted."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from aiohttp import WSServerHandshakeError

from imagine.logs import JsonFormatter, OurHandler
from tests.conftest import SMALL, Client, StartServer

NAME = "pictures.example"
ORIGIN = f"https://{NAME}"
FORWARDED = {
    "Host": "127.0.0.1:8190",
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": NAME,
    "X-Forwarded-Proto": "https",
}
ASK = {"prompt": f"a fox {SMALL} --batch 1 --steps 1"}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the outermost layer logs, one JSON object a line."""
    stream = io.StringIO()
    handler = OurHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("imagine.routes.errors")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


async def behind(start_server: StartServer, proxy: str = "loopback", **settings: object) -> Client:
    return await start_server(trusted_proxy=proxy, allowed_hosts=[NAME], **settings)


async def status(client: Client, headers: dict[str, str]) -> int:
    async with client.post("/api/imagine", json=ASK, headers=headers) as answer:
        return answer.status


async def logged_client(client: Client, log: io.StringIO, sent: str) -> str:
    """Return the address that stands in the log line of a request that fails."""
    async with client.get("/api/comfyui/queue", headers={"X-Forwarded-For": sent}) as answer:
        assert answer.status >= 500
    line: dict[str, str] = json.loads(log.getvalue().splitlines()[-1])
    return line["client"]


async def test_the_page_behind_a_trusted_proxy_may_write(start_server: StartServer):
    client = await behind(start_server)
    assert await status(client, FORWARDED | {"Origin": ORIGIN}) == 202
    assert await status(client, FORWARDED | {"Origin": f"{ORIGIN}:443"}) == 202


@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"http://{NAME}", f"{ORIGIN}:8443", "null", "http://["]
)
async def test_another_page_may_not_write_through_a_trusted_proxy(
    start_server: StartServer, origin: str
):
    client = await behind(start_server)
    assert await status(client, FORWARDED | {"Origin": origin}) == 403


@pytest.mark.parametrize(("proxy", "advice"), [("", "pass Host on"), ("loopback", "is https://")])
async def test_a_page_that_is_refused_is_told_what_the_proxy_should_do(
    start_server: StartServer, proxy: str, advice: str
):
    client = await behind(start_server, proxy)
    headers = FORWARDED | {"Origin": "https://other.example"}
    async with client.post("/api/imagine", json=ASK, headers=headers) as answer:
        assert advice in (await answer.json())["error"]["hint"]


async def test_the_port_of_the_forwarded_host_counts(start_server: StartServer):
    client = await behind(start_server)
    there = FORWARDED | {"X-Forwarded-Host": f"{NAME}:8443"}
    assert await status(client, there | {"Origin": f"{ORIGIN}:8443"}) == 202
    assert await status(client, there | {"Origin": ORIGIN}) == 403


async def test_a_forwarded_host_must_be_one_of_ours(start_server: StartServer):
    client = await behind(start_server)
    headers = FORWARDED | {"X-Forwarded-Host": "evil.example"}
    async with client.get("/api/health", headers=headers) as answer:
        assert answer.status == 403
        assert "--allowed-hosts evil.example" in (await answer.json())["error"]["hint"]


async def test_of_several_forwarded_hosts_the_nearest_counts(start_server: StartServer):
    client = await behind(start_server)
    headers = FORWARDED | {"X-Forwarded-Host": f"evil.example, {NAME}", "Origin": ORIGIN}
    assert await status(client, headers) == 202


@pytest.mark.parametrize("proxy", ["", "10.0.0.0/8", "fd00::/8"])
async def test_forwarded_headers_of_a_stranger_change_nothing(
    start_server: StartServer, proxy: str
):
    client = await behind(start_server, proxy)
    forged = FORWARDED | {"X-Forwarded-Prefix": "/evil"}
    assert await status(client, forged | {"Origin": ORIGIN}) == 403
    async with client.get("/api/health", headers=forged | {"Host": "evil.example"}) as answer:
        assert answer.status == 403
    async with client.get("/", headers=forged | {"X-Forwarded-Host": "evil.example"}) as answer:
        assert answer.status == 200
        assert "evil" not in await answer.text()
    own = str(client.make_url("/")).rstrip("/")
    async with client.post(
        "/api/imagine", json=ASK, headers={"X-Forwarded-Host": NAME, "Origin": own}
    ) as answer:
        assert answer.status == 202
        assert answer.headers["Location"].startswith("/api/jobs/")


async def test_the_live_socket_opens_for_the_page_behind_the_proxy_only(start_server: StartServer):
    client = await behind(start_server)
    socket = await client.ws_connect("/api/live", headers=FORWARDED, origin=ORIGIN)
    assert (await socket.receive_json())["type"] == "hello"
    await socket.close()
    with pytest.raises(WSServerHandshakeError, match="403"):
        await client.ws_connect("/api/live", headers=FORWARDED, origin="https://evil.example")


@pytest.mark.parametrize(
    ("sent", "client_address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("203.0.113.9:5000", "203.0.113.9"),
        ("[2001:db8::1]:5000", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("10.9.9.9", "10.9.9.9"),
        ("203.0.113.9, unknown", "127.0.0.1"),
        ("unknown, 10.1.2.3", "10.1.2.3"),
        ("", "127.0.0.1"),
    ],
)
async def test_log_lines_name_the_nearest_address_that_is_no_proxy(
    start_server: StartServer, log: io.StringIO, sent: str, client_address: str
):
    client = await behind(
        start_server, "loopback, 10.0.0.0/8", engine="comfyui", comfyui_url="http://127.0.0.1:9"
    )
    assert await logged_client(client, log, sent) == client_address


async def test_log_lines_do_not_believe_a_stranger(start_server: StartServer, log: io.StringIO):
    client = await start_server(engine="comfyui", comfyui_url="http://127.0.0.1:9")
    assert await logged_client(client, log, "203.0.113.9") == "127.0.0.1"
