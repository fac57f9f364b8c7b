"""A long, even run with comings and goings: whether memory grows, and what is left at the end.

Fifteen minutes, so it runs only when it is asked for: ``make bench ARGS="--only soak"``.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bench.children import Child
from bench.clients import Http, LostError, Socket
from bench.figures import Figure
from bench.flooding import AT_ONCE, calm
from bench.ground import Ground
from bench.making import Made, Maker, troubles
from bench.sides import Imagine

# Watchers that come, stay for a while and go; and how long they stay. Units: seconds.
WATCHERS = 8
STAYS_S = (0.5, 10.0)
# A reader of lists, who cancels and stars too, does so this often.
READS_EVERY_S = 0.5
# What grows within the first jobs is caches that fill up.
WARM = 6


async def measure_soak(ground: Ground, server: Child) -> list[Figure]:
    """Make jobs at an even pace while others watch, read, star and cancel."""
    await ground.configure(picture="tiny")
    counter = Http(server.url)
    before = await calm(server, counter, None)
    memory, made = await soak(server, ground.scale.soak_jobs, ground.scale.soak_s)
    after = await calm(server, counter, before)
    counter.close()
    left = {name: max(0, after[name] - before[name]) for name in ("tasks", "sockets", "files")}
    growth = memory[-1] - memory[len(memory) // WARM] if memory else None
    details = {"memory_mb": memory, "troubles": troubles(made), "before": before, "after": after}
    return [
        Figure("soak", growth, counts=(len(made),), details=details),
        Figure("soak_left", sum(left.values()), details=left),
    ]


async def soak(server: Child, count: int, seconds: float) -> tuple[list[float], list[Made]]:
    """Make so many jobs in so long; return the memory at even distances, and how each job went."""
    chance = random.Random(count)
    memory: list[float] = []
    made: list[Made] = []
    room = asyncio.Semaphore(AT_ONCE)
    async with Maker(Imagine(), server.url) as maker, asyncio.TaskGroup() as jobs:
        others = [
            asyncio.create_task(again_and_again(work))
            for work in (
                *[lambda: watch(server, chance)] * WATCHERS,
                lambda: read(server, chance),
            )
        ]

        async def one() -> None:
            async with room:
                made.append(await maker.make())

        try:
            began = time.monotonic()
            for number in range(count):
                await asyncio.sleep(began + number * seconds / count - time.monotonic())
                jobs.create_task(one())
                if number % max(1, count // 30) == 0 and (usage := server.usage()) is not None:
                    memory.append(round(usage.memory_mb, 1))
            await asyncio.sleep(began + seconds - time.monotonic())
        finally:
            for other in others:
                other.cancel()
            await asyncio.wait(others)
    return memory, made


async def again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    """A visitor whose connection breaks comes back."""
    while True:
        try:
            await work()
        except (LostError, OSError):
            await asyncio.sleep(READS_EVERY_S)


async def watch(server: Child, chance: random.Random) -> None:
    """Follow everything for a while, then leave."""
    socket = await Socket.open(server.url, "/api/live", lambda kind, payload, now: None)
    try:
        await asyncio.sleep(chance.uniform(*STAYS_S))
    finally:
        await socket.close()


async def read(server: Child, chance: random.Random) -> None:
    """Read a page, then do to one of its jobs what people do."""
    http = Http(server.url)
    try:
        jobs: list[dict[str, Any]] = (await http.get("/api/jobs?limit=50")).json()["jobs"]
        if jobs:
            job = chance.choice(jobs)
            match chance.randrange(3):
                case 0:
                    await http.get(f"/api/jobs/{job['id']}/family")
                case 1 if job["images"]:
                    await http.get(job["images"][0]["thumbnail"])
                case _:
                    await http.get(f"/api/jobs/{job['id']}")
        await asyncio.sleep(READS_EVERY_S)
    finally:
        http.close()
