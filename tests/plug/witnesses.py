"""Those who look on: a page that stays open through it all, and one who looks into the engine."""

import asyncio
import itertools
import json
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

ACTIVE = frozenset({"queued", "running"})
AGAIN_S = 0.02
LOOK_EVERY_S = 0.03
LOOK = aiohttp.ClientTimeout(total=10)


class Watcher:
    """A page: it hears the live socket, and after each break goes on where it was.

    Nothing that it hears may be older than what it knows.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.removed: set[str] = set()
        self.problems: list[str] = []
        self.connections = 0
        self._url = url
        self._session = session
        self._sequence: int | None = None
        self._told: set[int] = set()
        self._sequences: dict[str, int] = {}
        self._news = asyncio.Condition()
        # The newest messages, for those who ask how it came to something.
        self._trail: deque[str] = deque(maxlen=8)

    def has_ended(self, job_id: str) -> bool:
        return job_id in self.removed or (
            job_id in self.jobs and self.jobs[job_id]["state"] not in ACTIVE
        )

    async def ended(self, job_id: str) -> dict[str, Any]:
        """Wait for the end of a job and return it."""
        async with self._news:
            await self._news.wait_for(lambda: self.has_ended(job_id))
        return self.jobs[job_id]

    async def something(self) -> None:
        """Wait until something is told."""
        async with self._news:
            await self._news.wait()

    async def run(self) -> None:
        """Listen until canceled."""
        while True:
            query = "" if self._sequence is None else f"&since={self._sequence}"
            try:
                async with self._session.ws_connect(
                    f"{self._url}/api/live?previews=0{query}", max_msg_size=0, timeout=CLOSE
                ) as socket:
                    self.connections += 1
                    async for message in socket:
                        if message.type is aiohttp.WSMsgType.TEXT:
                            await self._hear(json.loads(message.data))
            except (aiohttp.ClientError, OSError):
                pass
            await asyncio.sleep(AGAIN_S)

    async def _hear(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "hello":
                self._trail.append(f"hello {message['sequence']} since {self._sequence}")
                if self._sequence is not None and not message["resumed"]:
                    self.problems.append(f"since={self._sequence} could not be met")
                return
            case "snapshot":
                for job in sorted(message["jobs"], key=lambda job: int(job["sequence"])):
                    self._learn(job)
            case "job":
                self._learn(message["job"])
            case "removed":
                if self._is_news(message["job"], message["sequence"], "removed"):
                    self.removed.add(message["job"])
            case _:
                return
        async with self._news:
            self._news.notify_all()

    def _learn(self, job: dict[str, Any]) -> None:
        if self._is_news(job["id"], job["sequence"], job["state"]):
            self.jobs[job["id"]] = job
            self.removed.discard(job["id"])

    def _is_news(self, job_id: str, sequence: int, state: str) -> bool:
        """Take note of a change; what was written during a greeting may be told twice."""
        self._trail.append(f"{sequence} {job_id[-6:]} {state}")
        if sequence in self._told:
            return False
        known = self._sequences.get(job_id, 0)
        if sequence < known:
            self.problems.append(f"job {job_id} went back from {known} to {sequence}")
        if sequence < (self._sequence or 0):
            self.problems.append(
                f"sequence {sequence} was told after {self._sequence}: {list(self._trail)}"
            )
        self._told.add(sequence)
        self._sequences[job_id] = sequence
        self._sequence = max(self._sequence or 0, sequence)
        return True


CLOSE = aiohttp.ClientWSTimeout(ws_close=2.0)


@dataclass(slots=True)
class Life:
    """What one process of the engine was seen to do. By job: the prompts of its attempts."""

    prompts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # Each acceptance of a prompt has a number of its own.
    numbers: dict[str, set[float]] = field(default_factory=lambda: defaultdict(set))
    succeeded: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


class EngineWitness:
    """Looks into the engine's queue all the time, and into its history before each of its ends."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.lives: list[Life] = [Life()]
        # Something is in the queue of the present one.
        self.is_used = asyncio.Event()
        self.looks = 0
        self.problems: list[str] = []
        self._url = url
        self._session = session

    @property
    def life(self) -> Life:
        return self.lives[-1]

    async def run(self) -> None:
        """Look into the queue until canceled: it never holds two prompts of one job."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        life = self.life
        queue = await self._get("/queue")
        if queue is None:
            return
        self.looks += 1
        items = [*queue["queue_running"], *queue["queue_pending"]]
        _note(life, items)
        if items and life is self.life:
            self.is_used.set()
        for one, other in itertools.combinations(items, 2):
            if job_of(one) == job_of(other):
                self.problems.append(f"job {job_of(one)} is twice there: {one[:2]}, {other[:2]}")

    async def read_history(self) -> None:
        life = self.life
        for prompt_id, entry in (await self._get("/history") or {}).items():
            _note(life, [entry["prompt"]])
            if entry["status"]["status_str"] == "success":
                life.succeeded[job_of(entry["prompt"])].add(prompt_id)

    def mourn(self) -> None:
        """It was killed: what comes is another one."""
        self.lives.append(Life())
        self.is_used.clear()

    async def _get(self, path: str) -> Any:
        try:
            async with self._session.get(self._url + path, timeout=LOOK) as answer:
                return await answer.json()
        except (aiohttp.ClientError, OSError):
            return None


def _note(life: Life, items: Iterable[list[Any]]) -> None:
    for item in items:
        life.prompts[job_of(item)].add(item[1])
        life.numbers[item[1]].add(item[0])


def job_of(item: list[Any]) -> str:
    """Return the job that a prompt in the engine's queue or history was made for."""
    return str(item[3]["extra_pnginfo"]["imagine"]["job"])
