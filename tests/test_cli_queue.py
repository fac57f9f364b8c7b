"""``imagine queue``, with a whole server."""

import asyncio
import socket

from typer.testing import CliRunner, Result

from imagine.app_keys import PARTS
from imagine.cli import app
from imagine.job_queue import Pause
from tests.conftest import SMALL, Client, StartServer
from tests.following import eventually, submit


async def imagine_queue(client: Client, *arguments: str) -> Result:
    address = str(client.make_url("/"))
    command = ["queue", *arguments, "--server", address]
    return await asyncio.to_thread(CliRunner().invoke, app, command)


def shown(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


async def test_the_line_is_shown_paused_resumed_and_cleared(start_server: StartServer):
    client = await start_server(sketch_step_ms=1000)
    for _ in range(4):
        await submit(client, f"a fox {SMALL} --batch 1")
    await eventually(lambda: client.app[PARTS].queue.begun())
    assert shown(await imagine_queue(client)) == ["running 1", "waiting 3"]
    paused = shown(await imagine_queue(client, "pause"))
    assert paused[2] == "paused The queue is paused. What runs goes on. Resume it when you like."
    assert shown(await imagine_queue(client, "clear"))[0] == "Canceled 3 sets."
    resumed = await imagine_queue(client, "resume")
    assert (resumed.exit_code, len(shown(resumed))) == (0, 2)


async def test_what_cannot_be_is_told_with_its_exit_code(client: Client):
    client.app[PARTS].queue.pause(Pause("disk_full", "The disk is full.", "Free some space."))
    refused = await imagine_queue(client, "resume")
    assert refused.exit_code == 1
    assert refused.stderr == "The disk is full. Free some space.\n"
    assert (await imagine_queue(client, "stop")).exit_code == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = ["queue", "--server", f"http://127.0.0.1:{port}"]
    assert (await asyncio.to_thread(CliRunner().invoke, app, command)).exit_code == 3
