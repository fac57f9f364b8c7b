"""Joins the parts: starts them, pulls the plug at random moments, lets all finish, and judges."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import aiohttp

from tests.plug.load import Load
from tests.plug.processes import PATIENCE_S, Machine, free_port
from tests.plug.verdict import Evidence, judge
from tests.plug.witnesses import EngineWitness, Watcher

logger = logging.getLogger(__name__)

STEP_MS = 15
# From the moment it answers; and while it opens, which takes about so long.
LATER_S = 1.0
OPENING_S = 0.15
# Mostly an engine is back at once; sometimes it is away for longer than most things are tried.
AWAY_S = (0.0, 0.0, 0.5, 3.0)
# How long the clients may take to finish, and then the jobs.
FINISH_S = 40.0


class Pull(Enum):
    """Who loses its power."""

    SERVER = "server"
    ENGINE = "engine"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Pulls:
    """How often each loses its power."""

    server: int = 0
    engine: int = 0
    both: int = 0

    def shuffled(self, draw: random.Random) -> list[Pull]:
        pulls = [Pull.SERVER] * self.server + [Pull.ENGINE] * self.engine + [Pull.BOTH] * self.both
        draw.shuffle(pulls)
        return pulls


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happened, and what went wrong: nothing should have."""

    figures: dict[str, Any]
    problems: list[str]


class Rig:
    """Everything that takes part. Made by `rigged`."""

    def __init__(
        self,
        folder: Path,
        server: Machine,
        engine: Machine,
        session: aiohttp.ClientSession,
        seed: int,
    ) -> None:
        self.output = folder / "output"
        self.server = server
        self.engine = engine
        self.session = session
        self.watcher = Watcher(server.url, session)
        self.witness = EngineWitness(engine.url, session)
        self.load = Load(server.url, session, self.watcher, random.Random(seed))
        self.engine_deaths: list[datetime] = []
        self._draw = random.Random(seed + 1)

    async def pull_and_finish(self, pulls: Pulls) -> None:
        """Pull the plug as often as said, then let everything come to its end."""
        for pull in pulls.shuffled(self._draw):
            await self._moment(pull)
            await self._pull(pull)
        await self.server.until_it_answers(self.session)
        await self.engine.until_it_answers(self.session)
        self.load.stop()

    async def _moment(self, pull: Pull) -> None:
        """Wait for a random moment: while it opens, later, or just after something happened."""
        kind = self._draw.random()
        if kind < 0.25:
            await asyncio.sleep(self._draw.uniform(0, OPENING_S))
            return
        await self.server.until_it_answers(self.session)
        if pull is not Pull.SERVER:
            await self._until_the_engine_works()
        if kind < 0.6:
            await asyncio.sleep(self._draw.uniform(0, LATER_S))
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LATER_S):
                await self.watcher.something()
        await asyncio.sleep(self._draw.uniform(0, 0.03))

    async def _until_the_engine_works(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.witness.is_used.wait()

    async def _pull(self, pull: Pull) -> None:
        away_s = self._draw.choice(AWAY_S)
        if pull is not Pull.SERVER:
            await self.witness.read_history()
            await self.witness.look()
        logger.debug("pull the plug: %s", pull.value)
        if pull is not Pull.ENGINE:
            await self.server.kill()
        if pull is not Pull.SERVER:
            await self.engine.kill()
            self.engine_deaths.append(datetime.now(UTC))
            self.witness.mourn()
        if pull is not Pull.ENGINE:
            await self.server.start()
        if pull is not Pull.SERVER:
            await asyncio.sleep(away_s)
            await self.engine.start()

    async def until_all_have_ended(self) -> list[str]:
        """Wait until nothing is under way; return what is stuck."""
        left: set[str] = set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_S):
                while left := {j for j in self.load.told.jobs if not self.watcher.has_ended(j)}:
                    await self.watcher.something()
        return sorted(left)


@contextlib.asynccontextmanager
async def rigged(folder: Path, seed: int) -> AsyncIterator[Rig]:
    """Start the engine and the server, with their witnesses; end them all with the block."""
    ports = {free_port()}
    while len(ports) < 2:
        ports.add(free_port())
    port, engine_port = ports
    async with (
        aiohttp.ClientSession() as session,
        Machine(
            *("sketch", "--step-ms", str(STEP_MS), "--output", str(folder / "engine")),
            port=engine_port,
            answers="/queue",
            folder=folder,
        ) as engine,
        Machine(
            *("serve", "--engine", "comfyui", "--comfyui-url", engine.url),
            *("--output", str(folder / "output")),
            port=port,
            answers="/api/health",
            folder=folder,
        ) as server,
    ):
        await engine.start()
        await server.start()
        await server.until_it_answers(session)
        yield Rig(folder, server, engine, session, seed)


async def pull_the_plug(folder: Path, pulls: Pulls, seed: int) -> Verdict:
    """Run a server and an engine under load, pull the plug so often, and judge what is left."""
    began = time.monotonic()
    async with rigged(folder, seed) as rig, asyncio.TaskGroup() as group:
        looking = [group.create_task(work) for work in _onlookers(rig)]
        loading = group.create_task(rig.load.run())
        await rig.pull_and_finish(pulls)
        await asyncio.wait({loading}, timeout=FINISH_S)
        loading.cancel()  # it waits for what is stuck
        stuck = await rig.until_all_have_ended()
        await rig.server.kill()
        await rig.server.start()
        await rig.server.until_it_answers(rig.session)
        verdict = await _judged(rig, stuck)
        for task in looking:
            task.cancel()
    figures = {
        "seed": seed,
        "seconds": round(time.monotonic() - began),
        "kills of the server": pulls.server + pulls.both,
        "kills of the engine": pulls.engine + pulls.both,
        **verdict.figures,
    }
    logger.info("%s", figures)
    return Verdict(figures, verdict.problems)


def _onlookers(rig: Rig) -> tuple[Coroutine[Any, Any, None], ...]:
    return rig.watcher.run(), rig.witness.run()


async def _judged(rig: Rig, stuck: list[str]) -> Verdict:
    """Read what is left, stop the server and judge."""
    await rig.witness.read_history()
    jobs = await _all_jobs(rig)
    replays = [
        (post, await rig.load.ask("POST", post.path, post.body, {"Idempotency-Key": post.key}))
        for post in rig.load.told.posts[-20:]
    ]
    exit_code = await rig.server.stop()
    evidence = Evidence(
        output=rig.output,
        told=rig.load.told,
        jobs=jobs,
        stuck=stuck,
        watcher=rig.watcher,
        witness=rig.witness,
        engine_deaths=rig.engine_deaths,
        replays=[(post, answer) for post, (_, answer) in replays],
        exit_code=exit_code,
        log=rig.server.log.read_text(encoding="utf-8", errors="replace"),
    )
    problems = await asyncio.to_thread(judge, evidence)
    return Verdict(evidence.figures(), problems)


async def _all_jobs(rig: Rig) -> dict[str, dict[str, Any]]:
    """Read every job from the list, the trash included."""
    jobs: dict[str, dict[str, Any]] = {}
    for trash in ("", "&trash=1"):
        before: str | None = ""
        while before is not None:
            after = f"&before={before}" if before else ""
            async with rig.session.get(f"{rig.server.url}/api/jobs?limit=200{trash}{after}") as got:
                page = await got.json()
            jobs |= {job["id"]: job for job in page["jobs"]}
            before = page["next"]
    return jobs
