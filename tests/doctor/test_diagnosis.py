"""The checks put together: from outside, from a running server, and shared by all who ask."""

import asyncio
import contextlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from imagine.doctor.calls import Patience
from imagine.doctor.checks import TITLES, Check, Diagnosis, Status, ok
from imagine.doctor.diagnosis import KEPT_S, Diagnostics, diagnose
from imagine.routes.wire import DiagnosticsAnswer
from imagine.settings import Settings
from imagine.settings_sources import Loaded
from tests.conftest import Client, StartServer
from tests.doctor.finding import LONG, SHORT, ToldComfy, assert_found, bad, by_id, closed_port
from tests.doctor.test_engine import listening

TROUBLES = Path(__file__).parents[2] / "docs" / "troubleshooting.md"


async def look(
    tmp_path: Path, address: str = "", patience: Patience = LONG, **settings: Any
) -> dict[str, Check]:
    """Return the checks from outside; of several engines those of the last one."""
    settings = {"output": tmp_path / "output", "min_free_mb": 0, **settings}
    loaded = Loaded(Settings.model_validate(settings), dict.fromkeys(settings, "imagine.toml"))
    address = address or f"http://127.0.0.1:{closed_port()}"
    diagnosis = await diagnose(loaded, address, is_named=False, patience=patience)
    order = list(TITLES)
    places = [order.index(check.id) for check in diagnosis.checks]
    assert places == sorted(places) or len(loaded.settings.comfyui_url) > 1
    return by_id(diagnosis.checks)


async def get(client: Client) -> Any:
    async with client.get("/api/diagnostics") as answer:
        assert answer.status == 200
        return await answer.json()


@pytest.mark.parametrize("check_id", TITLES)
def test_every_check_is_in_the_troubleshooting_page(check_id: str):
    assert f"### `{check_id}`" in TROUBLES.read_text(encoding="utf-8")


def test_the_troubleshooting_page_tells_no_check_that_is_not_there():
    told = re.findall(r"^### `(.*)`$", TROUBLES.read_text(encoding="utf-8"), re.MULTILINE)
    assert told == list(TITLES)


async def test_before_the_first_start_nothing_has_failed(tmp_path: Path):
    checks = await look(tmp_path, engine="sketch")
    assert bad(checks) - {"disk.space"} == set()
    assert "engine.reach" not in checks
    assert not (tmp_path / "output").exists()


async def test_a_server_that_runs_is_seen_from_outside(client: Client, tmp_path: Path):
    checks = await look(tmp_path, str(client.make_url("/")), engine="sketch")
    assert bad(checks) - {"disk.space"} == set()
    assert "that is as it should be" in checks["disk.lock"].message


async def test_a_comfyui_that_was_asked_for_and_is_away_is_a_failure(tmp_path: Path):
    url = f"http://127.0.0.1:{closed_port()}"
    checks = await look(tmp_path, comfyui_url=[url])
    assert_found(checks, "engine.reach", "failed", "Start ComfyUI")
    assert_found(checks, "engine.choice", "warning", "--comfyui-url")


async def test_a_comfyui_that_nobody_asked_for_need_not_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    default = (f"http://127.0.0.1:{closed_port()}",)
    monkeypatch.setattr(Settings.model_fields["comfyui_url"], "default", default)
    checks = await look(tmp_path, comfyui_url=default)
    assert_found(checks, "engine.reach", "warning", "Start ComfyUI")


async def test_engines_are_looked_at_at_the_same_time(tmp_path: Path):
    async with contextlib.AsyncExitStack() as stack:
        places = [await stack.enter_async_context(listening(None)) for _ in range(20)]
        began = time.monotonic()
        checks = await look(tmp_path, patience=SHORT, engine="comfyui", comfyui_url=places)
        took_s = time.monotonic() - began
    assert "20 ComfyUIs" in checks["engine.choice"].message
    assert took_s < 10 * (SHORT.connect_s + SHORT.answer_s)


async def test_profiles_that_cannot_be_read(tmp_path: Path):
    (tmp_path / "own.toml").write_text("[fox\n", encoding="utf-8")
    checks = await look(tmp_path, engine="sketch", profiles=tmp_path / "own.toml")
    assert_found(checks, "settings.profiles", "failed", "--profiles")


@pytest.mark.parametrize(
    "settings",
    [{"host": "0.0.0.0", "allow_open": True}, {"base_path": "/imagine"}],
)
async def test_a_server_for_others_that_answers_to_no_name_of_theirs(
    tmp_path: Path, settings: dict[str, Any]
):
    checks = await look(tmp_path, engine="sketch", **settings)
    assert_found(checks, "settings.hosts", "warning", "--allowed-hosts")


# --- GET /api/diagnostics


async def test_a_running_server_tells_of_itself(start_server: StartServer):
    async with ToldComfy() as comfy:
        client = await start_server(comfyui_url=[comfy.url], engine="comfyui")
        told = await get(client)
    DiagnosticsAnswer.model_validate(told, strict=True)
    assert {check["id"] for check in told["checks"]} == {
        name for name in TITLES if not name.startswith("server.") and name != "settings.read"
    }
    assert {check["id"] for check in told["checks"] if check["status"] == "failed"} <= {
        "disk.space"
    }


async def test_sketches_that_stand_in_are_told(start_server: StartServer):
    url = f"http://127.0.0.1:{closed_port()}"
    told = await get(await start_server(comfyui_url=[url], engine="auto"))
    checks = {check["id"]: check for check in told["checks"]}
    assert checks["engine.choice"]["status"] == "warning"
    assert "sketch engine stands in" in checks["engine.choice"]["message"]


async def test_many_who_ask_at_once_make_one_look(start_server: StartServer):
    async with ToldComfy() as comfy:
        client = await start_server(comfyui_url=[comfy.url], engine="comfyui")
        first, *others = await asyncio.gather(*(get(client) for _ in range(5)))
        assert others == [first] * 4
        assert await get(client) == first  # the test does not take 5 seconds
        assert len(comfy.uploaded) == 1


async def test_nothing_private_is_told_to_whoever_reads_the_page(
    start_server: StartServer, tmp_path: Path
):
    async with ToldComfy() as comfy:
        comfy.argv += ["--output-directory", "/mnt/planted", "--base-directory=/srv/planted"]
        client = await start_server(
            comfyui_url=[
                comfy.url.replace("//", "//fox:hunter2@"),
                f"http://gpu-box.localhost:{closed_port()}",
            ],
            engine="comfyui",
            presets={"warm": "my secret garden"},
        )
        told = json.dumps(await get(client))
    for secret in ("hunter2", "gpu-box", "planted", "secret garden"):
        assert secret not in told, secret
    assert "host-" in told
    assert json.dumps(str(tmp_path / "output"))[1:-1] in told


class Looking:
    """Looks when it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.count = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.error: Exception | None = None

    async def __call__(self) -> Diagnosis:
        self.count += 1
        number = self.count
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return Diagnosis((ok("disk.trash", f"look {number}"),), "0", "now")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_look_is_told_again_until_it_is_old():
    looking, clock = Looking(), Clock()
    async with Diagnostics(Settings(), looking, now=clock) as diagnostics:
        first = await diagnostics.body()
        clock.now += KEPT_S - 0.1
        assert await diagnostics.body() is first
        clock.now += 0.1
        assert await diagnostics.body() is not first
    assert looking.count == 2


async def test_one_who_leaves_does_not_end_the_look_of_the_others():
    looking = Looking()
    looking.may_end.clear()
    async with Diagnostics(Settings(), looking) as diagnostics:
        one, two = (asyncio.create_task(diagnostics.body()) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        await asyncio.wait({one})
        looking.may_end.set()
        assert (await two)["checks"][0]["message"] == "look 1"
        assert one.cancelled()


async def test_a_look_that_broke_is_not_kept(caplog: pytest.LogCaptureFixture):
    looking = Looking()
    looking.error = RuntimeError("broken")
    async with Diagnostics(Settings(), looking) as diagnostics:
        with pytest.raises(RuntimeError):
            await diagnostics.body()
        looking.error = None
        assert (await diagnostics.body())["checks"][0]["status"] == Status.OK


async def test_a_server_that_stops_does_not_wait_for_a_look():
    looking = Looking()
    looking.may_end.clear()
    async with Diagnostics(Settings(), looking) as diagnostics:
        asking = asyncio.create_task(diagnostics.body())
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asking
