"""How much longer a job takes through the server, alone and beside many others."""

import asyncio
import os
import shutil
import time
from statistics import median

from bench.children import Child
from bench.figures import Figure, ms_since, summary
from bench.ground import Ground
from bench.making import Made, Maker, troubles
from bench.sides import Direct, Imagine, Side

AT_ONCE = 32
# Between two jobs, so that what one leaves to be done is not counted with the next.
GAP_S = 0.003
WARM_UP = 5


async def measure_latency(ground: Ground, server: Child) -> list[Figure]:
    """Instant jobs and jobs of 100 ms, one after the other, by turns direct and through us."""
    instant = await by_turns(ground, server, ground.scale.instant_jobs, step_ms=0)
    long = await by_turns(ground, server, ground.scale.long_jobs, step_ms=5)
    added = median(long[1]) - median(long[0])
    return [
        Figure("instant_job", median(instant[1]), median(instant[0]), details=both(instant)),
        Figure("added", added, median(instant[0]), details=both(long)),
    ]


async def by_turns(
    ground: Ground, server: Child, count: int, *, step_ms: float
) -> tuple[list[float], list[float]]:
    """Return the ms of each job: direct, and through us."""
    await ground.configure(step_ms=step_ms)
    direct: list[float] = []
    imagine: list[float] = []
    async with Maker(Direct(), ground.comfy.url) as bare, Maker(Imagine(), server.url) as ours:
        for number in range(-WARM_UP, count):
            for maker, found in ((bare, direct), (ours, imagine))[:: 1 if number % 2 else -1]:
                made = await maker.make()
                if made.trouble is not None:
                    raise RuntimeError(f"A job went wrong: {made.trouble}")
                if number >= 0:
                    found.append(made.total_ms)
                await asyncio.sleep(GAP_S)
    return direct, imagine


def both(times: tuple[list[float], list[float]]) -> dict[str, object]:
    return {"direct_ms": summary(times[0]), "imagine_ms": summary(times[1])}


async def measure_throughput(ground: Ground, server: Child) -> list[Figure]:
    """Many jobs at once, each with its own picture; what they cost the processor."""
    await ground.configure()
    speeds: list[tuple[float, float]] = []
    made: list[Made] = []
    cpu_ms: dict[Child, list[float]] = {ground.comfy: [], server: []}

    async def one_round(side: Side, child: Child) -> tuple[float, list[Made]]:
        """Make many pictures; return how many a second, and how each went."""
        before, began = child.cpu_s(), time.monotonic_ns()
        async with Maker(side, child.url) as maker:
            found = await maker.make_many(ground.scale.round_jobs, AT_ONCE)
        after, taken_ms = child.cpu_s(), ms_since(began)
        if before is not None and after is not None:
            cpu_ms[child].append(1000 * (after - before) / len(found))
        return 1000 * sum(one.trouble is None for one in found) / taken_ms, found

    for _ in range(ground.scale.rounds):
        direct, _ = await one_round(Direct(), ground.comfy)
        speed, ours = await one_round(Imagine(), server)
        speeds.append((direct, speed))
        made += ours
        # Pictures that were fetched would fill the disk of a small machine.
        pictures = ground.folder / "main" / "output" / "images"
        await asyncio.to_thread(shutil.rmtree, pictures, ignore_errors=True)
    good = sum(one.trouble is None for one in made)
    return [
        Figure(
            "own_picture",
            100 * good / len(made),
            details={"jobs": len(made), "good": good, "troubles": troubles(made)},
        ),
        Figure(
            "jobs_a_second",
            median(ours for _, ours in speeds),
            median(direct for direct, _ in speeds),
            median(ours / direct for direct, ours in speeds),
            details={
                "rounds": speeds,
                "job_ms": summary([one.total_ms for one in made]),
                "cores": os.cpu_count(),
            },
        ),
        Figure(
            "cpu",
            median(cpu_ms[server]) if cpu_ms[server] else None,
            median(cpu_ms[ground.comfy]) if cpu_ms[ground.comfy] else None,
            details={"imagine_ms": cpu_ms[server], "standin_ms": cpu_ms[ground.comfy]},
        ),
    ]
