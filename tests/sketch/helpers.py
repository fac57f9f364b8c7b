"""A small client of the sketch engine, the graphs it sends, and the recordings to compare with."""

import json
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image, ImageChops, ImageStat

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"


def recording(name: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of a session recorded from ComfyUI 0.3.64."""
    for line in (RECORDINGS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


@dataclass
class Run:
    """What one prompt's client heard, in order; previews stand as ("preview", event, bytes)."""

    prompt_id: str
    messages: list[tuple[str, Any]] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)
    preview_events: list[int] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.messages]

    def of(self, kind: str) -> list[Any]:
        return [data for name, data in self.messages if name == kind]

    def images(self) -> list[dict[str, str]]:
        return [image for data in self.of("executed") for image in data["output"]["images"]]


class Client:
    """One connected client of an engine."""

    def __init__(self, url: str, session: aiohttp.ClientSession, ws: Any, client_id: str) -> None:
        self.url = url
        self.session = session
        self.ws = ws
        self.client_id = client_id

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.session.post(self.url + path, json=body) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith("{") else text

    async def get(self, path: str, **params: str) -> Any:
        async with self.session.get(self.url + path, params=params) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def submit(self, graph: Any, **fields: Any) -> str:
        body = {"prompt": graph, "client_id": self.client_id, **fields}
        status, answer = await self.post("/prompt", body)
        assert status == 200, answer
        return str(answer["prompt_id"])

    async def hear(self, prompt_id: str, until: Callable[[str, Any], bool] | None = None) -> Run:
        """Collect messages until the prompt ended, or until one fits."""
        run = Run(prompt_id)
        async for message in self.ws:
            if message.type is aiohttp.WSMsgType.BINARY:
                kind, data = "preview", message.data
                event, length = struct.unpack(">II", data[:8])
                run.preview_events.append(event)
                run.previews.append(data[8 + length :] if event == 4 else data[8:])
            else:
                body = json.loads(message.data)
                kind, data = body["type"], body["data"]
            run.messages.append((kind, data))
            if until is not None and until(kind, data):
                break
            if kind == "executing" and data["node"] is None and data["prompt_id"] == prompt_id:
                break
        return run

    async def run(self, graph: Any, **fields: Any) -> Run:
        return await self.hear(await self.submit(graph, **fields))

    async def view(self, image: dict[str, str]) -> bytes:
        async with self.session.get(self.url + "/view", params=image) as answer:
            assert answer.status == 200
            return await answer.read()

    async def pictures(self, graph: Any) -> list[Image.Image]:
        """Run a graph and return what it saved."""
        run = await self.run(graph)
        assert "execution_success" in run.kinds(), run.messages[-3:]
        return [Image.open(BytesIO(await self.view(image))) for image in run.images()]

    async def upload(self, picture: Image.Image, name: str) -> str:
        data = BytesIO()
        picture.save(data, "PNG")
        form = aiohttp.FormData()
        form.add_field("image", data.getvalue(), filename=name, content_type="image/png")
        async with self.session.post(self.url + "/upload/image", data=form) as answer:
            return str((await answer.json())["name"])


@asynccontextmanager
async def connected(
    url: str, client_id: str = "tester", *, metadata: bool = True
) -> AsyncIterator[Client]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/ws?clientId={client_id}", max_msg_size=0) as ws,
    ):
        await ws.receive()  # the first status
        if metadata:
            flags = {"supports_preview_metadata": True}
            await ws.send_json({"type": "feature_flags", "data": flags})
            await ws.receive()
        yield Client(url, session, ws, client_id)


def distance(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures, 0–255."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return sum(ImageStat.Stat(difference).mean) / 3


def link(node: str, slot: int = 0) -> list[Any]:
    return [node, slot]


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def sampler(latent: list[Any], **changes: Any) -> dict[str, Any]:
    inputs: dict[str, Any] = {
        "seed": 7,
        "steps": 4,
        "cfg": 5.0,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1.0,
        "model": link("1"),
        "positive": link("2"),
        "negative": link("3"),
        "latent_image": latent,
    }
    return node("KSampler", **{**inputs, **changes})


def base(words: str = "a red fox in the snow", size: int = 128, batch: int = 1) -> dict[str, Any]:
    """Return the shared part of every graph: loader, texts, empty latent."""
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="sketch.safetensors"),
        "2": node("CLIPTextEncode", text=words, clip=link("1", 1)),
        "3": node("CLIPTextEncode", text="blurry", clip=link("1", 1)),
        "4": node("EmptyLatentImage", width=size, height=size, batch_size=batch),
    }


def painted_anew(pixels: list[Any], mask: list[Any], **changes: Any) -> dict[str, Any]:
    """Return nodes 12 and 5: pixels sampled anew where a mask is white."""
    words = node(
        "InpaintModelConditioning",
        positive=link("2"),
        negative=link("3"),
        vae=link("1", 2),
        pixels=pixels,
        mask=mask,
        noise_mask=True,
    )
    sampled = sampler(link("12", 2), positive=link("12"), negative=link("12", 1), **changes)
    return {"12": words, "5": sampled}


def finish(graph: dict[str, Any], latent: list[Any], prefix: str = "t") -> dict[str, Any]:
    """Add decoding and saving of a latent, as nodes 6 and 7."""
    return {
        **graph,
        "6": node("VAEDecode", samples=latent, vae=link("1", 2)),
        "7": node("SaveImage", images=link("6"), filename_prefix=prefix),
    }


def text_to_image(
    words: str = "a red fox in the snow",
    *,
    size: int = 128,
    batch: int = 1,
    prefix: str = "t",
    **changes: Any,
) -> dict[str, Any]:
    graph = base(words, size, batch)
    graph["5"] = sampler(link("4"), **changes)
    return finish(graph, link("5"), prefix)


def four_branches(size: int = 128, **changes: Any) -> dict[str, Any]:
    """Return a set of four as the product builds it: one sampler per picture of the batch."""
    graph = base(size=size, batch=4)
    for k in range(4):
        graph[f"2{k}"] = node("LatentFromBatch", samples=link("4"), batch_index=k, length=1)
        graph[f"3{k}"] = sampler(link(f"2{k}"), **changes)
        graph[f"4{k}"] = node("VAEDecode", samples=link(f"3{k}"), vae=link("1", 2))
        graph[f"5{k}"] = node("SaveImage", images=link(f"4{k}"), filename_prefix=f"branch_{k}")
    return graph


def on_picture(name: str, *, denoise: float) -> dict[str, Any]:
    """Return an image-to-image graph over an uploaded picture."""
    graph = base()
    graph["10"] = node("LoadImage", image=name)
    graph["11"] = node("VAEEncode", pixels=link("10"), vae=link("1", 2))
    graph["5"] = sampler(link("11"), denoise=denoise)
    return finish(graph, link("5"))
