"""Where the measurements take place: the stand-in, servers in front of it, and how much is done."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.children import Child, child, free_port
from bench.clients import Http


@dataclass(frozen=True, slots=True)
class Scale:
    """How often things are done. Units: seconds; ``slice_s`` of listing at a time.

    ``stored``: jobs in the gallery, at least so many and exactly so many.
    """

    instant_jobs: int
    long_jobs: int
    rounds: int
    round_jobs: int
    watched_jobs: int
    watched_step_ms: float
    watchers: int
    slices: int
    slice_s: float
    stored: tuple[int, int]
    starts: int
    flood: int
    parses: int
    soak_jobs: int
    soak_s: float
    crowd: int
    crowd_jobs: int


FULL = Scale(
    instant_jobs=200, long_jobs=60, rounds=3, round_jobs=500, watched_jobs=5, watched_step_ms=50,
    watchers=200, slices=6, slice_s=1.0, stored=(1_000, 100_000), starts=5, flood=2_000, parses=5,
    soak_jobs=3_000, soak_s=900, crowd=500, crowd_jobs=600,
)  # fmt: skip
QUICK = Scale(
    instant_jobs=50, long_jobs=15, rounds=1, round_jobs=200, watched_jobs=2, watched_step_ms=50,
    watchers=200, slices=3, slice_s=0.5, stored=(300, 20_000), starts=2, flood=300, parses=3,
    soak_jobs=300, soak_s=60, crowd=100, crowd_jobs=100,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """One run of the bench: the stand-in, a folder that is thrown away, and the scale."""

    comfy: Child
    folder: Path
    scale: Scale

    def serving(self, name: str, program: str = "imagine") -> AbstractAsyncContextManager[Child]:
        """Run our server until the block ends; ``name`` is that of its folder."""
        port, folder = free_port(), self.folder / name
        flags = ["--engine", "comfyui", "--comfyui-url", self.comfy.url, "--port", str(port)]
        flags += ["--output", str(folder / "output"), "--log-level", "warning"]
        command = ["-m", program, "serve", *flags]
        return child(command, port=port, folder=folder, answers="/api/health")

    async def configure(self, *, step_ms: float = 0, picture: str = "full") -> None:
        """Tell the stand-in how long a step takes and which picture it makes."""
        await ask(self.comfy.url, "/bench/config", {"step_ms": step_ms, "picture": picture})

    async def jobs_done(self) -> int:
        """Return how many jobs the stand-in has run."""
        return int((await ask(self.comfy.url, "/bench/count"))["done"])


@asynccontextmanager
async def prepared(folder: Path, scale: Scale) -> AsyncIterator[Ground]:
    """Start the stand-in, and stop it when the block ends."""
    port = free_port()
    standin = child(
        ["-m", "bench.standin", str(port)],
        port=port,
        folder=folder / "standin",
        answers="/system_stats",
    )
    async with standin as comfy:
        yield Ground(comfy, folder, scale)


async def ask(url: str, path: str, body: Any = None) -> Any:
    """Get something, or post it, over a connection of its own; return the answer's JSON."""
    http = Http(url)
    try:
        answer = await (http.get(path) if body is None else http.post(path, body))
        return answer.json()
    finally:
        http.close()
