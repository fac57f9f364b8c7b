"""A flood of posts: whether every one ends well, and whether the server is as before afterwards."""

import asyncio
import time
from typing import Any

from bench.children import Child, Usage
from bench.clients import Http, LostError
from bench.figures import Figure, ms_since, summary
from bench.ground import Ground
from bench.making import Maker, many
from bench.sides import Imagine, next_wish

AT_ONCE = 64
WARM_UP = 40
# How long the last job may take to end, and the server to let go of everything: aiohttp closes a
# connection to the engine that it keeps for the next request within 30 seconds of the last one.
ENDS_S = 240
CALMS_S = 45
LOOK_S = 0.5


async def measure_flood(ground: Ground, server: Child) -> list[Figure]:
    """Post as fast as the server takes it, wait for every end, then look at what is left."""
    await ground.configure(picture="tiny")
    async with Maker(Imagine(), server.url) as maker:
        await maker.make_many(WARM_UP, AT_ONCE)
    counter = Http(server.url)
    before = await calm(server, counter, None)
    done_before = await ground.jobs_done()
    flood = await pour(server, ground.scale.flood)
    ran = await ground.jobs_done() - done_before
    after = await calm(server, counter, before)
    counter.close()
    left = {name: max(0, after[name] - before[name]) for name in ("tasks", "sockets", "files")}
    well = flood.pop("ended_well") if ran == ground.scale.flood else 0
    return [
        Figure(
            "flood",
            100 * well / ground.scale.flood,
            details={"posts": ground.scale.flood, "run_by_engine": ran, **flood},
        ),
        Figure("left", sum(left.values()), details={"before": before, "after": after}),
    ]


async def pour(server: Child, count: int) -> dict[str, Any]:
    """Post so many jobs and wait for the end of each; return how that went."""
    posts: list[float] = []
    jobs: list[str] = []
    refused: dict[str, int] = {}
    began = time.monotonic_ns()
    async with Maker(Imagine(), server.url) as maker:

        async def post() -> None:
            posted = time.monotonic_ns()
            try:
                jobs.append(await maker.post(next_wish()))
            except (LostError, OSError) as error:
                refused[str(error)] = refused.get(str(error), 0) + 1
            posts.append(ms_since(posted))

        await many(count, AT_ONCE, post)
        posted_ms = ms_since(began)
        ends = [asyncio.create_task(maker.end_of(job)) for job in jobs]
        over, missing = await asyncio.wait(ends, timeout=ENDS_S) if ends else (set(), set())
        for end in missing:
            end.cancel()
    return {
        "ended_well": sum(end.result().trouble is None for end in over),
        "never_ended": len(missing),
        "refused": refused,
        "post_ms": summary(posts),
        "posts_a_second": 1000 * count / posted_ms,
        "jobs_a_second": 1000 * len(over) / ms_since(began),
    }


async def calm(server: Child, counter: Http, before: dict[str, float] | None) -> dict[str, float]:
    """Return what the server holds, once that is no more than before or does not change."""
    began = time.monotonic_ns()
    while True:
        await asyncio.sleep(LOOK_S)
        tasks = (await counter.get("/bench/tasks")).json()["tasks"]
        usage = server.usage() or Usage(0, 0, 0)
        held = {"tasks": tasks, **usage._asdict()}
        if before is None or ms_since(began) > 1000 * CALMS_S:
            return held
        if all(held[name] <= before[name] for name in ("tasks", "sockets", "files")):
            return held
