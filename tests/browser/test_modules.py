"""The pure modules of the page, tested in the browser by a plain page of tests."""

from tests.browser.conftest import OpenPage


async def test_every_claim_about_the_modules_holds(open_page: OpenPage) -> None:
    page = await open_page("/tests/js/index.html", ready="body[data-outcome]")
    outcome = await page.evaluate("window.outcome")
    assert outcome["failures"] == []
    assert outcome["count"] > 30
