"""A real server on another storage: the one that `docs/storage.md` adds, and one that has links."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from imagine.app_keys import PARTS
from imagine.cli import app
from imagine.errors import StorageError
from imagine.image_names import GALLERY, TRASH, key_in, name_in, sidecar
from imagine.links import picture_link
from imagine.settings import Settings
from imagine.storage import STORAGES, DiskStorage, Storage
from tests.conftest import SMALL, Client, StartServer
from tests.following import eventually, finish
from tests.painting import picture
from tests.pictures import read
from tests.test_storage import ONE_FILE

PROMPT = f"a fox {SMALL} --batch 2 --steps 1"


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> list[Storage]:
    """Add the documented kind with its one line; return each storage that a server opens."""
    opened: list[Storage] = []

    def make(settings: Settings) -> Storage:
        opened.append(ONE_FILE(settings))
        return opened[-1]

    monkeypatch.setitem(STORAGES, "one-file", make)
    return opened


async def ask(client: Client, method: str, path: str, **more: Any) -> Any:
    async with client.request(method, path, **more) as answer:
        assert answer.status in (200, 201), await answer.text()
        return await answer.json()


async def fetched(client: Client, url: str, status: int = 200, **headers: str) -> bytes:
    async with client.get(url, headers=headers) as answer:
        assert answer.status == status
        return await answer.read()


def holds(storage: Storage, root: str, job: dict[str, Any]) -> Callable[[], bool]:
    """Return whether all pictures of a job, and no others, are kept in a folder."""
    keys = {key_in(root, name_in(image["url"])) for image in job["images"]}
    return lambda: {key for key in storage.keys(root) if not key.endswith(".json")} == keys


async def test_a_server_on_another_storage_does_all_that_one_on_the_disk_does(
    start_server: StartServer, tmp_path: Path, added: list[Storage]
):
    output = tmp_path / "output"
    client = await start_server(storage="one-file")
    (storage,) = added

    # made, listed and served, with ranges
    job = await finish(client, PROMPT)
    assert holds(storage, GALLERY, job)()
    assert [one["id"] for one in (await ask(client, "GET", "/api/jobs"))["jobs"]] == [job["id"]]
    image = job["images"][1]
    data = await fetched(client, image["url"])
    assert len(data) == image["bytes"]
    assert (await read(client, image["url"])).size == (128, 128)
    assert await fetched(client, image["url"], 206, Range="bytes=100-199") == data[100:200]
    await fetched(client, image["url"], 416, Range=f"bytes={len(data)}-")
    async with client.get(image["url"]) as answer:
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert answer.headers["Content-Type"] == "image/png"
    await fetched(client, image["url"], 304, **tag)

    # shown small, starred, thrown away and brought back
    assert (await fetched(client, image["thumbnail"]))[8:12] == b"WEBP"
    await ask(client, "PATCH", f"/api/jobs/{job['id']}", json={"favorites": [1]})
    beside = sidecar(key_in(GALLERY, name_in(image["url"])))
    await eventually(lambda: storage.size(beside) is not None)
    assert json.loads(storage.read(beside)) == {"favorite": True}
    await ask(client, "DELETE", f"/api/jobs/{job['id']}")
    await eventually(holds(storage, TRASH, job))
    assert await fetched(client, image["url"]) == data
    await ask(client, "POST", f"/api/jobs/{job['id']}/restore")
    await eventually(holds(storage, GALLERY, job))
    await eventually(lambda: list(storage.keys(TRASH)) == [])

    # an upload, sent and used twice
    sent = [await ask(client, "POST", "/api/uploads", data=picture()) for _ in range(2)]
    assert sent[0] == sent[1]
    assert len(list(storage.keys("uploads"))) == 1
    assert await fetched(client, sent[0]["url"]) == picture()
    assert (await fetched(client, sent[0]["url"] + "?w=160"))[8:12] == b"WEBP"
    for _ in range(2):
        assert (await finish(client, f"{sent[0]['link']} {PROMPT}"))["state"] == "succeeded"
    assert (await finish(client, f"{picture_link(job['id'], 1)} {PROMPT}"))["state"] == "succeeded"

    # as it was after a restart, and without a picture on the disk
    told = await ask(client, "GET", "/api/jobs")
    await client.close()
    client = await start_server(storage="one-file")
    assert await ask(client, "GET", "/api/jobs") == told
    assert await fetched(client, image["url"]) == data
    assert await fetched(client, sent[0]["url"]) == picture()
    places = {path.relative_to(output).parts[0] for path in output.rglob("*.png")}
    assert places == {"copies"}


async def test_the_gallery_is_made_again_from_another_storage(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    output = tmp_path / "output"
    client = await start_server(storage="one-file")
    made = [await finish(client, PROMPT) for _ in range(2)]
    await ask(client, "DELETE", f"/api/jobs/{made[0]['id']}")
    await eventually(holds(client.app[PARTS].images._storage, TRASH, made[0]))
    await client.close()
    (output / "imagine.db").unlink()
    monkeypatch.setenv("IMAGINE_STORAGE", "one-file")
    result = CliRunner().invoke(app, ["rebuild", "--output", str(output), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["pictures"] == 4
    assert json.loads(result.stdout)["trashed"] == 1
    client = await start_server(storage="one-file")
    (job,) = (await ask(client, "GET", "/api/jobs"))["jobs"]
    assert (job["id"], job["images"]) == (made[1]["id"], made[1]["images"])


async def test_what_a_storage_refuses_waits_and_is_kept_later(
    start_server: StartServer, tmp_path: Path, added: list[Storage], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.disk.TROUBLED_S", 0.02)
    client = await start_server(storage="one-file")
    (storage,) = added
    create, refusals = storage.create, iter(range(3))

    def refuse(key: str, file: Path) -> bool:
        if next(refusals, None) is not None:
            raise StorageError("Out of reach.")
        return create(key, file)

    monkeypatch.setattr(storage, "create", refuse)
    assert (await finish(client, PROMPT))["state"] == "succeeded"
    assert next(refusals, None) is None


# --- links


class LinkedStorage(DiskStorage):
    """A disk from which a server elsewhere serves."""

    def link(self, key: str) -> str | None:
        return f"https://pictures.example/{key}?signed=a%2Fb+c"


async def test_a_browser_is_sent_where_a_storage_has_a_link(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(STORAGES, "linked", lambda settings: LinkedStorage(settings.output))
    client = await start_server(storage="linked")
    (image, _) = (await finish(client, PROMPT))["images"]
    upload = await ask(client, "POST", "/api/uploads", data=picture())
    keys = {
        image["url"]: key_in(GALLERY, name_in(image["url"])),
        upload["url"]: f"uploads/{upload['id']}.png",
    }
    for url, key in keys.items():
        async with client.get(url, allow_redirects=False) as answer:
            assert answer.status == 307
            assert answer.headers["Location"] == f"https://pictures.example/{key}?signed=a%2Fb+c"
            assert answer.headers["Cache-Control"] == "no-store"
    assert (await fetched(client, image["thumbnail"]))[8:12] == b"WEBP"  # made from the file
    gone = image["url"].replace("-0.png", "-7.png")
    await fetched(client, gone, 404)


async def test_many_who_look_at_once_are_all_served(start_server: StartServer):
    client = await start_server(storage="one-file")
    (image, other) = (await finish(client, PROMPT))["images"]
    urls = [image["url"], other["url"], image["thumbnail"], other["thumbnail"]] * 5
    assert len(set(await asyncio.gather(*(fetched(client, url) for url in urls)))) == 4
