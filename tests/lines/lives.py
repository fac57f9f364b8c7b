"""What a client does in one life of the server, small enough that each line of it can be tried.

A life is prepared undisturbed; then the server is to die in it at a line. `Life.live` returns the
states in which its jobs must be at the end.
"""

import asyncio
import contextlib
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from imagine.database import MIGRATIONS, writing_engine
from imagine.migrations import upgrade
from tests.lines.machine import Server

SMALL = "a fox --size 64x64 --steps 2"
# It is still running when it is to be canceled.
SLOW = "an owl --size 64x64 --batch 1 --steps 25"

# By job: the states that it may end in, and how many prompts the engine may have had of it.
Ends = Mapping[str, tuple[str, int]]


class Life(ABC):
    """One part of what people do. ``from_start``: its lines count from the start of the server."""

    from_start = False
    # It begins with an empty folder.
    is_first = False

    def __init__(self, source: str) -> None:
        """Make a life; ``source`` is a finished job with two pictures."""
        self._source = source

    async def prepare(self, server: Server) -> None:  # noqa: B027  most need nothing
        """Do what comes before, undisturbed; it leaves no server running."""

    @abstractmethod
    async def live(self, server: Server) -> Ends: ...


class Make(Life):
    """Two pictures, and the request once more."""

    async def live(self, server: Server) -> Ends:
        body = {"prompt": f"{SMALL} --batch 2"}
        job_id, key, text = await server.make("/api/imagine", body)
        await server.until(job_id)
        server.told[job_id] = [{"state": "succeeded"}]
        again = await server.ask("POST", "/api/imagine", body, **{"Idempotency-Key": key})
        if (again.status, again.text) != (202, text):
            server.problems.append(f"the same request was answered {again}, and first {text}")
        return {job_id: ("succeeded", 1)}


class Keep(Life):
    """A star, and into the trash."""

    async def prepare(self, server: Server) -> None:
        await server.start()
        self._job, *_ = await server.make("/api/imagine", {"prompt": f"{SMALL} --batch 2"})
        await server.until(self._job)
        server.told[self._job] = [{"favorites": [], "is_trash": False, "state": "succeeded"}]
        await server.stop()

    async def live(self, server: Server) -> Ends:
        await server.change(self._job, "PATCH", "", {"favorites": [1]}, favorites=[1])
        await server.change(self._job, "DELETE", "", is_trash=True)
        return {self._job: ("succeeded", 1)}


class BringBack(Keep):
    """Out of the trash, and no star any more."""

    async def prepare(self, server: Server) -> None:
        await super().prepare(server)
        await server.start()
        await super().live(server)
        await server.stop()

    async def live(self, server: Server) -> Ends:
        await server.change(self._job, "POST", "/restore", is_trash=False)
        await server.change(self._job, "PATCH", "", {"favorites": []}, favorites=[])
        return {self._job: ("succeeded", 1)}


class Stop(Life):
    """A set that is canceled while it runs, and made after all."""

    async def live(self, server: Server) -> Ends:
        job_id, *_ = await server.make("/api/imagine", {"prompt": SLOW})
        await server.until(job_id, "running")
        canceled = await server.change(job_id, "POST", "/cancel")
        job = await server.until(job_id)
        if job["state"] == "succeeded":  # it was quicker, or the cancel came after a death
            if canceled.is_first and canceled.status == 200:
                server.problems.append(f"job {job_id} was canceled and succeeded")
            return {job_id: ("succeeded", 1)}
        server.told[job_id] = [{}]
        await server.change(job_id, "POST", "/retry")
        await server.until(job_id)
        return {job_id: ("succeeded", 2)}


class Wait(Life):
    """Two sets, of which the second is canceled while it waits."""

    async def live(self, server: Server) -> Ends:
        first, *_ = await server.make("/api/imagine", {"prompt": SLOW})
        second, *_ = await server.make("/api/imagine", {"prompt": SMALL})
        canceled = await server.change(second, "POST", "/cancel")
        job = await server.until(second)
        await server.until(first)
        ends = {first: ("succeeded", 1), second: (job["state"], 1)}
        if canceled.status == 200 and job["state"] != "canceled":
            server.problems.append(f"job {second} was canceled, and it {job['state']}")
        return ends


class Grow(Life):
    """A larger copy of a picture."""

    async def live(self, server: Server) -> Ends:
        path = f"/api/jobs/{self._source}/actions"
        job_id, *_ = await server.make(path, {"action": "upscale", "image": 0})
        await server.until(job_id)
        return {job_id: ("succeeded", 1)}


class Recover(Life):
    """It died while one set ran and one waited."""

    from_start = True

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._jobs: list[str] = []

    async def prepare(self, server: Server) -> None:
        await server.start()
        for prompt in (SLOW, SMALL):
            job_id, *_ = await server.make("/api/imagine", {"prompt": prompt})
            self._jobs.append(job_id)
        await server.until(self._jobs[0], "running")
        await server.kill()

    async def live(self, server: Server) -> Ends:
        for job_id in self._jobs:
            await server.until(job_id)
        return dict.fromkeys(self._jobs, ("succeeded", 1))


class Settle(Recover):
    """It died while one set ran that was to be canceled; and its pictures were made meanwhile."""

    async def prepare(self, server: Server) -> None:
        await server.start()
        for prompt in (SLOW, f"{SMALL} --batch 2"):
            job_id, *_ = await server.make("/api/imagine", {"prompt": prompt})
            self._jobs.append(job_id)
        await server.until(self._jobs[0], "running")
        await server.change(self._jobs[0], "POST", "/cancel")
        await server.kill()

    async def live(self, server: Server) -> Ends:
        ends = {}
        for job_id in self._jobs:
            ends[job_id] = ((await server.until(job_id))["state"], 1)
        return ends


class Begin(Life):
    """The first start in an empty folder, and the first set."""

    from_start = is_first = True

    async def live(self, server: Server) -> Ends:
        job_id, *_ = await server.make("/api/imagine", {"prompt": f"{SMALL} --batch 1"})
        await server.until(job_id)
        return {job_id: ("succeeded", 1)}


class Update(Life):
    """The first start of a newer version, over the database of an older one."""

    from_start = is_first = True

    async def prepare(self, server: Server) -> None:
        await server.start()
        self._old, *_ = await server.make("/api/imagine", {"prompt": f"{SMALL} --batch 1"})
        await server.until(self._old)
        server.told[self._old] = [{"state": "succeeded", "favorites": []}]
        await server.stop()
        await asyncio.to_thread(make_old, server.output / "imagine.db")

    async def live(self, server: Server) -> Ends:
        path = f"/api/jobs/{self._old}/actions"
        job_id, *_ = await server.make(path, {"action": "variation", "image": 0})
        await server.until(job_id)
        return {self._old: ("succeeded", 1), job_id: ("succeeded", 1)}


def make_old(path: Path) -> None:
    """Bring the jobs of a database back into one of the first version."""
    new = path.rename(path.with_name("new.db"))
    engine = writing_engine(path, busy_timeout_s=1)
    with engine.begin() as connection:
        upgrade(connection, "0001", MIGRATIONS)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("ATTACH ? AS new", (str(new),))
        for table in ("jobs", "counters"):
            columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
            old.execute(f"DELETE FROM main.{table}")
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
    new.unlink()


LIVES: tuple[type[Life], ...] = (
    *(Make, Keep, BringBack, Stop, Wait, Grow),
    *(Recover, Settle, Begin, Update),
)
