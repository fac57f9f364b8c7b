"""A workflow of somebody's own whose server is killed: each output is there once, at its place."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.fakes.comfy import CHECKPOINT, FakeComfy, Stage
from tests.following import follow, ready
from tests.media import animation, mp4, picture
from tests.routes.workflows import WORDS, put

ENTRY = """\
name = "Clip"
category = "video"

[[parameters]]
name = "prompt"
type = "text"
feeds = ["6.text"]
"""
CLIP = {
    "class_type": "SaveAnimatedWEBP",
    "inputs": {
        "filename_prefix": "x",
        "fps": 6.0,
        "lossless": True,
        "quality": 80,
        "method": "default",
        "images": ["8", 0],
    },
}
LOADER = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}}
GRAPH = {**WORDS, "4": LOADER, "10": CLIP}


def forget_images(output: Path) -> None:
    """Leave a database as it is when the files came onto the disk and nobody wrote it down."""
    with contextlib.closing(sqlite3.connect(output / "imagine.db")) as database:
        database.execute("UPDATE jobs SET body = json_set(body, '$.images', json('[]'))")
        database.commit()


@pytest.mark.parametrize("case", ["nothing fetched", "all fetched", "all fetched, none noted"])
async def test_a_restart_finds_what_is_there_and_fetches_the_rest(
    start_server: StartServer, tmp_path: Path, case: str
):
    put(tmp_path / "workflows", "clip", ENTRY, GRAPH)
    settings = {"workflows": tmp_path / "workflows"}
    async with FakeComfy() as comfy:
        comfy.give("10", {"images": {"a.webp": animation("WEBP"), "b.gif": animation("GIF")}})
        comfy.give("9", {"gifs": {"c.mp4": mp4()}, "images": {"d.png": picture("PNG")}})
        client = await ready(start_server, comfy, **settings)
        comfy.hold(Stage.SAMPLING if case == "nothing fetched" else Stage.SUCCESS)
        async with follow(client) as follower:
            asked = {"workflow": "clip", "parameters": {"prompt": "a fox"}}
            async with client.post("/api/generate", json=asked) as answer:
                assert answer.status == 202, await answer.text()
            await comfy.reached(Stage.SAMPLING)
            if case != "nothing fetched":
                await follower.until(lambda m: m["type"] == "job" and len(m["job"]["images"]) == 4)
        await client.close()
        if case == "all fetched, none noted":
            forget_images(tmp_path / "output")
            comfy.files.clear()
        client = await ready(start_server, comfy, **settings)
        async with follow(client) as follower:
            comfy.release()
            told = await follower.until(lambda m: m["type"] == "job" and m["job"]["finished_at"])
    ended = told["job"]
    assert (ended["state"], ended["attempt"]) == ("succeeded", 1), ended["error"]
    assert [(image["index"], image["media_type"]) for image in ended["images"]] == [
        (0, "video/mp4"),
        (1, "image/webp"),
        (2, "image/png"),
        (3, "image/gif"),
    ]
    assert len(list((tmp_path / "output" / "images").glob("*/*.json"))) == 4
