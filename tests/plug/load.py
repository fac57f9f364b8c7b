"""What clients do while the plug is pulled: they make sets, cancel, star and throw away their own.

Each asks until it has an answer, a POST that makes sets with the same Idempotency-Key, as a good
client does; what it was told is what the verdict holds the server to.
"""

import asyncio
import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.plug.witnesses import Watcher

# So many sets are under way at a time: the engine is never idle, and the end never far.
MOST_UNDER_WAY = 8
CLIENTS = 3
AGAIN_S = 0.02
REQUEST = aiohttp.ClientTimeout(total=10)
UNCLEAR = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Post:
    """A request that made sets, and its first answer."""

    path: str
    body: Mapping[str, Any]
    key: str
    answer: bytes


@dataclass(slots=True)
class Told:
    """All that the clients were told, and what they asked for."""

    posts: list[Post] = field(default_factory=list)
    jobs: set[str] = field(default_factory=set)
    cancels: set[str] = field(default_factory=set)
    canceled: set[str] = field(default_factory=set)
    favorites: dict[str, list[int]] = field(default_factory=dict)
    trashed: set[str] = field(default_factory=set)
    tries: int = 0
    problems: list[str] = field(default_factory=list)


class Load:
    """Several clients at once, until they are stopped."""

    def __init__(
        self, url: str, session: aiohttp.ClientSession, watcher: Watcher, draw: random.Random
    ) -> None:
        self.told = Told()
        self._url = url
        self._session = session
        self._watcher = watcher
        self._draw = draw
        self._is_stopped = False

    def stop(self) -> None:
        """Let the clients finish what they are at."""
        self._is_stopped = True

    async def run(self) -> None:
        """Make sets until stopped; then every request has its answer."""
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                _ = clients.create_task(self._client(clients))

    async def _client(self, group: asyncio.TaskGroup) -> None:
        while not self._is_stopped:
            if len(self._under_way()) >= MOST_UNDER_WAY:
                await asyncio.sleep(AGAIN_S)
                continue
            number = self._draw.randrange(10_000)
            prompt = f"a fox number {number} --size 64x64 --batch {self._draw.choice((1, 2, 3))}"
            prompt += f" --steps {self._draw.randint(2, 5)}"
            if self._draw.random() < 0.1:
                prompt += " --repeat 2"
            for job_id in await self._make("/api/imagine", {"prompt": prompt}):
                _ = group.create_task(self._deal_with(job_id))

    def _under_way(self) -> set[str]:
        return {job for job in self.told.jobs if not self._watcher.has_ended(job)}

    async def _deal_with(self, job_id: str) -> None:
        """Do with a set what people do."""
        chance = self._draw.random()
        if chance < 0.2:
            await asyncio.sleep(self._draw.uniform(0, 1))
            await self._cancel(job_id)
        elif chance < 0.35:
            await self._star(await self._watcher.ended(job_id))
        elif chance < 0.5:
            await self._trash(await self._watcher.ended(job_id))
        elif chance < 0.6 and (await self._watcher.ended(job_id))["state"] == "succeeded":
            vary = {"action": "variation", "image": 0}
            await self._make(f"/api/jobs/{job_id}/actions", vary)

    async def _make(self, path: str, body: Mapping[str, Any]) -> list[str]:
        key = str(uuid.UUID(int=self._draw.getrandbits(128), version=4))
        status, answer = await self.ask("POST", path, body, {"Idempotency-Key": key})
        if status != 202:
            self.told.problems.append(f"{path} {dict(body)} was answered {status}: {answer!r}")
            return []
        self.told.posts.append(Post(path, body, key, answer))
        jobs = [job["id"] for job in json.loads(answer)["jobs"]]
        self.told.jobs.update(jobs)
        return jobs

    async def _cancel(self, job_id: str) -> None:
        self.told.cancels.add(job_id)
        status, answer = await self.ask("POST", f"/api/jobs/{job_id}/cancel")
        if status == 200:
            self.told.canceled.add(job_id)
        elif status not in (202, 409):
            self.told.problems.append(f"cancel of {job_id} was answered {status}: {answer!r}")

    async def _star(self, job: Mapping[str, Any]) -> None:
        favorites = [image["index"] for image in job["images"]][:1]
        status, answer = await self.ask("PATCH", f"/api/jobs/{job['id']}", {"favorites": favorites})
        if status == 200:
            self.told.favorites[job["id"]] = favorites
        else:
            self.told.problems.append(f"stars of {job['id']} were answered {status}: {answer!r}")

    async def _trash(self, job: Mapping[str, Any]) -> None:
        status, answer = await self.ask("DELETE", f"/api/jobs/{job['id']}")
        if status == 200:
            self.told.trashed.add(job["id"])
        else:
            self.told.problems.append(f"DELETE of {job['id']} was answered {status}: {answer!r}")

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Ask again and again until there is an answer; return its status and body."""
        while True:
            self.told.tries += 1
            try:
                async with self._session.request(
                    method, self._url + path, json=body, headers=headers, timeout=REQUEST
                ) as answer:
                    content = await answer.read()
                    if answer.status not in UNCLEAR:
                        return answer.status, content
            except (aiohttp.ClientError, OSError):
                pass
            await asyncio.sleep(AGAIN_S)
