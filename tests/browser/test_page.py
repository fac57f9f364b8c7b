"""The page, in a browser."""

from tests.browser.conftest import OpenPage


async def test_opens(open_page: OpenPage) -> None:
    page = await open_page()
    assert await page.title() == "Imagine"
