"""Workflows for tests of the API, made for the sketch engine and for the fake ComfyUI."""

import json
from pathlib import Path
from typing import Any

from aiohttp import FormData

from tests.conftest import Client, StartServer
from tests.following import follow
from tests.painting import picture

WAIT = {"Prefer": "wait=60"}
GENERATE = "/api/generate"
# A picture of words, small and quick.
WORDS: dict[str, Any] = {
    "4": {
        "class_type": "CheckpointLoaderSimple",
        "inputs": {"ckpt_name": "sketch.safetensors"},
        "_meta": {"title": "Load Checkpoint"},
    },
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 5,
            "steps": 2,
            "cfg": 5.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}},
}
PORTRAIT = """\
name = "Portrait"
description = "A face"
category = "portrait"
max_batch_size = 4

[example]
prompt = "an old sailor"
parameters = {steps = 3}

[[parameters]]
name = "prompt"
type = "text"
feeds = ["6.text"]

[[parameters]]
name = "negative"
type = "text"
default = "ugly"
feeds = ["7.text"]

[[parameters]]
name = "steps"
type = "int"
description = "How long it is worked on"
default = 2
min = 1
max = 12
feeds = ["3.steps"]

[[parameters]]
name = "cfg"
type = "float"
default = 5.0
min = 1.0
max = 9.0
feeds = ["3.cfg"]

[[parameters]]
name = "seed"
type = "seed"
feeds = ["3.seed"]

[[parameters]]
name = "sampler"
type = "choice"
feeds = ["3.sampler_name"]
"""


def joined(count: int) -> dict[str, Any]:
    """A graph that puts pictures one over the other: of four, the first lies lowest."""
    graph: dict[str, Any] = {}
    for number in range(1, count + 1):
        graph[str(number)] = {"class_type": "LoadImage", "inputs": {"image": f"{number}.png"}}
    last = ["1", 0]
    for number in range(2, count + 1):
        node = str(10 + number)
        graph[node] = {
            "class_type": "ImageBatch",
            "inputs": {"image1": last, "image2": [str(number), 0]},
        }
        last = [node, 0]
    graph["20"] = {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": last}}
    return graph


def join_entry(count: int, required: int = 1, most: int = 10) -> str:
    """The entry of `joined`."""
    lines = [f'name = "Join {count}"', 'category = "edit"', f"max_batch_size = {most}"]
    for number in range(1, count + 1):
        name = "image" if number == 1 else f"image_{number}"
        lines += ["", "[[parameters]]", f'name = "{name}"', 'type = "image"']
        lines += [f"required = {str(number <= required).lower()}", f'feeds = ["{number}.image"]']
    return "\n".join(lines) + "\n"


def put(folder: Path, name: str, entry: str = PORTRAIT, graph: object = WORDS) -> Path:
    """Put a workflow into the owner's folder; return the file of its entry."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(graph), encoding="utf-8")
    path = folder / f"{name}.toml"
    path.write_text(entry, encoding="utf-8")
    return path


def put_graph(folder: Path, name: str, graph: object = WORDS) -> None:
    """Put a graph into the owner's folder, without an entry."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(graph), encoding="utf-8")


def names(folder: Path) -> list[str]:
    """Return the files of a folder that need not be there."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


async def started(start_server: StartServer, **settings: Any) -> Client:
    """Start a server, and wait until its sketch engine has told what it has."""
    client = await start_server(**settings)
    async with follow(client) as follower:
        if follower.messages[0]["engine"]["state"] != "ready":
            await follower.until(
                lambda m: m["type"] == "engine" and m["engine"]["state"] == "ready"
            )
    return client


async def get(client: Client, path: str, status: int = 200) -> Any:
    async with client.get(path) as answer:
        body = await answer.json()
        assert answer.status == status, body
        return body


async def post(client: Client, path: str, status: int, **request: Any) -> Any:
    async with client.post(path, **request) as answer:
        body = await answer.json()
        assert answer.status == status, body
        return body


def form(*fields: tuple[str, Any]) -> FormData:
    """A form: bytes are files, texts are words."""
    made = FormData(default_to_multipart=True)
    for name, value in fields:
        if isinstance(value, bytes):
            made.add_field(name, value, filename=f"{name}.png", content_type="image/png")
        else:
            made.add_field(name, value)
    return made


async def run(client: Client, body: dict[str, Any], path: str = GENERATE) -> dict[str, Any]:
    """Run one workflow to its end."""
    told = await post(client, path, 200, json=body, headers=WAIT)
    (job,) = told["jobs"]
    assert job["state"] == "succeeded", job["error"]
    assert isinstance(job, dict)
    return job


async def refused(client: Client, body: object, path: str = GENERATE, status: int = 422) -> Any:
    """Be refused, see that nothing is queued, and return the first detail."""
    error = (await post(client, path, status, json=body))["error"]
    assert error["request_id"]
    assert (await get(client, "/api/jobs"))["counts"]["all"] == 0
    return error["details"][0] if error["details"] else error


async def upload(client: Client, data: bytes) -> str:
    async with client.post("/api/uploads", data=form(("image", data))) as answer:
        told: str = (await answer.json())["id"]
        return told


def colours(count: int) -> list[bytes]:
    """Return pictures that are all different."""
    return [picture(size=(64, 48 + number)) for number in range(count)]
