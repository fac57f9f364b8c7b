"""The forms of the workflows on the real server, with the sketch engine and the shipped library."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from imagine.server import create_app
from imagine.settings import EngineChoice, Settings
from tests.browser.conftest import OpenPage
from tests.browser.test_workflows import CLIPBOARD, DROP, box, field

SMALL = """
id = "small"
name = "Small"
[[parameters]]
name = "prompt"
type = "text"
feeds = ["2.text"]
"""
STEPS = """
[[parameters]]
name = "steps"
type = "int"
label = "Rounds"
min = 1
max = 9
default = 4
feeds = ["5.steps"]
"""
GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple",
          "inputs": {"ckpt_name": "sketch.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["1", 1]}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
    "4": {"class_type": "EmptyLatentImage",
          "inputs": {"width": 128, "height": 128, "batch_size": 1}},
    "5": {"class_type": "KSampler",
          "inputs": {"seed": 1, "steps": 4, "cfg": 5.0, "sampler_name": "euler",
                     "scheduler": "normal", "denoise": 1.0, "model": ["1", 0],
                     "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}},
    "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
    "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "x"}},
}  # fmt: skip


def keep(folder: Path, entry: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "small.json").write_text(json.dumps(GRAPH))
    (folder / "small.toml").write_text(entry)


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    settings = Settings(
        output=tmp_path / "output",
        workflows=tmp_path / "workflows",
        engine=EngineChoice.SKETCH,
        sketch_step_ms=5,
    )
    keep(settings.workflows, SMALL)
    server = TestServer(create_app(settings))
    async with server:
        yield server


async def test_a_form_a_command_and_a_prompt_make_the_same(
    open_page: OpenPage, server: TestServer
) -> None:
    page = await open_page("/workflows#text_to_image", script=CLIPBOARD)
    await box(page, "Prompt").fill("a lighthouse in mist")
    await box(page, "Width").fill("256")
    await box(page, "Height").fill("256")
    await box(page, "Steps").fill("3")
    await box(page, "Seed").fill("7")
    await box(page, "Seed").press("Control+Enter")
    await expect(page.locator("job-set img.pic[data-shown]")).to_have_count(1, timeout=30_000)
    await page.get_by_role("button", name="Copy as curl").click()
    await page.get_by_role("button", name="Copy as prompt").click()
    await expect(page.locator(".toast")).to_contain_text("The prompt is copied.")
    command, prompt = await page.evaluate("copied")
    body = json.loads(command.split(" -d ")[1].strip("'"))
    made: list[dict[str, Any]] = (await get(server, "/api/jobs"))["jobs"]
    for path, asked in (("workflows/text_to_image", body), ("imagine", {"prompt": prompt})):
        made += (await post(server, f"/api/{path}", asked))["jobs"]
    first, second, third = (
        {"canonical": job["canonical"], "parameters": job["parameters"]} for job in made
    )
    assert first == second
    assert first == third


async def test_a_line_in_the_file_is_a_control_on_the_page(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page("/workflows#small")
    await box(page, "Prompt").fill("a red boat")
    keep(tmp_path / "workflows", SMALL + STEPS)
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(box(page, "Rounds")).to_have_value("4", timeout=15_000)
    await expect(field(page, "Rounds").locator(".f-slide")).to_have_text("19")
    await expect(box(page, "Prompt")).to_have_value("a red boat")


async def test_a_graph_that_is_dropped_is_a_form_that_makes(open_page: OpenPage) -> None:
    page = await open_page("/workflows")
    file = [*json.dumps(GRAPH).encode()]
    await page.evaluate(DROP, ["main", "my boat.json", "application/json", file])
    await expect(page.locator(".v-line")).to_have_text("It can run here.")
    await page.get_by_role("button", name="Make", exact=True).click()
    await expect(page.locator("job-set img.pic[data-shown]")).to_have_count(1, timeout=30_000)


async def test_made_again_words_are_what_they_were_to_the_letter(
    open_page: OpenPage, server: TestServer
) -> None:
    page = await open_page()
    asked = {"prompt": "a fox,\nred --steps 9 {a, b}::2", "parameters": {"prompt": None}}
    (job,) = (await post(server, "/api/workflows/small", asked))["jobs"]
    await expect(page.locator("article img.pic[data-shown]")).to_have_count(1, timeout=30_000)
    await page.locator("article[aria-label='Set 1'] .tile").first.click()
    await page.get_by_role("button", name="Make again").click()
    await expect(page.locator("article[aria-label='Set 2']")).to_have_count(1)
    again = (await get(server, "/api/jobs"))["jobs"][0]
    seed = {"seed": job["parameters"]["seed"]}  # this workflow has none: any is shown
    assert (again["number"], {**again["parameters"], **seed}) == (2, job["parameters"])
    assert again["parameters"]["prompt"] == asked["prompt"]


async def get(server: TestServer, path: str) -> Any:
    async with ClientSession() as session, session.get(server.make_url(path)) as answer:
        return await answer.json()


async def post(server: TestServer, path: str, body: Any) -> Any:
    async with (
        ClientSession() as session,
        session.post(server.make_url(path), json=body) as answer,
    ):
        assert answer.status == 202, await answer.text()
        return await answer.json()
