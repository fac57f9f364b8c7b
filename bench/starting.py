"""How long a start takes, and what an idle server holds, beside the least that aiohttp can do.

The quickest start counts: whatever else the machine does can only make one longer.
"""

import asyncio
from statistics import median

from bench.children import Child, child, free_port
from bench.figures import Figure, summary
from bench.ground import Ground

# A server that does nothing, for comparison.
BARE = """
import sys
from aiohttp import web

async def health(request):
    return web.json_response({"status": "ok"})

app = web.Application()
app.router.add_get("/api/health", health)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
# Until what a start puts off is done.
SETTLE_S = 0.5


async def measure_start(ground: Ground) -> list[Figure]:
    """Start both by turns, each time anew."""
    bare: list[tuple[float, float | None]] = []
    ours: list[tuple[float, float | None]] = []
    for number in range(ground.scale.starts):
        port = free_port()
        folder = ground.folder / "bare"
        async with child(
            ["-c", BARE, str(port)], port=port, folder=folder, answers="/api/health"
        ) as server:
            bare.append(await start_and_memory(server))
        async with ground.serving(f"start-{number}") as server:
            ours.append(await start_and_memory(server))
    bare_ms, ours_ms = ([start_ms for start_ms, _ in found] for found in (bare, ours))
    bare_mb, ours_mb = ([mb for _, mb in found if mb is not None] for found in (bare, ours))
    return [
        Figure(
            "start",
            min(ours_ms),
            min(bare_ms),
            details={"bare_ms": summary(bare_ms), "imagine_ms": summary(ours_ms)},
        ),
        Figure(
            "memory", median(ours_mb) if ours_mb else None, median(bare_mb) if bare_mb else None
        ),
    ]


async def start_and_memory(server: Child) -> tuple[float, float | None]:
    await asyncio.sleep(SETTLE_S)
    usage = server.usage()
    return server.start_ms, usage.memory_mb if usage else None
