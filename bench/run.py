"""One run of the bench: each measurement in its turn, each with its own bound of time."""

import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from pathlib import Path

from bench.children import Child
from bench.figures import Figure
from bench.flooding import measure_flood
from bench.ground import Ground, Scale, prepared
from bench.lag import measure_lag
from bench.listing import measure_listing
from bench.parsing import measure_parsing
from bench.soaking import measure_soak
from bench.speed import measure_latency, measure_throughput
from bench.starting import measure_start
from bench.watching import measure_watchers

# A measurement that takes so much longer than any machine should need has failed.
MOST_S = 300
MOST_SOAK_S = 1500

# These share one server.
WITH_SERVER: dict[str, Callable[[Ground, Child], Awaitable[list[Figure]]]] = {
    "latency": measure_latency,
    "throughput": measure_throughput,
    "lag": measure_lag,
    "list": measure_listing,
    "flood": measure_flood,
    "soak": measure_soak,
    "watchers": measure_watchers,
}
NAMES = (*WITH_SERVER, "start", "parsing")
# What is left out unless it is asked for by name.
LONG = frozenset({"soak", "watchers"})


async def run(
    scale: Scale, folder: Path, wanted: Collection[str] = NAMES
) -> tuple[list[Figure], list[str]]:
    """Measure what is wanted in a folder of its own.

    Returns the figures in the table's order, and the measurements that failed.
    """
    figures: list[Figure] = []
    failed: list[str] = []

    async def attempt(name: str, measure: Callable[[], Awaitable[list[Figure]]]) -> None:
        """One that fails must not cost the others."""
        if name not in wanted:
            return
        began = time.monotonic()
        try:
            async with asyncio.timeout(MOST_SOAK_S if name in LONG else MOST_S):
                figures.extend(await measure())
        except Exception:  # noqa: BLE001  whatever it was, it is told
            tell(traceback.format_exc())
            failed.append(name)
        tell(f"{name}: {time.monotonic() - began:.0f} s")

    async with prepared(folder, scale) as ground:
        if any(name in wanted for name in WITH_SERVER):
            async with ground.serving("main", "bench.counted") as server:
                for name, measure in WITH_SERVER.items():
                    await attempt(name, partial(measure, ground, server))
        await attempt("start", partial(measure_start, ground))
    await attempt("parsing", partial(asyncio.to_thread, measure_parsing, scale.parses))
    return figures, failed


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
