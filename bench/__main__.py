"""Measure a whole server against an engine that costs nothing: ``make bench``.

Starts `tests.fakes.comfy` (no models, no waiting) in this process and a server as a process of its
own, then prints how long it takes to start, to make one picture after the other, to make many at
once, and to list jobs. What is measured is Imagine alone, on this machine, with whatever else runs
on it: compare figures of one machine only.
"""

import argparse
import asyncio
import json
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.fakes.comfy import FakeComfy

PROMPT = "a red fox, study {number} --size 64x64 --steps 4 --batch 1 --seed {number}"
START_TIMEOUT_S = 30
WAIT_S = 60


async def main(jobs: int) -> dict[str, float]:
    """Run every measurement; units are in the names."""
    with tempfile.TemporaryDirectory(prefix="imagine-bench-") as folder:
        async with (
            FakeComfy() as comfy,
            started_server(comfy.url, Path(folder)) as (url, start_ms),
            aiohttp.ClientSession(url) as session,
        ):
            latencies = await timed(session, jobs, at_once=1, first=0)
            began = time.perf_counter()
            await timed(session, jobs, at_once=32, first=jobs)
            together_s = time.perf_counter() - began
            began = time.perf_counter()
            await in_parallel(jobs, 8, lambda _: list_jobs(session))
            listed_s = time.perf_counter() - began
    return {
        "start until healthy, ms": start_ms,
        "one job after the other, median ms": statistics.median(latencies),
        "one job after the other, p95 ms": statistics.quantiles(latencies, n=20)[-1],
        "jobs a second, 32 at once": jobs / together_s,
        "lists of 50 jobs a second": jobs / listed_s,
    }


@asynccontextmanager
async def started_server(comfy_url: str, folder: Path) -> AsyncIterator[tuple[str, float]]:
    """Yield the address of a server, and how many ms it took until it was healthy."""
    port = free_port()
    command = ["-m", "imagine", "serve", "--engine", "comfyui", "--comfyui-url", comfy_url]
    command += ["--port", str(port), "--output", str(folder), "--log-level", "error"]
    began = time.perf_counter()
    server = await asyncio.create_subprocess_exec(sys.executable, *command)
    try:
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(START_TIMEOUT_S), aiohttp.ClientSession(url) as session:
            while not await is_ready(session):  # noqa: ASYNC110  # no event comes from there
                await asyncio.sleep(0.01)
        yield url, 1000 * (time.perf_counter() - began)
    finally:
        server.terminate()
        await server.wait()


async def is_ready(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/api/health") as answer:
            return bool((await answer.json())["status"] == "ok")
    except aiohttp.ClientError:
        return False


async def timed(
    session: aiohttp.ClientSession, jobs: int, *, at_once: int, first: int
) -> list[float]:
    """Make jobs, and return how many ms each took from its request to its end."""
    taken: list[float] = []

    async def one(number: int) -> None:
        began = time.perf_counter()
        await make(session, first + number)
        taken.append(1000 * (time.perf_counter() - began))

    await in_parallel(jobs, at_once, one)
    return taken


async def make(session: aiohttp.ClientSession, number: int) -> None:
    body = {"prompt": PROMPT.format(number=number)}
    headers = {"Prefer": f"wait={WAIT_S}"}
    async with session.post("/api/imagine", json=body, headers=headers) as answer:
        answer.raise_for_status()
        (job,) = (await answer.json())["jobs"]
    if job["state"] != "succeeded":
        raise SystemExit(f"A job did not succeed: {job['state']}, {job['error']}")


async def list_jobs(session: aiohttp.ClientSession) -> None:
    async with session.get("/api/jobs?limit=50") as answer:
        answer.raise_for_status()
        await answer.read()


async def in_parallel(count: int, at_once: int, work: Callable[[int], Awaitable[None]]) -> None:
    """Do ``work(0)`` to ``work(count - 1)``, so many at once."""
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await work(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--jobs", type=int, default=200, help="jobs a measurement")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    figures = asyncio.run(main(arguments.jobs))
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name:36} {figure:10.1f}")
