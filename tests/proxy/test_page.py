"""The page in a real browser, through a real nginx."""

from playwright.async_api import Browser, Response, expect

from tests.proxy.conftest import Shown

PAINTED = "() => [...document.querySelectorAll('img.pic')].every(({naturalWidth}) => naturalWidth)"


async def test_the_page_loads_listens_and_shows_four_pictures(
    shown: Shown, browser: Browser
) -> None:
    page = await browser.new_page()
    page.set_default_timeout(30_000)
    said: list[str] = []
    failed: list[str] = []

    def look(response: Response) -> None:
        is_ours = response.url.startswith((f"{shown.url}/", f"blob:{shown.host}/"))
        if response.status >= 400 or not is_ours:
            failed.append(f"{response.status} {response.url}")

    page.on("response", look)
    page.on("console", lambda m: said.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    async with page.expect_websocket() as opening:
        await page.goto(f"{shown.url}/")
    socket = await opening.value
    assert socket.url == f"{shown.url.replace('http', 'ws')}/api/live"
    await page.wait_for_selector("main[aria-busy=false]")

    await page.locator("textarea").first.fill("a red fox --size 128x128 --steps 2")
    await page.keyboard.press("Enter")
    await expect(page.locator(".tile[data-state=succeeded] img.pic")).to_have_count(4)
    await page.wait_for_function(PAINTED)
    assert not socket.is_closed()
    await page.locator("article .open").first.press("Enter")
    await expect(page.locator(".pic-frame .full[data-shown]")).to_be_visible()
    await page.close()
    assert (said, failed) == ([], [])


async def test_the_api_page_tries_a_request_under_its_path(shown: Shown, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{shown.url}/docs")
    await expect(page.locator("[data-origin]")).to_have_text(shown.url)
    health = page.locator(".operation", has_text="/api/health")
    await health.locator("summary").click()
    await health.get_by_role("button", name="Send").click()
    await expect(health.locator(".answer")).to_contain_text("200")
    await page.close()
