"""The server and the engine as processes that can be killed and are back in an instant.

To import all of it takes a second, and to open it a twentieth. So for each of the two a nursery has
imported everything once, and forks a child whenever one is to start. When its own parent is gone it
ends with its child, which would otherwise hold the port and the folder.
"""

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
LOOK_S = 0.01
# Below the ports that systems lend to outgoing connections: a client that knocks at a port which
# nobody holds may be lent that very port, reach itself, and so keep it from its owner.
PORTS = range(20_000, 30_000)

# Each byte on its input starts a child; it says the child's pid, and its exit code at the end.
NURSERY = """
import os, select, signal
import imagine.cli, imagine.server, imagine.sketch

ended, tell = os.pipe()
os.set_blocking(tell, False)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.set_wakeup_fd(tell)
child = 0
print("warm", flush=True)
while True:
    ready = select.select([0, ended], [], [])[0]
    if ended in ready:
        os.read(ended, 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        child = 0
    elif not os.read(0, 1):
        if child:
            os.kill(child, signal.SIGKILL)
        break
    else:
        child = os.fork()
        if not child:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(2, 1)
            imagine.cli.main()
        print(child, flush=True)
"""


class Machine:
    """One command of the product on a port of its own. ``answers`` is a path that it serves."""

    def __init__(self, *command: str, port: int, answers: str, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / f"{command[0]}.log"
        self._command: Sequence[str] = (*command, "--port", str(port))
        self._answers = answers
        self._folder = folder
        self._nursery: asyncio.subprocess.Process | None = None
        self._pid: int | None = None

    async def __aenter__(self) -> Self:
        env = {name: value for name, value in os.environ.items() if not name.startswith("IMAGINE_")}
        env["PYTHONPATH"] = str(ROOT)
        with self.log.open("ab") as said:
            self._nursery = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", NURSERY, *self._command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
                cwd=self._folder,
                env=env,
            )
        assert await self._hear() == "warm"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._nursery is not None, "entered"
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        await self._nursery.wait()

    async def _hear(self) -> str:
        assert self._nursery is not None, "entered"
        assert self._nursery.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            said = (await self._nursery.stdout.readline()).decode().strip()
        assert said, self._last_words()
        return said

    async def start(self) -> None:
        """Let it begin; it answers some moments later."""
        assert self._pid is None, "killed"
        assert self._nursery is not None, "entered"
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(b"!")
        self._pid = int(await self._hear())

    async def until_it_answers(self, session: aiohttp.ClientSession) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    async with session.get(self.url + self._answers) as answer:
                        if answer.status == 200:
                            return
                except (aiohttp.ClientError, OSError):
                    await asyncio.sleep(LOOK_S)

    async def kill(self) -> None:
        """Pull the plug: no signal that it could see, and nothing that it could still write."""
        code = await self._end(signal.SIGKILL)
        assert code == -signal.SIGKILL, f"it had ended by itself ({code}): {self._last_words()}"

    async def stop(self) -> int:
        """Ask it to end; return its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, sent: signal.Signals) -> int:
        assert self._pid is not None, "started"
        pid, self._pid = self._pid, None
        os.kill(pid, sent)
        return int(await self._hear())

    def _last_words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]


def free_port() -> int:
    """Return a free port on which nothing else stands in for who comes back to it."""
    for port in random.sample(PORTS, 100):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise AssertionError("no port is free")
