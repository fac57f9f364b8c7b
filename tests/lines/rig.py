"""Joins the parts: the engine, the server that dies, the lives, and what is found after each."""

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

import aiohttp

from imagine.lifetime import background
from tests.lines.findings import Engine, left_behind, out_of_line
from tests.lines.lives import SMALL, Ends, Life
from tests.lines.machine import Place, Process, Server
from tests.plug.processes import free_port

STEP_MS = 10
# What follows a write beside everything else is waited for so long.
LOOK_S = 0.02
LOOKS = 500


class Lived(NamedTuple):
    """How a life went: whether the server died as planned, and what was wrong after it."""

    died: bool
    problems: list[str]


class Rig:
    """Everything that takes part. Made by `rigged`."""

    def __init__(self, folder: Path, server: Server, engine: Engine) -> None:
        self._folder = folder
        self._server = server
        self._engine = engine
        # In how many lives the server died.
        self.deaths = 0
        self._source = ""
        self._firsts = 0
        # What is wrong stays so; it is told of the life that did it.
        self._known: set[str] = set()

    async def prepare(self) -> None:
        """Make the job that others grow from."""
        self._server.output = self._folder / "output"
        await self._server.start()
        self._source, *_ = await self._server.make("/api/imagine", {"prompt": f"{SMALL} --batch 2"})
        await self._server.until(self._source)
        await self._server.stop()
        await self._engine.findings({})

    async def lines(self, kind: type[Life]) -> list[tuple[str, int]]:
        """Live a life to its end; return the lines that it ran through, in their order."""
        record = self._folder / "lines.json"
        lived = await self.live(kind, record=record)
        assert not lived.problems, lived.problems
        return [(file, line) for file, line in json.loads(record.read_text(encoding="utf-8"))]

    async def live(
        self, kind: type[Life], at: Place | None = None, *, record: Path | None = None
    ) -> Lived:
        """Live a life in which the server dies at a place, and judge what it left."""
        server, life = self._server, kind(self._source)
        everything, server.told, server.problems = server.told, {}, []
        if life.is_first:
            self._firsts += 1
            server.output = self._folder / f"first-{self._firsts}"
        await life.prepare(server)
        await server.start(at, from_start=life.from_start, record=record)
        ends = await life.live(server)
        await self._in_line(ends)
        if await server.stop():  # what it left then is taken up by the next one
            await server.start()
            await self._in_line(ends)
            await server.stop()
            server.died = True
        made = server.told.keys() if life.is_first else everything.keys() | server.told.keys()
        problems = [
            *server.problems,
            *left_behind(server.output, made, ends, server.told),
            *await self._engine.findings(ends),
        ]
        server.output = self._folder / "output"
        server.told = everything if life.is_first else everything | server.told
        self.deaths += server.died
        news = [problem for problem in problems if problem not in self._known]
        self._known.update(news)
        return Lived(server.died, news)

    async def _in_line(self, ends: Ends) -> None:
        """Wait until the files follow what was written of the jobs, unless they never do."""
        for job_id in ends:
            for _ in range(LOOKS):
                job = (await self._server.ask("GET", f"/api/jobs/{job_id}")).body
                if not list(out_of_line(self._server.output, job)):
                    break
                await asyncio.sleep(LOOK_S)


def choose(lines: Sequence[tuple[str, int]], count: int, draw: random.Random) -> list[Place]:
    """Choose places in a life: every other one evenly over its time, the rest among its lines.

    Of a line that runs often any time may be meant.
    """
    nth: Counter[tuple[str, int]] = Counter()
    places: list[Place] = []
    by_line: dict[tuple[str, int], list[Place]] = {}
    for line in lines:
        nth[line] += 1
        places.append(Place(*line, nth[line]))
        by_line.setdefault(line, []).append(places[-1])
    rare = draw.sample(sorted(by_line), min(count - count // 2, len(by_line)))
    step = len(places) / max(1, count - len(rare))
    even = [places[int((i + draw.random()) * step)] for i in range(count - len(rare))]
    return [*(draw.choice(by_line[line]) for line in rare), *even]


@contextlib.asynccontextmanager
async def rigged(folder: Path) -> AsyncIterator[Rig]:
    """Start everything in a folder; at the end nothing of it is left running."""
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        )
        ports = [str(free_port()), str(free_port())]
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        dying = ("tests.lines.dying", *ports, str(STEP_MS))
        nursery = await stack.enter_async_context(Process(*dying, log=folder / "server.log"))
        assert "listens" in await nursery.hear()
        witness = Engine(urls[0], session)
        await stack.enter_async_context(background(witness.watch(), "witness of the engine"))
        rig = Rig(folder, Server(nursery, urls[1], session), witness)
        await rig.prepare()
        yield rig
