"""Jobs made through one side: posted, waited for on the socket, their pictures fetched."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from bench.clients import Answer, LostError, Pool, Socket
from bench.figures import ms_since
from bench.frames import TEXT, mark
from bench.sides import News, Side, Wish, next_wish

JOB_S = 30
# The mark stands before the pixels; our server puts the graph beside it.
MARK_WITHIN = 2**16


@dataclass(frozen=True, slots=True)
class Made:
    """How a job went. Units: ``total_ms`` from its post until its picture was there."""

    total_ms: float
    trouble: str | None = None


class Maker:
    """Makes jobs through one side, any number at once."""

    def __init__(self, side: Side, url: str) -> None:
        self._side = side
        self._url = url
        self.pool = Pool(url)
        self._socket: Socket | None = None
        self._ends: dict[str, asyncio.Future[News]] = {}

    async def __aenter__(self) -> Self:
        self._socket = await Socket.open(self._url, self._side.socket_path, self._on_frame)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self.pool.close()

    def _on_frame(self, kind: int, payload: bytes, _: int) -> None:
        if kind == TEXT:
            news = self._side.news(payload, only_ends=True)
            if news is not None and news.is_over and not (end := self._end(news.job)).done():
                end.set_result(news)

    def _end(self, job: str) -> asyncio.Future[News]:
        """The end of a job may be told before the answer to its post."""
        if job not in self._ends:
            self._ends[job] = asyncio.get_running_loop().create_future()
        return self._ends[job]

    async def post(self, wish: Wish) -> str:
        """Submit a job; return its id.

        Raises:
            LostError: it was not taken.
        """
        path, body = self._side.submission(wish)
        answer = await self.pool.post(path, body)
        if answer.status >= 300:
            raise LostError(f"{path} answered {answer.status}: {answer.body[:200]!r}")
        return self._side.job_id(answer.json())

    async def end_of(self, job: str) -> News:
        news = await self._end(job)
        del self._ends[job]
        return news

    async def make(self) -> Made:
        """Make one picture."""
        wish = next_wish()
        began = time.monotonic_ns()
        try:
            async with asyncio.timeout(JOB_S):
                news = await self.end_of(await self.post(wish))
                pictures = [await self.pool.get(path) for path in news.pictures]
        except (LostError, OSError, TimeoutError) as error:
            return Made(ms_since(began), f"{type(error).__name__}: {error}")
        return Made(ms_since(began), news.trouble or trouble_with(pictures, wish))

    async def make_many(self, count: int, at_once: int) -> list[Made]:
        """Make so many pictures, so many at once."""
        made: list[Made] = []

        async def one() -> None:
            made.append(await self.make())

        await many(count, at_once, one)
        return made


def trouble_with(pictures: list[Answer], wish: Wish) -> str | None:
    """Say what is wrong with the pictures of a job; None when it is the one it asked for."""
    if len(pictures) != 1:
        return f"{len(pictures)} pictures"
    (picture,) = pictures
    if picture.status != 200:
        return f"its picture answered {picture.status}"
    if picture.body.find(mark(wish.seed), 0, MARK_WITHIN) < 0:
        return "the picture of another job"
    return None


async def many(count: int, at_once: int, work: Callable[[], Awaitable[None]]) -> None:
    """Do something so many times, so many at once."""
    numbers = iter(range(count))

    async def worker() -> None:
        for _ in numbers:
            await work()

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())


def troubles(made: list[Made]) -> dict[str, int]:
    """Count what went wrong."""
    found: dict[str, int] = {}
    for one in made:
        if one.trouble is not None:
            found[one.trouble] = found.get(one.trouble, 0) + 1
    return found
