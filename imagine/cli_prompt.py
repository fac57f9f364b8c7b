"""``imagine prompt``: submit to a running server, follow the jobs, fetch the pictures.

Shared by all commands that make jobs. Pictures go to standard output, one path or address a line;
the progress, the notes and the errors go to standard error.
"""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from imagine.cli_client import (
    TIMEOUT,
    Api,
    ArgumentError,
    Exit,
    RefusedError,
    UnreachableError,
    Wire,
)
from imagine.cli_output import problem_lines
from imagine.models import JobState

# Seconds.
RETRY_DELAYS_S = (0.2, 0.5, 1, 2, 4, 8, 8, 8)
FAREWELL_S = 5
BARS_AT_ONCE = 5

Request: TypeAlias = Callable[[Api], Awaitable[Wire]]


def run(
    prompt: str,
    *,
    server: str,
    save: Path | None = None,
    images: Sequence[Path] = (),
    mask: Path | None = None,
) -> Exit:
    """Make the pictures of one prompt and say where they are; errors are told, not raised."""

    async def submit(api: Api) -> Wire:
        body: Wire = {"prompt": prompt}
        if images:
            body["images"] = [await api.upload(path) for path in images]
        if mask is not None:
            body["mask"] = await api.upload(mask)
        return await api.post("/api/imagine", body)

    return make(submit, prompt, server=server, save=save)


def make(request: Request, prompt: str, *, server: str, save: Path | None) -> Exit:
    """Make a request that answers with jobs, follow them to their end, and fetch the pictures.

    ``prompt`` is what its errors point into.
    """
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    try:
        if save is not None:
            save.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_make(request, server, save, console))
    except ArgumentError as error:
        console.print(str(error))
        return Exit.BAD_PROMPT
    except RefusedError as refused:
        for line in problem_lines(prompt, refused.error):
            console.print(line)
        return Exit.BAD_PROMPT if refused.status == 422 else Exit.FAILED
    except UnreachableError as error:
        console.print(str(error))
        return Exit.UNREACHABLE
    except OSError as error:
        console.print(f"The pictures cannot be saved: {error}.")
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


async def _make(request: Request, server: str, save: Path | None, console: Console) -> Exit:
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        api = Api(session, server)
        answer = await request(api)
        jobs: dict[str, Wire] = {job["id"]: job for job in answer["jobs"]}
        try:
            with Board(console, jobs.values()) as board:
                await _follow(api, jobs, board)
        except asyncio.CancelledError:
            canceled = await _cancel(api, jobs)
            console.print(f"Canceled {canceled} {'job' if canceled == 1 else 'jobs'}.")
            raise
        for job in jobs.values():
            await _deliver(api, job, save)
        _report(answer["warnings"], jobs.values(), console)
        succeeded = all(job["state"] == JobState.SUCCEEDED for job in jobs.values())
        return Exit.DONE if succeeded else Exit.FAILED


async def _follow(api: Api, jobs: dict[str, Wire], board: "Board") -> None:
    """Keep ``jobs`` and the board up to date until every job has ended.

    The server may restart meanwhile: its jobs survive that, so we come back and read them again.
    """
    delays = iter(RETRY_DELAYS_S)
    while True:
        with suppress(UnreachableError):
            async with api.live(_open(jobs)) as socket:
                if await _listen(api, socket, jobs, board):
                    delays = iter(RETRY_DELAYS_S)
        if not _open(jobs):
            return
        delay = next(delays, None)
        if delay is None:
            raise UnreachableError(
                f"The server at {api.server} went away. Its jobs go on when it is back: "
                "start it again with `imagine serve`, and look at its page."
            )
        await asyncio.sleep(delay)


async def _listen(
    api: Api, socket: aiohttp.ClientWebSocketResponse, jobs: dict[str, Wire], board: "Board"
) -> bool:
    """Take messages until all jobs have ended or the socket has; tell whether there were any."""
    message = await socket.receive()  # hello: what changes from here on will be told
    for job in _open(jobs):
        _update(await api.get(f"/api/jobs/{job}"), jobs, board)
    heard = False
    while _open(jobs) and (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
        _take(json.loads(message.data), jobs, board)
        heard = True
    return heard


def _open(jobs: dict[str, Wire]) -> list[str]:
    return [job["id"] for job in jobs.values() if JobState(job["state"]).is_active]


def _take(message: Wire, jobs: dict[str, Wire], board: "Board") -> None:
    """Take one live message; types that we do not know are none of our business."""
    if message["type"] == "job":
        _update(message["job"], jobs, board)
    elif message["type"] == "progress" and message["job"] in jobs:
        board.progress(message["job"], message)


def _update(job: Wire, jobs: dict[str, Wire], board: "Board") -> None:
    known = jobs.get(job["id"])
    if known is not None and job["sequence"] >= known["sequence"]:
        jobs[job["id"]] = job
        board.update(job)


async def _cancel(api: Api, jobs: dict[str, Wire]) -> int:
    """Cancel what has not ended; return how many jobs the server took back."""
    canceled = 0
    with suppress(TimeoutError, UnreachableError):
        async with asyncio.timeout(FAREWELL_S):
            for job in _open(jobs):
                with suppress(RefusedError):  # it has ended meanwhile; the others have not
                    await api.post(f"/api/jobs/{job}/cancel")
                    canceled += 1
    return canceled


async def _deliver(api: Api, job: Wire, save: Path | None) -> None:
    """Save the finished pictures of a job, or say where they can be fetched."""
    for picture in job["images"]:
        if save is None:
            sys.stdout.write(api.address(picture["url"]) + "\n")
            continue
        target = save / _file_name(picture["url"])
        await api.download(picture["url"], target)
        sys.stdout.write(f"{target}\n")


def _file_name(url: str) -> str:
    """Return the last part of an address as a name that no system takes for a path."""
    name = urlsplit(url).path.rpartition("/")[2]
    return re.sub(r"[^\w.-]", "_", name).lstrip(".") or "picture"


def _report(warnings: Iterable[Wire], jobs: Iterable[Wire], console: Console) -> None:
    """Say once what is to be noted, and for each job that has no pictures, why."""
    ended = list(jobs)
    notes = [*warnings, *(note for job in ended for note in job["notes"])]
    for line in dict.fromkeys(f"{note['level']}: {note['message']}" for note in notes):
        console.print(line)
    for job in ended:
        if job["state"] != JobState.SUCCEEDED:
            console.print(f"#{job['number']} {job['state']}.")
            for line in problem_lines(job["prompt"], job["error"]) if job["error"] else ():
                console.print(line)


class Board:
    """One bar for each job; in a pipe, one line for each change of state."""

    def __init__(self, console: Console, jobs: Iterable[Wire]) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[steps]}"),
            TextColumn("{task.fields[doing]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._states: dict[str, str] = {}
        self._tasks: dict[str, TaskID] = {}
        all_jobs = list(jobs)
        self._crowded = len(all_jobs) > BARS_AT_ONCE
        for job in all_jobs:
            self._tasks[job["id"]] = self._bars.add_task(
                f"#{job['number']}", total=1.0, steps="", doing="", visible=not self._crowded
            )
            self.update(job)

    def __enter__(self) -> "Board":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def update(self, job: Wire) -> None:
        """Show the state of a job."""
        self._bars.update(
            self._tasks[job["id"]],
            visible=not self._crowded or job["state"] == JobState.RUNNING,
            doing=job["stage"] or job["state"],
        )
        self.progress(job["id"], job["progress"])
        if not self._console.is_terminal and self._states.get(job["id"]) != job["state"]:
            self._console.print(f"#{job['number']} {job['state']}")
        self._states[job["id"]] = job["state"]

    def progress(self, job: str, progress: Wire) -> None:
        """Show how far a job is: the `progress` of a job, or a live message."""
        eta = progress.get("eta_s")
        changes: Wire = {"completed": progress["value"]}
        if progress["steps"]:
            changes["steps"] = f"step {progress['step']}/{progress['steps']}"
        if progress.get("stage"):
            changes["doing"] = progress["stage"] + (f", {eta:.0f} s left" if eta else "")
        self._bars.update(self._tasks[job], **changes)
