"""A browser for the tests of this folder, a stage for the page, and what every page is watched for.

One browser serves the whole run, so these tests and fixtures share the session's event loop.
"""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

from tests.browser.stage import Stage

FOLDER = Path(__file__).parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

OpenPage = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium: the system's, or the one that Playwright has installed."""
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=installed, args=FLAGS)
        except PlaywrightError as error:
            pytest.fail(f"No Chromium to start: {error.message.splitlines()[0]}. Run make test.")
        yield browser
        await browser.close()


@pytest.fixture
def stage() -> Stage:
    """A server without jobs, with ComfyUI ready; tests change it before they open the page."""
    return Stage()


@pytest_asyncio.fixture(loop_scope="session")
async def server(stage: Stage) -> AsyncIterator[TestServer]:
    server = TestServer(stage.app())
    async with server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, server: TestServer) -> AsyncIterator[OpenPage]:
    """Open the page of the stage in a window of its own; at the end no error may have been logged.

    ``await open_page(width=390, theme="light", touch=True, path="/#view=starred")``; further names
    are options of Playwright's ``new_context``. A test that provokes an error of the network says
    so: ``allow=("WebSocket",)``, parts of the messages that may be logged.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    async def open_page(
        path: str = "/",
        *,
        width: int = 1440,
        height: int = 900,
        theme: Literal["dark", "light"] = "dark",
        touch: bool = False,
        allow: tuple[str, ...] = (),
        script: str = "",
        ready: str = "main[aria-busy=false]",
        **options: Any,
    ) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            has_touch=touch,
            **options,
        )
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        await page.add_init_script(script)

        def keep(text: str) -> None:
            if not any(part in text for part in allow):
                errors.append(text)

        page.on("console", lambda m: keep(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: keep(str(error)))
        await page.goto(str(server.make_url(path)))
        await page.wait_for_selector(ready)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert errors == []
