"""`imagine rebuild`: whatever happens to the database, the files give the gallery back."""

import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from imagine.app_keys import PARTS
from imagine.cli import app
from imagine.database import HEAD, sole_use
from imagine.image_bytes import with_text
from imagine.jobs import MOVES
from imagine.models import JobState
from imagine.store import SqliteJobStore
from tests.conftest import SMALL, Client, StartServer
from tests.following import finish
from tests.test_images import picture

FLAGS = f"{SMALL} --steps 2"
# What files cannot know: how often a job was told of, and when exactly its end was written.
UNKNOWN = ("sequence", "finished_at")


def rebuild(output: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["rebuild", "--output", str(output), *arguments])


def report(output: Path, *arguments: str) -> dict[str, Any]:
    result = rebuild(output, "--json", *arguments)
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


async def get(client: Client, path: str) -> dict[str, Any]:
    async with client.get(path) as answer:
        assert answer.status == 200
        told: dict[str, Any] = await answer.json()
    return told


async def everything(client: Client) -> dict[str, Any]:
    """Return all pages of the gallery and of the trash, and every family."""
    told: dict[str, Any] = {}
    for place in ("", "&trash=1"):
        jobs: list[dict[str, Any]] = []
        before = ""
        while True:
            page = await get(client, f"/api/jobs?limit=3{place}{before}")
            jobs += page["jobs"]
            if page["next"] is None:
                break
            before = f"&before={page['next']}"
        told[f"jobs{place}"] = jobs
        told["counts"] = page["counts"]
        for job in jobs:
            told[job["id"]] = await get(client, f"/api/jobs/{job['id']}/family")
    return told


def without(told: Any, fields: tuple[str, ...] = UNKNOWN) -> Any:
    if isinstance(told, dict):
        return {name: without(value, fields) for name, value in told.items() if name not in fields}
    return [without(value, fields) for value in told] if isinstance(told, list) else told


async def act(client: Client, job: dict[str, Any], **body: Any) -> dict[str, Any]:
    url = f"/api/jobs/{job['id']}/actions"
    async with client.post(url, json=body, headers={"Prefer": "wait=60"}) as answer:
        told = await answer.json()
        assert answer.status == 200, told
    child: dict[str, Any] = told["jobs"][0]
    return child


async def star(client: Client, job: dict[str, Any], *favorites: int) -> None:
    body = {"favorites": list(favorites)}
    async with client.patch(f"/api/jobs/{job['id']}", json=body) as answer:
        assert answer.status == 200


async def delete(client: Client, job: dict[str, Any]) -> None:
    async with client.delete(f"/api/jobs/{job['id']}") as answer:
        assert answer.status == 200


ACTIONS: list[dict[str, Any]] = [
    {"action": "single", "image": 1},
    {"action": "upscale", "image": 0},
    {"action": "variation", "image": 1, "strength": "subtle"},
    {"action": "reroll"},
    {"action": "remix", "prompt": f"a blue fox {FLAGS} --batch 2 --weird 7"},
    {"action": "zoom", "factor": 1.5},
    {"action": "pan", "direction": "left"},
    {"action": "reshape", "aspect": "3:2"},
]


async def make(client: Client) -> list[dict[str, Any]]:
    """Make a gallery with a bit of everything."""
    first = await finish(client, f"лиса в снегу {FLAGS} --batch 2 --no hat::2, snow --stealth")
    jobs = [first, await finish(client, f"a {{red, green}} fox {FLAGS} --batch 1")]
    for action in ACTIONS:
        jobs.append(await act(client, first, **action))
    images = [{"job": first["id"], "image": 0}, {"job": jobs[1]["id"], "image": 0}]
    async with client.post(
        "/api/blend", json={"images": images, "prompt": FLAGS}, headers={"Prefer": "wait=60"}
    ) as answer:
        assert answer.status == 200
        jobs += (await answer.json())["jobs"]
    jobs.append(await act(client, jobs[2], action="variation"))  # a grandchild
    await star(client, first, 1)
    await star(client, jobs[4], 0, 1)
    await star(client, jobs[5], 0)
    await star(client, jobs[5])
    await delete(client, jobs[3])
    await delete(client, jobs[4])
    return jobs


async def test_a_gallery_is_the_same_after_its_database_is_lost(
    start_server: StartServer, tmp_path: Path
):
    output = tmp_path / "output"
    client = await start_server()
    jobs = await make(client)
    before = await everything(client)
    await client.close()
    (output / "imagine.db").unlink()

    told = report(output)
    assert told["jobs"] == len(before["jobs"]) + len(before["jobs&trash=1"])
    assert (told["foreign"], told["spare"], told["trashed"]) == (0, 0, 2)
    assert told["trouble"] is not None
    assert told["kept_as"] is None

    client = await start_server()
    after = await everything(client)
    assert without(after) == without(before)
    ends = {job["id"]: job["finished_at"] for job in before["jobs"]}
    for job in after["jobs"]:
        apart = datetime.fromisoformat(job["finished_at"]) - datetime.fromisoformat(ends[job["id"]])
        assert abs(apart) < timedelta(seconds=10)
    newest = max(job["sequence"] for job in before["jobs"])
    assert all(job["sequence"] > newest for job in after["jobs"])
    assert len({job["sequence"] for job in after["jobs"]}) == len(after["jobs"])
    # Its jobs can be worked with like any other.
    child = await act(client, jobs[0], action="variation")
    assert child["state"] == "succeeded"
    assert child["number"] == max(job["number"] for job in before["jobs"]) + 1


@pytest.mark.parametrize("damage", ["garbage", "torn", "empty"])
async def test_a_damaged_database_is_kept_aside_and_one_of_the_files_takes_its_place(
    start_server: StartServer, tmp_path: Path, damage: str
):
    output = tmp_path / "output"
    client = await start_server()
    await finish(client, f"a fox {FLAGS} --batch 2")
    before = await everything(client)
    await client.close()
    path = output / "imagine.db"
    data = path.read_bytes()
    damaged = {"garbage": b"no database" * 99, "torn": data[:4096] + bytes(8192), "empty": b""}
    path.write_bytes(damaged[damage])

    told = report(output)
    assert told["trouble"] is not None
    (kept,) = output.glob("imagine-before-rebuild-*.db")
    assert kept.name == told["kept_as"]
    assert kept.read_bytes() == damaged[damage]
    assert list(output.glob("*.part*")) == []
    client = await start_server()
    assert without(await everything(client)) == without(before)


async def test_what_a_readable_database_knows_is_kept(start_server: StartServer, tmp_path: Path):
    output = tmp_path / "output"
    client = await start_server()
    made = await finish(client, f"a fox {FLAGS} --batch 1")
    body = {"prompt": f"a fox {FLAGS} --batch 1"}
    once = {"Idempotency-Key": "one"}
    async with client.post("/api/imagine", json=body, headers=once) as answer:
        reply = await answer.read()
    async with client.get(f"/api/jobs/{json.loads(reply)['jobs'][0]['id']}/events") as events:
        await events.read()
    async with client.post("/api/queue/pause") as answer:
        assert answer.status == 200
    async with client.post("/api/imagine", json={"prompt": f"two {FLAGS}", "priority": 7}) as told:
        waiting = (await told.json())["jobs"][0]["id"]
    async with client.post("/api/imagine", json={"prompt": f"three {FLAGS}"}) as told:
        canceled = (await told.json())["jobs"][0]["id"]
    async with client.post(f"/api/jobs/{canceled}/cancel") as answer:
        assert answer.status == 200
    before = await everything(client)
    path = await client.app[PARTS].images.path(made["images"][0]["url"].rpartition("/")[2])
    sequence = client.app[PARTS].store.sequence
    await client.close()
    path.unlink()

    told_ = report(output)
    assert (told_["kept"], told_["gone"], told_["trouble"]) == (3, 1, None)
    async with SqliteJobStore(output / "imagine.db", MOVES) as store:
        assert store.sequence == sequence + 1  # the one that changed
        marks = await store.marks(waiting)
        assert marks is not None
        assert marks.priority == 7

    client = await start_server()
    after = {job["id"]: job for job in (await everything(client))["jobs"]}
    gone = after.pop(made["id"])
    assert (gone["state"], gone["images"]) == ("expired", [])
    for job in before["jobs"]:
        if job["id"] != made["id"]:
            # The line fills in its own time.
            assert without(after[job["id"]], ("position",)) == without(job, ("position",))
    assert after[canceled]["state"] == "canceled"
    assert (await get(client, "/api/queue"))["reason"]["by_hand"] is True
    async with client.post("/api/imagine", json=body, headers=once) as answer:
        assert await answer.read() == reply


async def test_a_dry_run_changes_nothing_and_says_the_same(
    start_server: StartServer, tmp_path: Path
):
    output = tmp_path / "output"
    client = await start_server()
    await finish(client, f"a fox {FLAGS} --batch 2")
    await client.close()
    (output / "imagine.db").unlink()
    dry = report(output, "--dry-run")
    assert not (output / "imagine.db").exists()
    wet = report(output)
    assert dry["dry_run"]
    assert {"jobs", "pictures"} <= dry.keys()
    assert all(dry[name] == wet[name] for name in ("jobs", "pictures", "foreign", "kept"))
    result = rebuild(output, "--dry-run")
    assert "2 pictures" in result.stdout
    assert "1 set" in result.stdout
    assert "Nothing was changed" in result.stdout


async def test_pictures_of_others_are_counted_and_left_alone(
    start_server: StartServer, tmp_path: Path
):
    output = tmp_path / "output"
    client = await start_server()
    job = await finish(client, f"a fox {FLAGS} --batch 1")
    await client.close()
    (ours,) = output.glob("images/*/*.png")
    name = "a-fox-0123456789ab-0.png"
    foreign = [
        (ours.parent / "holiday.png", picture()),
        (ours.parent / name, picture()),
        (ours.parent / name.replace("0.png", "1.png"), with_text(picture(), {"imagine": "{}"})),
        (ours.parent / name.replace("0.png", "2.jpg"), b"no picture"),
        (output / "images" / ours.name, ours.read_bytes()),
        (output / "images" / "deeper" / "2026-11-20" / ours.name, ours.read_bytes()),
    ]
    for path, data in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (output / "imagine.db").unlink()
    told = report(output)
    assert (told["pictures"], told["foreign"], told["jobs"]) == (1, len(foreign), 1)
    assert all(path.read_bytes() == data for path, data in foreign)
    client = await start_server()
    assert (await get(client, f"/api/jobs/{job['id']}"))["number"] == 1


async def test_two_galleries_can_be_put_together(start_server: StartServer, tmp_path: Path):
    jobs = []
    for name in ("here", "there"):
        client = await start_server(output=tmp_path / name)
        jobs += [await finish(client, f"a fox {FLAGS} --batch 1") for _ in range(2)]
        await client.close()
    for day in (tmp_path / "there" / "images").iterdir():
        shutil.copytree(day, tmp_path / "here" / "images" / day.name, dirs_exist_ok=True)
    told = report(tmp_path / "here")
    assert (told["jobs"], told["renumbered"]) == (4, 2)
    client = await start_server(output=tmp_path / "here")
    after = await everything(client)
    assert [job["number"] for job in after["jobs"]] == [4, 3, 2, 1]
    assert {job["id"] for job in after["jobs"]} == {job["id"] for job in jobs}


def test_it_refuses_while_a_server_runs_there(tmp_path: Path):
    with sole_use(tmp_path):
        result = rebuild(tmp_path)
    assert result.exit_code == 1
    assert "Another Imagine is running" in result.output


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    result = rebuild(tmp_path / "nowhere")
    assert result.exit_code == 2
    assert not (tmp_path / "nowhere").exists()


async def test_a_newer_database_is_refused_and_stays(tmp_path: Path):
    path = tmp_path / "imagine.db"
    async with SqliteJobStore(path, MOVES):
        pass
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    before = path.read_bytes()
    result = rebuild(tmp_path)
    assert result.exit_code == 1
    assert "0999" in result.output
    assert HEAD in result.output
    assert path.read_bytes() == before


class PowerCutError(BaseException):
    pass


def cut_after(left: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what makes functions that work so often, all together, and then never again."""

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise PowerCutError
            return function(*arguments, **named)

        return call

    return counted


async def test_a_rebuild_that_breaks_off_leaves_the_old_database_or_the_new_one(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The power goes before each of the calls that change the folder."""
    client = await start_server()
    job = await finish(client, f"a fox {FLAGS} --batch 1")
    await client.close()
    is_whole, calls = False, 0
    while not is_whole:
        output = tmp_path / f"{calls}"
        shutil.copytree(tmp_path / "output", output)
        counted = cut_after(calls)
        with monkeypatch.context() as patched, contextlib.suppress(PowerCutError):
            for owner, name in ((Path, "replace"), (Path, "unlink"), (os, "link"), (os, "fsync")):
                patched.setattr(owner, name, counted(getattr(owner, name)))
            result = CliRunner().invoke(app, ["rebuild", "--output", str(output)])
            is_whole = result.exit_code == 0
        async with SqliteJobStore(output / "imagine.db", MOVES) as store:
            found = await store.get(job["id"])
            assert found is not None
            assert found.state is JobState.SUCCEEDED
        assert report(output)["jobs"] == 1
        assert list(output.glob("*.part*")) == []
        calls += 1
    assert calls > 5


async def test_only_the_newest_copies_are_kept(start_server: StartServer, tmp_path: Path):
    client = await start_server()
    await client.close()
    output = tmp_path / "output"
    for number in range(5):
        old = output / f"imagine-before-rebuild-2026-01-0{number + 1}.db"
        old.write_bytes(b"")
        os.utime(old, (number, number))
    kept = report(output)["kept_as"]
    left = sorted(path.name for path in output.glob("imagine-before-rebuild-*"))
    assert len(left) == 3
    assert kept in left
    assert "imagine-before-rebuild-2026-01-05.db" in left
