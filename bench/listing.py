"""Whether the gallery's first page takes as long with a hundred times the jobs."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.children import Child
from bench.clients import Pool
from bench.figures import Figure, ms_since
from bench.ground import Ground
from bench.making import Maker
from bench.sides import Imagine
from imagine.ids import new_id
from imagine.jobs import MOVES
from imagine.models import Job, utc_now
from imagine.store import SqliteJobStore

CONNECTIONS = 16
PAGE = "/api/jobs?limit=50"
AT_A_TIME = 500


async def measure_listing(ground: Ground, server: Child) -> list[Figure]:
    """Ask two servers by turns for their newest 50 jobs: one with few stored, one with many."""
    few, many = ground.scale.stored
    page = await stored_at_least(ground, server, few)
    few = page["counts"]["all"]
    sample = Job.model_validate(page["jobs"][0])
    await seed(ground.folder / "many" / "output" / "imagine.db", sample, many)
    speeds: list[tuple[float, float]] = []
    async with ground.serving("many") as with_many:
        pools = Pool(server.url), Pool(with_many.url)
        try:
            for _ in range(ground.scale.slices):
                first, second = [await lists_a_second(pool, ground.scale.slice_s) for pool in pools]
                speeds.append((first, second))
        finally:
            for pool in pools:
                await pool.close()
    return [
        Figure(
            "list",
            median(second for _, second in speeds),
            median(first for first, _ in speeds),
            median(second / first for first, second in speeds),
            counts=(few, many),
            details={"slices": speeds},
        )
    ]


async def lists_a_second(pool: Pool, seconds: float) -> float:
    began = time.monotonic_ns()
    counts = 0

    async def reader() -> None:
        nonlocal counts
        while ms_since(began) < 1000 * seconds:
            answer = await pool.get(PAGE)
            if answer.status != 200:
                raise RuntimeError(f"The list answered {answer.status}.")
            counts += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(reader())
    return 1000 * counts / ms_since(began)


async def stored_at_least(ground: Ground, server: Child, count: int) -> dict[str, Any]:
    """Make jobs until so many are stored; return the newest page."""
    await ground.configure(picture="tiny")
    async with Maker(Imagine(), server.url) as maker:
        page = (await maker.pool.get(PAGE)).json()
        await maker.make_many(count - page["counts"]["all"], CONNECTIONS)
        newest: dict[str, Any] = (await maker.pool.get(PAGE)).json()
        return newest


async def seed(database: Path, sample: Job, count: int) -> None:
    """Write so many finished jobs like this one, past the API, which would take minutes."""
    first = utc_now() - timedelta(minutes=count)
    async with SqliteJobStore(database, MOVES) as store:
        for start in range(0, count, AT_A_TIME):
            jobs = []
            for number in range(start, min(count, start + AT_A_TIME)):
                job_id = new_id()
                changes = {"id": job_id, "batch": job_id, "prompt_id": job_id}
                created = first + timedelta(minutes=number)
                jobs.append(sample.model_copy(update=changes | {"created_at": created}))
            await store.add(jobs)
