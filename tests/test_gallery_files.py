"""Files follow their jobs: stars, the trash, and whatever a crash left between the two."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from imagine.app_keys import PARTS
from imagine.errors import StorageError
from imagine.gallery_files import Keeper
from imagine.image_names import name_in
from imagine.images import ImageStore
from imagine.jobs import MOVES
from imagine.models import Job
from imagine.store import SqliteJobStore
from tests.conftest import SMALL, Client, StartServer
from tests.following import eventually, finish

PROMPT = f"a fox {SMALL} --batch 2 --steps 1"


def files(output: Path, below: str) -> dict[str, bytes]:
    return {
        path.relative_to(output / below).as_posix(): path.read_bytes()
        for path in sorted((output / below).rglob("*"))
        if path.is_file()
    }


def stars(output: Path) -> list[bool]:
    found = sorted((output / "images").rglob("*.png.json"))
    return [json.loads(path.read_text())["favorite"] for path in found]


async def patch(client: Client, job: dict[str, Any], favorites: list[int]) -> None:
    body = {"favorites": favorites}
    async with client.patch(f"/api/jobs/{job['id']}", json=body) as answer:
        assert answer.status == 200


async def remove(client: Client, job: dict[str, Any]) -> None:
    async with client.delete(f"/api/jobs/{job['id']}") as answer:
        assert answer.status == 200


async def restore(client: Client, job: dict[str, Any]) -> None:
    async with client.post(f"/api/jobs/{job['id']}/restore") as answer:
        assert answer.status == 200


async def test_a_star_stands_beside_its_picture(client: Client, tmp_path: Path):
    output = tmp_path / "output"
    job = await finish(client, PROMPT)
    await patch(client, job, [1])
    await eventually(lambda: stars(output) == [True])
    await patch(client, job, [0, 1])
    await eventually(lambda: stars(output) == [True, True])
    await patch(client, job, [])
    await eventually(lambda: stars(output) == [False, False])


async def test_the_trash_is_a_folder_and_what_comes_back_is_what_it_was(
    client: Client, tmp_path: Path
):
    output = tmp_path / "output"
    job = await finish(client, PROMPT)
    await patch(client, job, [0])
    await eventually(lambda: stars(output) == [True])
    before = files(output, "images")
    await remove(client, job)
    await eventually(lambda: files(output, "images") == {})
    assert len(files(output, "trash")) == 5  # two pictures, one star, and since when
    for image in job["images"]:  # the address stays
        async with client.get(image["url"]) as answer:
            assert answer.status == 200
    await restore(client, job)
    await eventually(lambda: files(output, "images") == before and not files(output, "trash"))


async def test_nothing_is_written_beside_a_picture_without_a_reason(client: Client, tmp_path: Path):
    await finish(client, PROMPT)
    await asyncio.sleep(0)
    assert {Path(name).suffix for name in files(tmp_path / "output", "images")} == {".png"}


# --- what a crash left


@contextlib.asynccontextmanager
async def stored(output: Path) -> AsyncIterator[SqliteJobStore]:
    """The database alone: what is written to it, no file follows."""
    async with SqliteJobStore(output / "imagine.db", MOVES) as store:
        yield store


CHANGES: list[Callable[[Job], dict[str, Any]]] = [
    lambda job: {"favorites": (0,)},
    lambda job: {"favorites": ()},
    lambda job: {"deleted_at": job.created_at},
    lambda job: {"deleted_at": None},
    lambda job: {"deleted_at": job.created_at, "favorites": (1,)},
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("start", ["plain", "starred", "trashed"])
async def test_what_was_written_and_not_done_is_done_at_the_next_start(
    start_server: StartServer, tmp_path: Path, change: Callable[[Job], dict[str, Any]], start: str
):
    output = tmp_path / "output"
    client = await start_server()
    made = [await finish(client, PROMPT) for _ in range(2)]
    if start != "plain":
        for job in made:
            await patch(client, job, [1])
        await eventually(lambda: stars(output) == [True, True])
    if start == "trashed":
        for job in made:
            await remove(client, job)
        await eventually(lambda: files(output, "images") == {})
    changed, other = [await client.app[PARTS].jobs.get(job["id"]) for job in made]
    await client.close()
    async with stored(output) as store:
        wanted = await store.update(changed.id, changes=change(changed))
        assert wanted is not None
    client = await start_server()
    images = client.app[PARTS].images

    async def is_in_line(job: Job) -> bool:
        kept = await images.look_up([name_in(image.url) for image in job.images])
        return all(
            one.trashed == (job.deleted_at is not None)
            and bool(one.sidecar.get("favorite")) == (image.index in job.favorites)
            for image, one in zip(job.images, kept.values(), strict=True)
        )

    for _ in range(1000):
        if await is_in_line(wanted):
            break
        await asyncio.sleep(0.01)
    assert await is_in_line(wanted)
    assert await is_in_line(other)


# --- the keeper alone


class Nothing:
    """Jobs and files of which none differs."""

    def __init__(self) -> None:
        self.looked: list[list[str]] = []
        self.compared = 0
        self.trouble: list[StorageError] = []
        # Called in the middle of the first comparison.
        self.meanwhile: Callable[[], None] = lambda: None

    async def look_up(self, names: list[str]) -> dict[str, Any]:
        if self.trouble:
            raise self.trouble.pop()
        self.looked.append(names)
        return {}

    async def sidecars(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        self.compared += 1
        for sidecar in list[tuple[str, dict[str, Any]]]():
            yield sidecar

    async def in_trash(self) -> AsyncIterator[str]:
        for name in list[str]():
            yield name

    async def mirrored(self, after: int) -> list[Job]:
        if self.compared == 1:
            self.meanwhile()
        return []


@contextlib.asynccontextmanager
async def keeping(nothing: Any) -> AsyncIterator[Keeper]:
    keeper = Keeper(nothing, nothing)
    task = asyncio.create_task(keeper.run())
    yield keeper
    task.cancel()
    await asyncio.wait({task})


async def finished(client: Client) -> Job:
    return await client.app[PARTS].jobs.get((await finish(client, PROMPT))["id"])


async def test_of_several_changes_only_the_newest_is_followed(client: Client):
    job = await finished(client)
    nothing = Nothing()
    keeper = Keeper(nothing, nothing)  # type: ignore[arg-type]
    for favorites in ((0,), (1,), ()):
        keeper.stored(job.model_copy(update={"favorites": favorites}))
    assert len(keeper._due) == 1
    assert next(iter(keeper._due.values())).favorites == ()


async def test_more_than_can_be_kept_in_mind_is_found_by_comparing(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.gallery_files.MOST_DUE", 3)
    job = await finished(client)
    nothing = Nothing()
    async with keeping(nothing) as keeper:
        await eventually(lambda: nothing.compared == 1)
        for number in range(5):
            keeper.stored(job.model_copy(update={"id": f"{number}"}))
        await eventually(lambda: nothing.compared == 2)
        assert len(nothing.looked) == 3


async def test_too_many_while_it_is_compared_are_found_by_comparing_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.gallery_files.MOST_DUE", 0)
    job = await finished(client)
    nothing = Nothing()
    async with keeping(nothing) as keeper:
        nothing.meanwhile = lambda: keeper.stored(job)
        await eventually(lambda: nothing.compared == 2)


async def test_a_disk_that_refuses_is_tried_again(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imagine.gallery_files.RETRY_S", 0.01)
    job = await finished(client)
    nothing = Nothing()
    nothing.trouble = [StorageError("full"), StorageError("still full")]
    async with keeping(nothing) as keeper:
        keeper.stored(job)
        await eventually(lambda: nothing.looked)


async def test_a_picture_that_somebody_removed_stops_nothing(tmp_path: Path, client: Client):
    output = tmp_path / "output"
    job = await finish(client, PROMPT)
    images = client.app[PARTS].images
    assert isinstance(images, ImageStore)
    (await images.path(name_in(job["images"][0]["url"]))).unlink()
    await patch(client, job, [0, 1])
    await eventually(lambda: stars(output) == [True])
