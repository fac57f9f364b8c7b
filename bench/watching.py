"""Many watchers, each dropped and back again at random while jobs run: whether all see the same.

Each of them must have been told every state change once and in order, whatever it was cut off
from, and know every job as it is in the end. Minutes, so it runs only when it is asked for:
``make bench ARGS="--only watchers"``. A small crowd of the same kind is in the tests.
"""

import asyncio
import heapq
import itertools
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench.children import Child
from bench.clients import LostError, Pool, Socket
from bench.figures import Figure
from bench.frames import TEXT
from bench.ground import Ground
from bench.making import many
from bench.sides import Imagine, next_wish

# How much a watcher hears before it is dropped, and how much happens until it is back.
HEARS = (1, 120)
MISSES = (0, 60)
AT_ONCE = 8
# What grows while the first jobs run is the log and other things that fill up.
WARM = 3

# A state change: its sequence, and whose it is.
Change = tuple[int, str]


class News(NamedTuple):
    """What a text frame says."""

    kind: str
    job: str = ""
    sequence: int = 0
    state: str = ""
    value: float = 0.0
    attempt: int = 0
    resumed: bool = False
    shown: tuple[tuple[str, int, str], ...] = ()


def read_news(payload: bytes) -> News:
    message = json.loads(payload)
    match message["type"]:
        case "job":
            job = message["job"]
            value, attempt = job["progress"]["value"], job["attempt"]
            return News("job", job["id"], job["sequence"], job["state"], value, attempt)
        case "removed":
            return News("removed", message["job"], message["sequence"], "removed")
        case "progress":
            return News("progress", message["job"], message["sequence"], value=message["value"])
        case "hello":
            return News("hello", sequence=message["sequence"], resumed=message["resumed"])
        case "snapshot":
            shown = ((job["id"], job["sequence"], job["state"]) for job in message["jobs"])
            return News("snapshot", shown=tuple(shown))
        case kind:
            return News(kind)


class Pace:
    """How many changes were told so far; wakes those who wait for more."""

    def __init__(self) -> None:
        self.told = 0
        self.is_over = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    async def more(self, count: int) -> None:
        """Wait for so many changes, or for the end."""
        if count and not self.is_over:
            wakes: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (self.told + count, next(self._numbers), wakes))
            await wakes

    def step(self, count: int = 1) -> None:
        self.told += count
        while self._waiting and (self.is_over or self._waiting[0][0] <= self.told):
            heapq.heappop(self._waiting)[2].set_result(None)

    def end(self) -> None:
        self.is_over = True
        self.step(0)


@dataclass(slots=True, eq=False)
class Watcher:
    """One reader and all it was told, over every connection that it had.

    ``first`` is the sequence that it began after, ``shown`` those of its snapshot. ``restarts``
    counts how often it could not resume. ``goal``: the sequence with which it has seen everything.
    """

    url: str
    read: Callable[[bytes], News]
    on_change: Callable[[], None] = lambda: None
    since: int | None = None
    first: int = 0
    joins: int = 0
    restarts: int = 0
    goal: int | None = None
    heard: list[Change] = field(default_factory=list)
    shown: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, tuple[int, str]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    _progress: dict[str, tuple[int, float]] = field(default_factory=dict)
    _start: int = 0
    _left: float = 0
    _cut: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_done(self) -> bool:
        return self.goal is not None and self.since is not None and self.since >= self.goal

    async def visit(self, frames: float, *, gently: bool = False) -> None:
        """Connect, hear so many frames, and be cut off; what comes after that is not heard."""
        query = "?previews=0" + ("" if self.since is None else f"&since={self.since}")
        self._left = frames
        self._cut = asyncio.Event()
        self.joins += 1
        socket = await Socket.open(self.url, f"/api/live{query}", self._on_frame)
        cut = asyncio.create_task(self._cut.wait())
        closed = asyncio.create_task(socket.closed.wait())
        try:
            await asyncio.wait({cut, closed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._left = 0
            cut.cancel()
            closed.cancel()
            await (socket.close() if gently else socket.abort())

    def finish(self, goal: int) -> None:
        """Nothing is told after this sequence."""
        self.goal = goal
        if self.is_done:
            self._cut.set()

    def _on_frame(self, kind: int, payload: bytes, _: int) -> None:
        if not self._left or kind != TEXT:
            return
        self._left -= 1
        self._take(self.read(payload))
        if not self._left or self.is_done:
            self._left = 0
            self._cut.set()

    def _take(self, news: News) -> None:
        match news.kind:
            case "hello":
                self._start = news.sequence
                self.restarts += self.since is not None and not news.resumed
            case "snapshot":
                if self.since is None:
                    self.first = self._start
                self.since = self._start
                self.on_change()
                for job, sequence, state in news.shown:
                    self.shown[job] = sequence
                    self.jobs[job] = (sequence, state)
            case "job" | "removed":
                self._change(news)
            case "progress":
                if self.jobs.get(news.job, (0, "running"))[1] != "running":
                    self.troubles.append(f"progress of a job that is {self.jobs[news.job][1]}")
                self._step(news.job, self._progress.get(news.job, (0, 0.0))[0], news.value)
            case _:  # the line and the engine
                pass

    def _change(self, news: News) -> None:
        if self.since is None or news.sequence <= self.since:
            self.troubles.append(f"{news.sequence} was told after {self.since}")
        self.since = news.sequence
        self.heard.append((news.sequence, news.job))
        self.jobs[news.job] = (news.sequence, news.state)
        if news.state in ("running", "succeeded"):
            self._step(news.job, news.attempt, news.value)
        self.on_change()

    def _step(self, job: str, attempt: int, value: float) -> None:
        known, far = self._progress.get(job, (attempt, 0.0))
        if known == attempt and value < far:
            self.troubles.append(f"progress of {job} went back from {far} to {value}")
        self._progress[job] = (attempt, value)

    def missed(self, told: Sequence[Change]) -> list[Change]:
        """Return the changes that it should have heard and did not."""
        heard = set(self.heard)
        return [
            (sequence, job)
            for sequence, job in told
            if sequence > max(self.first, self.shown.get(job, 0)) and (sequence, job) not in heard
        ]


class Crowd:
    """Watchers of one server, and a witness among them who is never cut off."""

    def __init__(self, url: str, count: int, chance: random.Random) -> None:
        self._chance = chance
        self._read: dict[bytes, News] = {}
        self.pace = Pace()
        self.witness = Watcher(url, self._news, self.pace.step)
        self.watchers = [Watcher(url, self._news) for _ in range(count)]

    def _news(self, payload: bytes) -> News:
        """All of them get the same bytes, which are read once."""
        if payload not in self._read:
            self._read[payload] = read_news(payload)
        return self._read[payload]

    async def come_and_go(self, watcher: Watcher) -> None:
        """Be there for a while and away for a while, until everything was heard."""
        chance = self._chance
        await self.pace.more(chance.choice((0, *MISSES)))
        while not watcher.is_done:
            await watcher.visit(chance.randint(*HEARS), gently=chance.random() < 0.5)
            if not watcher.is_done:
                await self.pace.more(chance.randint(*MISSES))

    async def _stay(self, watcher: Watcher) -> None:
        """Be there all the time, unless the server itself hangs up."""
        while not watcher.is_done:
            await watcher.visit(float("inf"))

    async def watch(self, others: Callable[[], Any]) -> int:
        """Watch while ``others`` do what they do; return the last sequence.

        Raises:
            TimeoutError: somebody never got to know all of it.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stay(self.witness))
            await self.pace.more(1)
            for watcher in self.watchers:
                group.create_task(self.come_and_go(watcher))
            await others()
            goal = await self._last_sequence()
            self.pace.end()
            for watcher in (self.witness, *self.watchers):
                watcher.finish(goal)
        return goal

    async def _last_sequence(self) -> int:
        late = Watcher(self.witness.url, self._news)
        await late.visit(2)
        assert late.since is not None, "it got a snapshot"
        return late.since

    async def until_over(self, job: str) -> None:
        """Wait until the witness knows that a job has ended."""
        while self.witness.jobs.get(job, (0, "queued"))[1] in ("queued", "running"):
            await self.pace.more(1)

    def troubles(self, told: Sequence[Change], *, whole: bool = True) -> list[str]:
        """Say what was not as it should be: heard twice, out of order, missed, or known wrongly.

        Unless they resumed from the ``whole`` log, watchers hear of each job's last change only.
        """
        found = []
        for number, watcher in enumerate(self.watchers):
            told_it = [f"watcher {number}: {trouble}" for trouble in watcher.troubles]
            if whole and (missed := watcher.missed(told)):
                told_it.append(f"watcher {number}: missed {len(missed)}, as {missed[0]}")
            wrong = [
                job
                for job, known in self.witness.jobs.items()
                if known[0] > watcher.first and watcher.jobs.get(job) != known
            ]
            if wrong:
                told_it.append(f"watcher {number}: does not know {len(wrong)}, as {wrong[0]}")
            found += told_it
        return found


async def make_jobs(
    crowd: Crowd, pool: Pool, count: int, prompt: Callable[[int], str], chance: random.Random
) -> None:
    """Make so many jobs; cancel some, star some and throw some away."""
    numbers = iter(range(count))

    async def make() -> None:
        answer = await pool.post("/api/imagine", {"prompt": prompt(next(numbers))})
        if answer.status != 202:
            raise LostError(f"a post was answered {answer.status}")
        path = f"/api/jobs/{answer.json()['jobs'][0]['id']}"
        if chance.random() < 0.1:
            _ = await pool.post(f"{path}/cancel", {})
        await crowd.until_over(path.rpartition("/")[2])
        if chance.random() < 0.3:
            _ = await pool.send("PATCH", path, {"favorites": [0]})
        if chance.random() < 0.2:
            _ = await pool.send("DELETE", path)

    await many(count, AT_ONCE, make)


async def measure_watchers(ground: Ground, server: Child) -> list[Figure]:
    """Let a crowd come and go while jobs run; beside what it heard, the memory of the server."""
    await ground.configure(picture="tiny", step_ms=1)
    count, jobs = ground.scale.crowd, ground.scale.crowd_jobs
    chance = random.Random(count)
    crowd, pool = Crowd(server.url, count, chance), Pool(server.url)
    memory: list[float] = []

    def prompt(number: int) -> str:
        if number % max(1, jobs // 20) == 0 and (usage := server.usage()) is not None:
            memory.append(round(usage.memory_mb, 1))
        return str(Imagine().submission(next_wish())[1]["prompt"])

    await crowd.watch(lambda: make_jobs(crowd, pool, jobs, prompt, chance))
    await pool.close()
    troubles = crowd.troubles(crowd.witness.heard)
    troubled = {trouble.partition(":")[0] for trouble in troubles}
    details = {
        "changes": len(crowd.witness.heard),
        "joins": sum(watcher.joins for watcher in crowd.watchers),
        "restarts": sum(watcher.restarts for watcher in crowd.watchers),
        "troubles": troubles[:20],
        "memory_mb": memory,
    }
    growth = memory[-1] - memory[len(memory) // WARM] if memory else None
    return [
        Figure("crowd", 100 * (count - len(troubled)) / count, counts=(count,), details=details),
        Figure("crowd_memory", growth, counts=(count,)),
    ]
