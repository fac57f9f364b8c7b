"""How long a step that the engine has made takes to be seen, by one watcher and by many."""

import asyncio
import time
from collections import defaultdict
from statistics import median

from bench.children import Child
from bench.clients import Socket
from bench.figures import Figure, summary
from bench.frames import TEXT
from bench.ground import Ground, ask
from bench.sides import Direct, Imagine, News, Side, next_wish

# What is on its way when a job ends still counts.
SETTLE_S = 0.3
LOOK_S = 0.1
JOB_S = 60
ALMOST = 1e-6


class Watcher:
    """Keeps each text frame with its time, to be read when nothing is measured any more."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []

    def on_frame(self, kind: int, payload: bytes, now: int) -> None:
        if kind == TEXT:
            self.frames.append((now, payload))


async def measure_lag(ground: Ground, server: Child) -> list[Figure]:
    """By one watcher and by many; beside them sockets of the engine itself."""
    await ground.configure(step_ms=ground.scale.watched_step_ms)
    figures = []
    for name, watchers in (("lag", 1), ("lag_of_many", ground.scale.watchers)):
        direct = await lags(ground, Direct(is_public=True), ground.comfy.url, watchers)
        before = server.cpu_s()
        ours = await lags(ground, Imagine(), server.url, watchers)
        after = server.cpu_s()
        details: dict[str, object] = {"direct_ms": summary(direct), "imagine_ms": summary(ours)}
        if before is not None and after is not None:
            details["cpu_ms_a_job"] = 1000 * (after - before) / ground.scale.watched_jobs
        figures.append(
            Figure(name, median(ours), median(direct), counts=(watchers,), details=details)
        )
    return figures


async def lags(ground: Ground, side: Side, url: str, count: int) -> list[float]:
    """Return the ms from each step to each watcher. A step that was never seen counts as lost.

    Raises:
        RuntimeError: a watcher was left in the dark at the end of a job.
    """
    watchers = [Watcher() for _ in range(count)]
    sockets = [await Socket.open(url, side.socket_path, one.on_frame) for one in watchers]
    try:
        since = time.monotonic_ns()
        for _ in range(ground.scale.watched_jobs):
            done = await ground.jobs_done()
            _ = await ask(url, *side.submission(next_wish()))
            async with asyncio.timeout(JOB_S):
                while await ground.jobs_done() == done:  # noqa: ASYNC110  it is another process
                    await asyncio.sleep(LOOK_S)
            await asyncio.sleep(SETTLE_S)
        emits = await ask(ground.comfy.url, f"/bench/emits?since={since}")
    finally:
        for socket in sockets:
            await socket.close()
    return read_lags(side, watchers, emits)


def read_lags(
    side: Side, watchers: list[Watcher], emits: list[tuple[str, int, int]]
) -> list[float]:
    """Return the ms between the making of each step and the first sight of it or a later one."""
    steps: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for job, step, made_at in emits:
        steps[job].append((step, made_at))
    read: dict[bytes, News | None] = {}
    found: list[float] = []
    for watcher in watchers:
        seen: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for arrived_at, payload in watcher.frames:
            if payload not in read:
                read[payload] = side.news(payload, only_ends=False)
            news = read[payload]
            if news is not None and news.fraction is not None:
                seen[news.job].append((arrived_at, news.fraction))
        for job, made in steps.items():
            for step, made_at in made:
                fraction = step / len(made) - ALMOST
                arrivals = [at for at, seen_fraction in seen[job] if seen_fraction >= fraction]
                if not arrivals:
                    raise RuntimeError(f"A watcher never saw step {step} of job {job}.")
                found.append((min(arrivals) - made_at) / 1e6)
    return found
