"""A real Imagine behind proxies that are set up wrongly, each in one way."""

from collections.abc import Callable

import pytest

from imagine import __version__
from imagine.doctor.address import IDS, check_server
from imagine.doctor.calls import Patience
from imagine.doctor.checks import Check, Status
from tests.conftest import SMALL, Client, StartServer
from tests.doctor.finding import LONG, PATIENT, assert_found, bad, by_id, calling, closed_port
from tests.doctor.proxy import Proxy
from tests.following import follow, submit


async def look(url: str, patience: Patience = LONG, *, is_named: bool = True) -> dict[str, Check]:
    async with calling(url, patience) as caller:
        return by_id(await check_server(caller, patience.upload_s, is_named=is_named))


def at(client: Client) -> str:
    return str(client.make_url("/"))


async def test_an_imagine_without_a_proxy_has_nothing_to_mend(client: Client):
    checks = await look(at(client))
    assert list(checks) == list(IDS)
    assert bad(checks) == set()
    assert checks.pop("server.events").status is Status.SKIPPED  # no job is at work
    assert {check.status for check in checks.values()} == {Status.OK}


async def test_looking_leaves_nothing_behind(client: Client, tmp_path):
    await look(at(client))
    assert list((tmp_path / "output" / "uploads").iterdir()) == []


async def test_a_good_proxy_has_nothing_to_mend(client: Client):
    async with Proxy(at(client)) as proxy:
        assert bad(await look(proxy.url)) == set()


def set_up(**changes: object) -> Callable[[Proxy], None]:
    def apply(proxy: Proxy) -> None:
        for name, value in changes.items():
            setattr(proxy, name, value)

    return apply


@pytest.mark.parametrize(
    ("prefix", "break_it", "check_id", "words"),
    [
        ("", set_up(status=502), "server.reach", "Start Imagine"),
        ("", set_up(status=401), "server.reach", "NAME:PASSWORD"),
        ("", set_up(status=301, headers={"Location": "https://x/"}), "server.reach", "--server"),
        ("", set_up(status=200), "server.reach", "pass /api/ on"),
        ("", set_up(blocks=("/api/",)), "server.reach", "pass /api/ on"),
        ("", set_up(host="upstream"), "server.host", "--allowed-hosts upstream"),
        ("", set_up(host="127.0.0.1:1"), "server.websocket", "proxy_set_header Host"),
        ("", set_up(upgrades=False), "server.websocket", "proxy_set_header Upgrade"),
        ("", set_up(most_body=2**20), "server.upload", "client_max_body_size"),
        ("", set_up(blocks=("/static/",)), "server.base_path", "/static/ too"),
        ("/imagine", set_up(passes="strip"), "server.base_path", "--base-path /imagine"),
        ("/imagine", set_up(passes="keep"), "server.base_path", "--base-path /imagine"),
        ("/imagine", set_up(passes="double"), "server.base_path", "proxy_pass"),
        (
            *("/imagine", set_up(rewrites=('"/static/', '"/imagine/imagine/static/'))),
            *("server.base_path", "rewriting"),
        ),
        ("", set_up(rewrites=("/static/", "/else/")), "server.base_path", "as they are"),
    ],
)
async def test_a_proxy_that_is_set_up_wrongly(
    client: Client, prefix: str, break_it: Callable[[Proxy], None], check_id: str, words: str
):
    async with Proxy(at(client), prefix) as proxy:
        break_it(proxy)
        checks = await look(proxy.url)
    assert_found(checks, check_id, "failed", words)


@pytest.mark.parametrize("passes", ["strip", "keep"])
async def test_a_server_that_knows_its_path_has_nothing_to_mend(
    start_server: StartServer, passes: str
):
    client = await start_server(base_path="/imagine")
    assert bad(await look(f"{at(client)}imagine")) == set()
    async with Proxy(at(client), "/imagine") as proxy:
        proxy.passes = passes
        assert bad(await look(proxy.url)) == set()
        proxy.passes = "double"
        assert_found(await look(proxy.url), "server.base_path", "failed", "proxy_pass")


@pytest.mark.parametrize(
    ("base_path", "prefix", "words"),
    [("/art", "", "without --base-path"), ("/art", "/imagine", "--base-path /imagine")],
)
async def test_a_server_that_is_shown_elsewhere_than_it_was_told(
    start_server: StartServer, base_path: str, prefix: str, words: str
):
    client = await start_server(base_path=base_path)
    async with Proxy(at(client), prefix) as proxy:
        assert_found(await look(proxy.url), "server.base_path", "failed", words)


async def test_a_proxy_that_holds_messages_back(start_server: StartServer):
    client = await start_server(sketch_step_ms=50)
    async with Proxy(at(client)) as proxy, follow(client) as follower:
        (job,) = await submit(client, f"a fox {SMALL}")
        await follower.until(lambda m: m["type"] == "progress")
        assert (await look(proxy.url))["server.events"].status is Status.OK
        proxy.buffers = True
        checks = await look(proxy.url, PATIENT)
        assert_found(checks, "server.events", "warning", "proxy_buffering off")
        assert_found(checks, "server.websocket", "failed", "buffering")
        async with client.post(f"/api/jobs/{job['id']}/cancel") as answer:
            assert answer.status in (200, 202)
        await follower.end(job["id"])


async def test_a_clock_that_is_wrong(client: Client):
    async with Proxy(at(client)) as proxy:
        proxy.headers = {"Date": "Fri, 20 Nov 2020 12:00:00 GMT"}
        assert_found(await look(proxy.url), "server.clock", "warning", "NTP")


async def test_a_server_of_another_version(client: Client):
    async with Proxy(at(client)) as proxy:
        proxy.rewrites = (f'"version": "{__version__}"', '"version": "0.0.1"')
        assert_found(await look(proxy.url), "server.version", "warning", "Restart")


async def test_a_server_that_was_named_and_is_not_there():
    checks = await look(f"http://127.0.0.1:{closed_port()}")
    assert_found(checks, "server.reach", "failed", "Start Imagine")
    assert checks["server.websocket"].status is Status.SKIPPED


async def test_a_server_that_nobody_named_need_not_be_there():
    checks = await look(f"http://127.0.0.1:{closed_port()}", is_named=False)
    assert {check.status for check in checks.values()} == {Status.SKIPPED}


async def test_another_program_on_our_port(client: Client):
    async with Proxy(at(client)) as proxy:
        proxy.status = 200
        checks = await look(proxy.url, is_named=False)
    assert_found(checks, "server.reach", "warning", "--port")
