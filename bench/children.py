"""Child processes on free loopback ports, ended again by whoever started them; and what they use.

What a process uses is read from ``/proc``; where there is none (macOS, Windows) it is unknown.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.clients import Http, LostError

ROOT = Path(__file__).resolve().parent.parent
START_S = 60
STOP_S = 15
LOOK_S = 0.003
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class DiedError(Exception):
    """A child process ended by itself, or never answered."""


class Usage(NamedTuple):
    """What a process holds. Units: MB, and counts."""

    memory_mb: float
    files: int
    sockets: int


@dataclass(frozen=True, slots=True)
class Child:
    """A server that answers. Units: ``start_ms`` from its launch until then."""

    url: str
    pid: int
    start_ms: float

    def cpu_s(self) -> float | None:
        """Seconds of processor time so far, of all its threads."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND

    def usage(self) -> Usage | None:
        folder = Path(f"/proc/{self.pid}")
        try:
            status = (folder / "status").read_text()
            links = [str(link.readlink()) for link in (folder / "fd").iterdir()]
        except OSError:
            return None
        (kilobytes,) = (
            int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")
        )
        sockets = sum(link.startswith("socket:") for link in links)
        return Usage(kilobytes / 1024, len(links), sockets)


@asynccontextmanager
async def child(
    arguments: Sequence[str], *, port: int, folder: Path, answers: str
) -> AsyncIterator[Child]:
    """Run ``python`` with arguments until the block ends; begin when the path ``answers``.

    Raises:
        DiedError: it did not come up; with the end of what it said.
    """
    log = log_in(folder)
    # Nobody's own settings may change the figures.
    env = {name: value for name, value in os.environ.items() if not name.startswith("IMAGINE_")}
    env["PYTHONPATH"] = str(ROOT)
    began = time.monotonic_ns()
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=folder, env=env, stdout=said, stderr=said
        )
    try:
        url = f"http://127.0.0.1:{port}"
        try:
            async with asyncio.timeout(START_S):
                await until_it_answers(url + answers, process)
        except (DiedError, TimeoutError) as error:
            said_last = log.read_text(errors="replace")[-2000:]
            raise DiedError(f"{arguments} did not start:\n{said_last}") from error
        yield Child(url, process.pid, (time.monotonic_ns() - began) / 1e6)
    finally:
        await end(process)


def log_in(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "log.txt"


async def until_it_answers(url: str, process: asyncio.subprocess.Process) -> None:
    base, path = url[: url.index("/", 8)], url[url.index("/", 8) :]
    while process.returncode is None:
        http = Http(base)
        try:
            if (await http.get(path)).status == 200:
                return
        except (OSError, LostError):
            await asyncio.sleep(LOOK_S)
        finally:
            http.close()
            await asyncio.sleep(0)
    raise DiedError


async def end(process: asyncio.subprocess.Process) -> None:
    """End this process, gently if it lets us."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
