"""Start and stop: nothing is lost, nothing is left, whatever was going on."""

import asyncio
import json
import logging
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from aiohttp import WSCloseCode, web

from imagine.app_keys import SETTINGS
from imagine.errors import SettingsError, StorageError
from imagine.ids import new_id
from imagine.models import JobState
from imagine.server import create_app, display_host, listen
from imagine.store import SqliteJobStore
from tests.conftest import SMALL, StartServer
from tests.following import eventually, finish, follow, submit


def others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_finished_jobs_survive_a_restart(start_server: StartServer):
    client = await start_server()
    job = await finish(client, f"a fox {SMALL} --batch 2 --steps 2")
    await client.close()
    client = await start_server()
    async with client.get(f"/api/jobs/{job['id']}") as answer:
        assert await answer.json() == job
    async with client.get(job["images"][1]["url"]) as answer:
        assert answer.status == 200


async def test_a_stop_in_the_middle_of_a_job_leaves_no_task_and_loses_nothing(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
):
    before = others()
    client = await start_server(sketch_step_ms=30)
    async with follow(client) as follower:
        jobs = [(await submit(client, f"fox {n} {SMALL} --batch 2"))[0]["id"] for n in range(3)]
        await follower.until(lambda m: m["type"] == "progress" and m["step"] > 2)
    await client.close()
    assert others() - before == set()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    client = await start_server()
    async with follow(client) as follower:
        for job_id in jobs:
            async with client.get(f"/api/jobs/{job_id}") as answer:
                job = await answer.json()
            ended = job if job["finished_at"] else await follower.end(job_id)
            assert ended["state"] == "succeeded"
            assert len(ended["images"]) == 2


async def test_a_picture_on_the_disk_that_nobody_had_told_of_is_not_made_again(
    start_server: StartServer, tmp_path: Path
):
    client = await start_server()
    made = await finish(client, f"a fox {SMALL} --batch 2 --steps 2")
    await client.close()
    await die_before_the_pictures_are_told(tmp_path / "output", made["id"])
    client = await start_server()
    async with follow(client) as follower:
        job = await follower.end(made["id"])
    assert job["images"] == made["images"]
    assert len(list((tmp_path / "output").rglob("images/*/*.png"))) == 2


async def die_before_the_pictures_are_told(output: Path, job_id: str) -> None:
    """Leave a job at work on an engine that does not know it, without what it has on the disk."""
    moves = {JobState.SUCCEEDED: frozenset({JobState.QUEUED})}
    async with SqliteJobStore(output / "imagine.db", moves) as store:
        assert await store.move(job_id, JobState.QUEUED, changes={"images": ()})
        assert await store.claim_attempt(
            job_id, prompt_id=new_id(), engine="sketch", engine_url="http://127.0.0.1:9"
        )


async def test_sequence_and_number_go_on_after_a_restart(start_server: StartServer):
    client = await start_server()
    first = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    await client.close()
    client = await start_server()
    second = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    assert second["number"] == first["number"] + 1
    assert second["sequence"] > first["sequence"]


async def test_a_stop_tells_its_watchers_that_it_goes(start_server: StartServer):
    client = await start_server(sketch_step_ms=200)
    (job,) = await submit(client, f"a fox {SMALL}")
    socket = await client.ws_connect("/api/live")
    events = await client.get(f"/api/jobs/{job['id']}/events")
    stop = asyncio.create_task(client.server.close())
    async with asyncio.timeout(30):
        async for _ in socket:
            pass
        assert socket.close_code == WSCloseCode.GOING_AWAY
        assert "succeeded" not in await events.text()
        await stop


def test_a_taken_port_gives_the_next_free_one():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with listen("127.0.0.1", port) as other:
            assert other.getsockname()[1] > port


def test_an_address_of_another_machine_is_refused_in_a_sentence():
    with pytest.raises(SettingsError, match=r"cannot listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 0)


def test_addresses_are_shown_as_a_person_types_them():
    assert display_host("0.0.0.0") == "localhost"
    assert display_host("::1") == "[::1]"
    assert display_host("127.0.0.1") == "127.0.0.1"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
async def test_a_real_process_serves_and_exits_0_in_the_middle_of_a_job(tmp_path: Path):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "imagine", "serve", "--engine", "sketch", "--port", "0"),
        *("--output", str(tmp_path / "output"), "--log-format", "json"),
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    assert process.stderr is not None
    said = ""
    async with asyncio.timeout(60):
        while (found := re.search(r"http://127\.0\.0\.1:(\d+)/", said)) is None:
            line = await process.stderr.readline()
            assert line, said
            said += line.decode()
        body = json.dumps({"prompt": f"a fox {SMALL}"}).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(found[1]))
        writer.write(
            b"POST /imagine HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        assert (await reader.read()).startswith(b"HTTP/1.1 202")
        writer.close()
        process.send_signal(signal.SIGTERM)
        rest = (await process.stderr.read()).decode()
        assert await process.wait() == 0
    assert "Traceback" not in said + rest


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
async def test_a_stop_while_it_opens_is_a_stop_like_any_other(tmp_path: Path):
    is_asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_asked.set()
        await reader.read(-1)
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "imagine", "serve", "--engine", "auto", "--port", "0"),
        *("--comfyui-url", f"http://127.0.0.1:{port}", "--output", str(tmp_path / "output")),
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    async with asyncio.timeout(60):
        await is_asked.wait()
        process.send_signal(signal.SIGTERM)
        _, said = await process.communicate()
        silent.close()
        await eventually(lambda: len(asyncio.all_tasks()) == 1)
    assert process.returncode == 0
    assert b"Traceback" not in said


async def test_a_second_server_keeps_out_of_a_folder_in_use(start_server: StartServer):
    client = await start_server()
    second = web.AppRunner(create_app(client.app[SETTINGS]))
    with pytest.raises(StorageError, match="Another Imagine is running") as refused:
        await second.setup()
    assert "--output" in (refused.value.hint or "")
    await client.close()
    await start_server()


async def test_pictures_without_their_database_are_told_at_the_start(
    start_server: StartServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    day = tmp_path / "output" / "images" / "2026-11-20"
    day.mkdir(parents=True)
    (day / "fox.png").touch()
    with caplog.at_level(logging.WARNING):
        await start_server()
    assert "imagine rebuild" in caplog.text
