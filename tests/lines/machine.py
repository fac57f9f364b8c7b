"""Starts the server that dies, again and again, and talks to it as a client that asks again."""

import asyncio
import json
import os
import signal
import sys
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import aiohttp

from tests.lines.dying import KILLED

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
REQUEST = aiohttp.ClientTimeout(total=PATIENCE_S)
ENDS = ("succeeded", "failed", "canceled")


class Place(NamedTuple):
    """A line of the product, when it is about to run for the n-th time."""

    file: str
    line: int
    nth: int


class Answer(NamedTuple):
    """``is_first``: it was asked only once, and so nothing happened before."""

    status: int
    text: str
    is_first: bool

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body


class Process:
    """A program of ours that says how it is doing, and ends when nobody tells it anything more."""

    def __init__(self, *arguments: str, log: Path) -> None:
        self._arguments = arguments
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        env = {name: value for name, value in os.environ.items() if not name.startswith("IMAGINE_")}
        with self._log.open("ab") as said:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-u", "-m", *self._arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
                cwd=self._log.parent,
                env={**env, "PYTHONPATH": str(ROOT)},
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None, "entered"
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def hear(self) -> str:
        """Wait for the next line that it says."""
        assert self._process is not None, "entered"
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            said = (await self._process.stdout.readline()).decode().strip()
        assert said, self.last_words()
        return said

    def tell(self, line: str) -> None:
        assert self._process is not None, "entered"
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    def last_words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-3000:]


class Server:
    """The server under test, with the client that it serves.

    When it dies at its line it is started again, untraced, and asked again.
    """

    def __init__(self, nursery: Process, url: str, session: aiohttp.ClientSession) -> None:
        self.output = Path()
        self.url = url
        self.died = False
        # What must be found after a death, by job: what was answered, and what was asked for.
        self.told: dict[str, list[Mapping[str, Any]]] = {}
        self.problems: list[str] = []
        self._nursery = nursery
        self._session = session
        self._pid: int | None = None

    # --- the process

    async def start(
        self, at: Place | None = None, *, from_start: bool = False, record: Path | None = None
    ) -> None:
        """Start it, to die at a place; one that dies before it serves is started again."""
        self.died = False
        await self._start(at, from_start, record)
        if self._pid is None:
            await self._restart()

    async def _start(self, at: Place | None, from_start: bool, record: Path | None) -> None:
        order = {
            "output": str(self.output),
            "at": at,
            "from_start": from_start,
            "record": None if record is None else str(record),
        }
        self._nursery.tell(json.dumps(order))
        said, number = (await self._nursery.hear()).split()
        if said == "up":
            self._pid = int(number)
        else:
            self._ended(int(number), KILLED)

    async def _restart(self) -> None:
        await self._start(None, from_start=False, record=None)
        assert self._pid is not None, self._nursery.last_words()
        await self._compare()

    def _ended(self, code: int, *allowed: int) -> None:
        assert code in allowed, f"it ended with {code}: {self._nursery.last_words()}"
        self._pid = None
        self.died = self.died or code == KILLED

    async def stop(self) -> bool:
        """Stop it as a person would; return whether it died while it stopped."""
        return await self._end(signal.SIGTERM, 0, KILLED) == KILLED

    async def kill(self) -> None:
        await self._end(signal.SIGKILL, -signal.SIGKILL)

    async def _end(self, sent: signal.Signals, *allowed: int) -> int:
        assert self._pid is not None, "started"
        os.kill(self._pid, sent)
        code = int((await self._nursery.hear()).split()[1])
        self._ended(code, *allowed)
        return code

    async def _compare(self) -> None:
        """See that what was answered holds, now that it is back."""
        for job_id, allowed in self.told.items():
            job = (await self._ask("GET", f"/api/jobs/{job_id}")).body
            if not is_as_told(job, allowed):
                self.problems.append(f"job {job_id} was told as {allowed}, and now it is {job}")

    # --- the client

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask until there is an answer."""
        is_first = True
        while True:
            try:
                return (await self._ask(method, path, body, headers))._replace(is_first=is_first)
            except (aiohttp.ClientError, OSError):
                is_first = False
                await self.back()

    async def _ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        async with self._session.request(
            method, self.url + path, json=body, headers=headers, timeout=REQUEST
        ) as answer:
            return Answer(answer.status, await answer.text(), is_first=True)

    async def back(self) -> None:
        """Start it again after a death."""
        said, code = (await self._nursery.hear()).split()
        assert said == "ended", said
        self._ended(int(code), KILLED)
        await self._restart()

    async def make(self, path: str, body: Mapping[str, Any]) -> tuple[str, str, str]:
        """Make one job, once; return its id, the key, and what was answered."""
        key = str(uuid.uuid4())
        answer = await self.ask("POST", path, body, **{"Idempotency-Key": key})
        assert answer.status == 202, answer
        (job,) = answer.body["jobs"]
        self.told.setdefault(job["id"], [{}])
        return job["id"], key, answer.text

    async def change(
        self, job_id: str, method: str, path: str, body: Any = None, **told: Any
    ) -> Answer:
        """Ask for a change of a job; from its answer on, ``told`` must hold."""
        (before,) = self.told[job_id]
        after = {**before, **told}
        self.told[job_id] = [before, after]
        answer = await self.ask(method, f"/api/jobs/{job_id}{path}", body)
        # Asked again, it was done already.
        if answer.status not in (200, 202) and (answer.is_first or answer.status != 409):
            self.problems.append(f"{method} {path} of job {job_id} was answered {answer}")
        self.told[job_id] = [after]
        return answer

    async def until(self, job_id: str, *states: str) -> dict[str, Any]:
        """Wait for one of these states of a job, or for its end; return the job as it is then."""
        while True:
            try:
                async with self._session.get(
                    f"{self.url}/api/jobs/{job_id}/events", timeout=REQUEST
                ) as stream:
                    assert stream.status == 200, await stream.text()
                    async for line in stream.content:
                        if line.startswith(b'data: {"type":"job"'):
                            job: dict[str, Any] = json.loads(line[6:])["job"]
                            if job["state"] in (*states, *ENDS):
                                return job
            except (aiohttp.ClientError, OSError):
                await self.back()


def is_as_told(job: Mapping[str, Any], allowed: Iterable[Mapping[str, Any]]) -> bool:
    now = {**job, "is_trash": job["deleted_at"] is not None}
    return any(all(now[name] == known[name] for name in known) for known in allowed)
