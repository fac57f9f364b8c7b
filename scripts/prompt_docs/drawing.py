"""The pictures of the examples: each prompt is made by a whole server with the sketch engine."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image, ImageDraw

from imagine.parameters import PARAMETERS
from imagine.server import create_app
from imagine.settings import EngineChoice, Settings
from scripts.prompt_docs.examples import (
    ACTS,
    BLEND_FLAG,
    BLENDED,
    LINK,
    LINKED,
    PRESETS,
    SEED,
    Act,
    Example,
    Shown,
    example_of,
)
from scripts.prompt_docs.text import picture_name

# The longest side of one picture in a strip, and the room between two. Units: pixels.
SIDE = 256
GAP = 8
QUALITY = 80
_WAIT = {"Prefer": "wait=300"}
_ALONE = {"seed": SEED, "batch": 1}

Wire = dict[str, Any]


class Painter:
    """Makes jobs on a server, and strips of their pictures."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self._client = client
        self._named = ""

    async def example(self, example: Example) -> Image.Image:
        """Return the strip of a prompt without its flag and with it."""
        options = {"seed": SEED} if example.shown is Shown.SET else _ALONE
        strip = [
            _arranged(await self._pictures(await self._job(text, options)), example.shown)
            for text in (example.words, example.prompt)
        ]
        if LINK in example.prompt:
            strip.insert(0, await self._first(await self._job(LINKED, _ALONE)))
        return strip_of(strip)

    async def act(self, act: Act) -> Image.Image:
        """Return the strip of a picture and what an action makes of it."""
        parent = await self._job(act.prompt, _ALONE)
        before = await self._first(parent)
        words = act.body.get("prompt", act.prompt.partition(" --")[0])
        # Another seed, as a child has by itself.
        body = {**act.body, "image": 0, "prompt": f"{words} --seed {SEED + 1} --batch 1"}
        shown = [before]
        if act.body["action"] == "region":
            mask = mask_of(before.size)
            body["mask"] = await self._upload(mask)
            shown.append(mask)
        child = await self._post(f"/api/jobs/{parent['id']}/actions", body)
        return strip_of([*shown, await self._first(child)])

    async def blend(self) -> Image.Image:
        parents = [await self._job(words, _ALONE) for words in BLENDED]
        images = [{"job": parent["id"], "image": 0} for parent in parents]
        body = {"images": images, "prompt": f"{BLEND_FLAG} --seed {SEED} --batch 1"}
        child = await self._post("/api/blend", body)
        return strip_of([await self._first(job) for job in (*parents, child)])

    async def _job(self, text: str, options: Mapping[str, Any]) -> Wire:
        if LINK in text:
            named = await self._job(LINKED, _ALONE)
            text = text.replace(LINK, f"picture:{named['id']}/0")
        return await self._post("/api/imagine", {"prompt": text, "options": options})

    async def _post(self, path: str, body: Wire) -> Wire:
        async with self._client.post(path, json=body, headers=_WAIT) as answer:
            told = await answer.json()
        if answer.status != 200 or told["jobs"][0]["state"] != "succeeded":
            raise RuntimeError(f"{path} {body}: {told}")
        job: Wire = told["jobs"][0]
        return job

    async def _upload(self, picture: Image.Image) -> str:
        data = io.BytesIO()
        picture.save(data, "PNG")
        headers = {"Content-Type": "image/png"}
        async with self._client.post(
            "/api/uploads", data=data.getvalue(), headers=headers
        ) as answer:
            told = await answer.json()
        return str(told["id"])

    async def _first(self, job: Wire) -> Image.Image:
        return (await self._pictures(job))[0]

    async def _pictures(self, job: Wire) -> list[Image.Image]:
        found = []
        for image in job["images"]:
            async with self._client.get(image["url"]) as answer:
                found.append(Image.open(io.BytesIO(await answer.read())).convert("RGB"))
        return found


async def draw(output: Path) -> dict[str, Image.Image]:
    """Make every picture, by the name of its file. ``output`` is where the server may write."""
    settings = Settings(
        output=output, engine=EngineChoice.SKETCH, sketch_step_ms=0, presets=PRESETS
    )
    async with TestClient(TestServer(create_app(settings))) as client:
        painter = Painter(client)
        made = {name: await painter.example(example) for name, example in shown_examples()}
        made |= {f"action-{act.name}.webp": await painter.act(act) for act in ACTS}
        return made | {"action-blend.webp": await painter.blend()}


def save(made: Mapping[str, Image.Image], folder: Path) -> None:
    """Write the pictures, and remove those that are no longer made."""
    folder.mkdir(exist_ok=True)
    for old in set(folder.iterdir()) - {folder / name for name in made}:
        old.unlink()
    for name, picture in made.items():
        picture.save(folder / name, "WEBP", quality=QUALITY, method=6)


def shown_examples() -> Iterator[tuple[str, Example]]:
    """Yield the file and the example of each flag that has a picture."""
    for row in PARAMETERS:
        example = example_of(row)
        if not row.is_legacy and example.shown is not Shown.NOTHING:
            yield picture_name(row), example


def strip_of(pictures: Iterable[Image.Image]) -> Image.Image:
    """Lay pictures side by side, each as large as fits, on nothing."""
    small = [_fitted(picture) for picture in pictures]
    width = sum(each.width for each in small) + GAP * (len(small) - 1)
    strip = Image.new("RGBA", (width, max(each.height for each in small)))
    left = 0
    for each in small:
        strip.paste(each, (left, (strip.height - each.height) // 2))
        left += each.width + GAP
    return strip


def _fitted(picture: Image.Image) -> Image.Image:
    scale = SIDE / max(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _arranged(pictures: Sequence[Image.Image], shown: Shown) -> Image.Image:
    """Return what is shown of a set: one picture, all four, or one repeated as a tile."""
    if shown is Shown.ONE:
        return pictures[0]
    four = pictures if shown is Shown.SET else [pictures[0]] * 4
    width, height = four[0].size
    gap = 0 if shown is Shown.TILES else round(GAP * width / SIDE)
    sheet = Image.new("RGBA", (2 * width + gap, 2 * height + gap))
    for place, picture in enumerate(four):
        sheet.paste(picture, (place % 2 * (width + gap), place // 2 * (height + gap)))
    return sheet


def mask_of(size: tuple[int, int]) -> Image.Image:
    """Return a mask that is white in the middle."""
    width, height = size
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse(
        (width * 0.15, height * 0.3, width * 0.85, height * 0.95), fill=255
    )
    return mask
