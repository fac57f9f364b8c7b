"""What is wrong with what a life left behind: in the database, on the disk, in the engine."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image

from imagine.image_names import parse_name
from tests.lines.lives import Ends
from tests.lines.machine import is_as_told
from tests.plug.witnesses import job_of

LOOK_EVERY_S = 0.02


class Engine:
    """Looks into the queue of the engine all the time, and into its history after each life."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.problems: list[str] = []
        self._url = url
        self._session = session

    async def watch(self) -> None:
        """Look until canceled: no job has two prompts there at once."""
        while True:
            with suppress(aiohttp.ClientError):
                queue = await self._get("/queue")
                items = [*queue["queue_running"], *queue["queue_pending"]]
                jobs = Counter(map(job_of, items))
                if twice := [job for job, count in jobs.items() if count > 1]:
                    self.problems.append(f"the engine has two prompts of {twice[0]}: {items}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def findings(self, ends: Ends) -> list[str]:
        """Return what is wrong with how often it made each job, and forget it."""
        queue, history = await self._get("/queue"), await self._get("/history")
        async with self._session.post(f"{self._url}/history", json={"clear": True}):
            pass
        found, self.problems = self.problems, []
        if queue["queue_running"] or queue["queue_pending"]:
            found.append("the engine is still at work")
        entries = list(history.values())
        prompts = Counter(job_of(entry["prompt"]) for entry in entries)
        made = Counter(
            job_of(entry["prompt"])
            for entry in entries
            if entry["status"]["status_str"] == "success"
        )
        for job_id, (state, most) in ends.items():
            if made[job_id] != (state == "succeeded" and most > 0) or prompts[job_id] > most:
                found.append(
                    f"job {job_id} {state}; the engine had {prompts[job_id]} prompts of it, and "
                    f"made it {made[job_id]} times"
                )
        if strangers := prompts.keys() - ends.keys():
            found.append(f"the engine made {strangers}")
        return found

    async def _get(self, path: str) -> Any:
        async with self._session.get(self._url + path) as answer:
            return await answer.json()


def left_behind(
    output: Path, made: Collection[str], ends: Ends, told: Mapping[str, Iterable[Mapping[str, Any]]]
) -> Iterator[str]:
    """Say what is wrong in the folder of a server that was stopped.

    ``made`` are all jobs that were asked for, ``told`` what was answered about some of them.
    """
    for path in output.glob("*.db"):  # a copy that was made before an update too
        with closing(sqlite3.connect(path)) as database:
            checked = [row[0] for row in database.execute("PRAGMA integrity_check")]
            if checked != ["ok"] or not database.execute("SELECT 1 FROM jobs").fetchone():
                yield f"{path.name}: {checked}"
    with closing(sqlite3.connect(output / "imagine.db")) as database:
        bodies = [json.loads(row[0]) for row in database.execute("SELECT body FROM jobs")]
        strays = database.execute("SELECT count(*) FROM strays").fetchone()[0]
    if strays:
        yield f"{strays} attempts are still thought to be astray"
    jobs = {job["id"]: job for job in bodies}
    for job_id in jobs.keys() - set(made):
        yield f"nobody asked for job {job_id}"
    for job_id in set(made) - jobs.keys():
        yield f"job {job_id} is lost"
    for job_id, (state, _) in ends.items():
        yield from _wrong_with(output, jobs[job_id], state)
        if not is_as_told(jobs[job_id], told[job_id]):
            yield f"job {job_id} was told as {told[job_id]}, and it is {jobs[job_id]}"
        yield from out_of_line(output, jobs[job_id])
    yield from _nobodys(output, jobs)


def _wrong_with(output: Path, job: Mapping[str, Any], state: str) -> Iterator[str]:
    if job["state"] != state:
        yield f"job {job['id']} {job['state']}, and not {state}: {job['error']}"
    indexes = [image["index"] for image in job["images"]]
    if state == "succeeded" and indexes != list(range(job["parameters"]["batch_size"])):
        yield f"job {job['id']} has the pictures {indexes}"
    for image in job["images"]:
        path = _path(output, image["url"])
        if path is None:  # which is told as well
            continue
        with Image.open(path) as picture:
            picture.load()
            size, texts = picture.size, dict(picture.info)
        if (*size, path.stat().st_size) != (image["width"], image["height"], image["bytes"]):
            yield f"{image['url']} has another size than the job says"
        if (json.loads(texts["imagine"])["job"], texts["imagine-index"]) != (
            job["id"],
            str(image["index"]),
        ):
            yield f"{image['url']} says that it is another one"


def out_of_line(output: Path, job: Mapping[str, Any]) -> Iterator[str]:
    """Say which files of a job do not say what it says of trash and stars."""
    for image in job["images"]:
        path = _path(output, image["url"])
        if path is None:
            yield f"{image['url']} is not on the disk, or twice"
            continue
        if (output / "trash" in path.parents) != (job["deleted_at"] is not None):
            yield f"{path.relative_to(output)} is not where it belongs: {job['deleted_at']}"
        sidecar = path.with_name(f"{path.name}.json")
        beside = json.loads(sidecar.read_bytes()) if sidecar.exists() else {}
        if beside.get("favorite", False) != (image["index"] in job["favorites"]):
            yield f"{path.relative_to(output)} has beside it {beside}: {job['favorites']}"


def _nobodys(output: Path, jobs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Say which files belong to nobody."""
    named = {_path(output, image["url"]) for job in jobs.values() for image in job["images"]}
    for path in output.rglob("*"):
        if path.suffix == ".part":
            yield f"{path.name} is left of something"
        elif path.suffix == ".png" and "thumbnails" not in path.parts and path not in named:
            yield f"nobody names {path.relative_to(output)}"
        elif path.suffix == ".json" and path.with_name(path.name.split(".png")[0] + ".png") not in (
            named
        ):
            yield f"{path.relative_to(output)} is beside nothing"


def _path(output: Path, url: str) -> Path | None:
    day, file, _ = parse_name(url.rpartition("/")[2])
    places = [output / folder / day / file for folder in ("images", "trash")]
    found = [place for place in places if place.is_file()]
    return found[0] if len(found) == 1 else None
