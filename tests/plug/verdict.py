"""What must hold at the end, whatever was killed when; each claim is a function that says more."""

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image

from imagine.image_names import parse_name
from tests.plug.load import Post, Told
from tests.plug.witnesses import ACTIVE, EngineWitness, Watcher

# So many deaths of its engine end a job.
MOST_DEATHS = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is left when all is over. ``jobs`` is what the server lists, its trash included."""

    output: Path
    told: Told
    jobs: Mapping[str, Mapping[str, Any]]
    stuck: list[str]
    watcher: Watcher
    witness: EngineWitness
    engine_deaths: list[datetime]
    replays: list[tuple[Post, bytes]]
    exit_code: int
    log: str

    def figures(self) -> dict[str, Any]:
        states = Counter(job["state"] for job in self.jobs.values())
        return {
            "jobs": len(self.jobs),
            "posts": len(self.told.posts),
            "tries": self.told.tries,
            "pictures": sum(len(job["images"]) for job in self.jobs.values()),
            "second attempts": sum(job["attempt"] > 1 for job in self.jobs.values()),
            "reconnects": self.watcher.connections - 1,
            "looks into the engine": self.witness.looks,
            **states,
        }


def judge(evidence: Evidence) -> list[str]:
    """Return what went wrong, a sentence each."""
    return [problem for claim in CLAIMS for problem in claim(evidence)]


def there_was_something_to_lose(evidence: Evidence) -> Iterator[str]:
    """Else all the claims below hold of nothing."""
    for what in ("jobs", "pictures", "looks into the engine", "succeeded"):
        if not evidence.figures().get(what):
            yield f"there were no {what}"


def no_job_is_lost_or_doubled(evidence: Evidence) -> Iterator[str]:
    """Every job that was answered exists, and no other."""
    told = evidence.told
    for job in sorted(told.jobs - evidence.jobs.keys()):
        yield f"job {job} is lost"
    for job in sorted(evidence.jobs.keys() - told.jobs):
        yield f"job {job} is doubled: nobody was told of it ({evidence.jobs[job]['prompt']})"
    numbers = [job["number"] for job in evidence.jobs.values()]
    if len(set(numbers)) != len(numbers):
        yield "two jobs have one number"
    for post, answer in evidence.replays:
        if answer != post.answer:
            yield f"{post.key} was answered {answer!r}, and before that {post.answer!r}"
    yield from told.problems


def no_job_is_stuck(evidence: Evidence) -> Iterator[str]:
    for job_id in evidence.stuck:
        yield f"job {job_id} is stuck: {evidence.jobs.get(job_id)}"
    for job_id, job in evidence.jobs.items():
        if job["state"] in ACTIVE and job_id not in evidence.stuck:
            yield f"job {job_id} had ended, and is {job['state']} again"


def jobs_end_as_they_should(evidence: Evidence) -> Iterator[str]:
    """They succeed, but for those that we canceled, and those whose engine died too often."""
    told = evidence.told
    for job_id, job in evidence.jobs.items():
        what = f"job {job_id} {job['state']}, attempt {job['attempt']}: {job['error']}"
        match job["state"]:
            case "canceled" if job_id not in told.cancels or job["error"]:
                yield f"{what}: nobody of us canceled it"
            case "failed":
                code = job["error"]["code"]
                if code != "engine_died" or not _died_often(evidence, job):
                    yield f"{what}: seen at the engines {_seen_at(evidence, job_id)}"
            case "succeeded" if job_id in told.canceled:
                yield f"{what}: we were told that it is canceled"
        if job["finished_at"] is None and job["state"] not in ACTIVE:
            yield f"{what}: it has no end"
        if job_id in told.favorites and job["favorites"] != told.favorites[job_id]:
            yield f"{what}: stars {job['favorites']}, and not {told.favorites[job_id]}"
        if (job_id in told.trashed) != (job["deleted_at"] is not None):
            yield f"{what}: deleted at {job['deleted_at']}"


def _died_often(evidence: Evidence, job: Mapping[str, Any]) -> bool:
    """Was the engine killed three times during this job? One of them may have gone unseen."""
    begin, end = (datetime.fromisoformat(job[name]) for name in ("created_at", "finished_at"))
    deaths = sum(begin <= death <= end for death in evidence.engine_deaths)
    return deaths >= MOST_DEATHS and len(_seen_at(evidence, job["id"])) >= MOST_DEATHS - 1


def _seen_at(evidence: Evidence, job_id: str) -> list[int]:
    """Return which of the engines that were killed were seen to have a job."""
    dead = evidence.witness.lives[:-1]
    return [number for number, life in enumerate(dead) if job_id in life.prompts]


def every_picture_is_there_and_whole(evidence: Evidence) -> Iterator[str]:
    for job_id, job in evidence.jobs.items():
        indexes = [image["index"] for image in job["images"]]
        wanted = range(job["parameters"]["batch_size"])
        if len(set(indexes)) != len(indexes) or not set(indexes) <= set(wanted):
            yield f"job {job_id} has the pictures {indexes}"
        if job["state"] == "succeeded" and indexes != list(wanted):
            yield f"job {job_id} has the pictures {indexes}, and not all {len(wanted)}"
        for image in job["images"]:
            if (wrong := _wrong_with(evidence.output, job_id, image)) is not None:
                yield f"picture {image['index']} of job {job_id} ({image['url']}) {wrong}"


def _wrong_with(output: Path, job_id: str, image: Mapping[str, Any]) -> str | None:
    path = _path(output, image["url"].removeprefix("/api/images/"))
    if path is None:
        return "is not on the disk"
    if path.stat().st_size != image["bytes"]:
        return f"has {path.stat().st_size} bytes, and not {image['bytes']}"
    try:
        with Image.open(path) as picture:
            picture.load()
            size, texts = picture.size, dict(picture.info)
    except OSError as error:
        return f"is damaged: {error}"
    if size != (image["width"], image["height"]):
        return f"has the size {size}"
    if json.loads(texts["imagine"])["job"] != job_id:
        return f"says that it is of job {json.loads(texts['imagine'])['job']}"
    if texts["imagine-index"] != str(image["index"]):
        return f"says that it is picture {texts['imagine-index']}"
    return None


def _path(output: Path, name: str) -> Path | None:
    day, file, _ = parse_name(name)
    places = [output / folder / day / file for folder in ("images", "trash")]
    return next((place for place in places if place.is_file()), None)


def the_disk_holds_nothing_else(evidence: Evidence) -> Iterator[str]:
    """No half-written file, and no picture that nobody names."""
    for path in evidence.output.rglob("*.part"):
        yield f"{path.name} is left of a picture"
    urls = [image["url"] for job in evidence.jobs.values() for image in job["images"]]
    for url, count in Counter(urls).items():
        if count > 1:
            yield f"{url} is named {count} times"
    named = {_path(evidence.output, url.removeprefix("/api/images/")) for url in urls}
    for folder in ("images", "trash"):
        for path in sorted((evidence.output / folder).rglob("*.png")):
            if path not in named:
                with Image.open(path) as picture:
                    job_id = json.loads(picture.info["imagine"])["job"]
                job = evidence.jobs.get(job_id, {"state": "unknown", "attempt": 0, "images": []})
                yield (
                    f"nobody names {path.name}: job {job_id} {job['state']}, attempt "
                    f"{job['attempt']}, pictures {[image['url'] for image in job['images']]}"
                )


def the_engine_made_each_job_once(evidence: Evidence) -> Iterator[str]:
    """In each of its lives: no job ran twice, no prompt was brought twice, none was at once."""
    yield from evidence.witness.problems
    for number, life in enumerate(evidence.witness.lives):
        for prompt_id, numbers in life.numbers.items():
            if len(numbers) > 1:
                yield f"prompt {prompt_id} was brought to engine {number} as {numbers}"
        for job_id, prompts in life.succeeded.items():
            if len(prompts) > 1:
                yield f"job {job_id} ran to its end twice on engine {number}: {prompts}"
    if evidence.engine_deaths:
        return
    (life,) = evidence.witness.lives
    for job_id, job in evidence.jobs.items():
        if job["state"] == "succeeded" and not life.succeeded.get(job_id):
            yield f"job {job_id} succeeded without the engine"
        if len(life.prompts.get(job_id, ())) > 1:
            yield f"job {job_id} was brought to the engine as {life.prompts[job_id]}"


def the_watcher_knows_all(evidence: Evidence) -> Iterator[str]:
    """A page that was open all the time shows what a new one shows, and nothing went back."""
    watcher = evidence.watcher
    yield from watcher.problems
    for job_id, job in evidence.jobs.items():
        if job["deleted_at"] is not None:
            if job_id not in watcher.removed:
                yield f"the watcher does not know that job {job_id} was removed"
        elif watcher.jobs.get(job_id) != job:
            yield f"the watcher believes {watcher.jobs.get(job_id)}, and it is {job}"


def the_database_is_sound(evidence: Evidence) -> Iterator[str]:
    with closing(sqlite3.connect(evidence.output / "imagine.db")) as database:
        checked = [row[0] for row in database.execute("PRAGMA integrity_check")]
    if checked != ["ok"]:
        yield f"the database: {checked}"


def nothing_broke(evidence: Evidence) -> Iterator[str]:
    """No mistake of ours is in the log, and the server stops well."""
    for line in evidence.log.splitlines():
        if "Traceback" in line or " error " in line or "was taken" in line:
            yield f"the log says: {line}"
    if os.name != "nt" and evidence.exit_code:
        yield f"it stopped with {evidence.exit_code}"


CLAIMS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    there_was_something_to_lose,
    no_job_is_lost_or_doubled,
    no_job_is_stuck,
    jobs_end_as_they_should,
    every_picture_is_there_and_whole,
    the_disk_holds_nothing_else,
    the_engine_made_each_job_once,
    the_watcher_knows_all,
    the_database_is_sound,
    nothing_broke,
)
