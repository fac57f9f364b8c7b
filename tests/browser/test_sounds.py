"""Sounds that were made here: played in the feed and in the lightbox, one at a time."""

import math

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stage import Stage
from tests.browser.test_form_media import sound
from tests.browser.test_media import given
from tests.browser.test_page import no_violations
from tests.media import flac

PLAYS = "n => !document.querySelectorAll('audio')[n].paused"
RESTS = "n => document.querySelectorAll('audio')[n].paused"


# A second of a quiet sine.
TONE = bytes(128 + round(20 * math.sin(at / 6)) for at in range(8000))


@pytest.fixture
def stage() -> Stage:
    """Two sets: a FLAC of two seconds below a WAV of eight."""
    stage = Stage()
    files = [
        ("waltz.flac", "audio/flac", flac(88_200), 2.0),
        ("hum.wav", "audio/wav", sound(8, TONE), 8.0),
    ]
    for number, (name, media_type, data, duration_s) in enumerate(files, 1):
        stage.add(given(number, name, media_type, duration_s=duration_s))
        stage.files[name] = (data, media_type)
    return stage


async def at(page: Page) -> float:
    return float(await page.locator("light-box audio").evaluate("a => a.currentTime"))


async def test_a_sound_is_drawn_and_nothing_of_it_is_fetched(
    stage: Stage, open_page: OpenPage
) -> None:
    page = await open_page()
    await expect(page.locator("picture-tile .sound-time")).to_have_text(["8 s", "2 s"])
    await expect(page.locator("picture-tile .open").first).to_have_attribute(
        "aria-label", "Open sound 1 of 1: a copper knot"
    )
    await expect(page.locator("picture-tile .badge")).to_have_count(0)
    await no_violations(page)
    assert stage.fetched == []


async def test_one_sound_plays_at_a_time(open_page: OpenPage) -> None:
    page = await open_page()
    buttons = page.locator(".sound-play")
    await expect(buttons.first).to_have_accessible_name("Play sound 1 of 1: a copper knot")
    box = await buttons.first.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    await buttons.first.click()
    await page.wait_for_function("() => document.querySelector('audio').currentTime > 0")
    await expect(buttons.first).to_have_accessible_name("Pause sound 1 of 1: a copper knot")
    await expect(page.locator(".sound-time").first).to_have_text("0:00 / 0:08")
    await buttons.nth(1).click()
    await page.wait_for_function(PLAYS, arg=1)
    await page.wait_for_function(RESTS, arg=0)
    await expect(page.locator(".sound").first).to_have_attribute("data-state", "paused")
    # It ends, and lies there as before.
    await expect(page.locator(".sound-time").nth(1)).to_have_text("2 s")
    await expect(page.locator("light-box dialog")).to_be_hidden()


async def test_the_keyboard_plays_it(open_page: OpenPage) -> None:
    page = await open_page()
    await page.locator(".sound-play").first.focus()
    await page.keyboard.press("Space")
    await page.wait_for_function(PLAYS, arg=0)
    await page.keyboard.press("Enter")
    await page.wait_for_function(RESTS, arg=0)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "open"


async def test_a_finger_plays_it_without_opening_it(open_page: OpenPage) -> None:
    page = await open_page(width=390, height=844, touch=True)
    await page.locator(".sound-play").first.tap()
    await page.wait_for_function(PLAYS, arg=0)
    await expect(page.locator("light-box dialog")).to_be_hidden()


async def test_it_is_sought_in_the_lightbox_and_rests_when_that_closes(open_page: OpenPage) -> None:
    page = await open_page()
    await page.locator(".sound-play").first.click()
    await page.wait_for_function(PLAYS, arg=0)
    await page.locator("picture-tile .open").first.click(position={"x": 20, "y": 20})
    slider = page.locator("light-box .sound-seek")
    await expect(slider).to_be_enabled()
    await page.wait_for_function(RESTS, arg=0)
    await slider.focus()
    await page.keyboard.press("ArrowRight")
    assert await at(page) == 5.0
    await expect(slider).to_have_attribute("aria-valuetext", "0:05 of 0:08")
    await expect(page.locator("light-box .num").first).to_have_text("1 / 1")
    await page.keyboard.press("Home")
    await page.wait_for_function(
        "() => document.querySelector('light-box audio').currentTime === 0"
    )
    await page.locator("light-box .sound-play").click()
    await page.wait_for_function("() => document.querySelector('light-box audio').currentTime > 0")
    await no_violations(page)
    await page.keyboard.press("Escape")
    await page.wait_for_function("() => document.querySelector('light-box audio').paused")


async def test_a_sound_can_be_saved_and_not_varied(open_page: OpenPage) -> None:
    page = await open_page()
    await page.locator("picture-tile .open").first.click(position={"x": 20, "y": 20})
    async with page.expect_download() as saved:
        await page.keyboard.press("d")
    assert (await saved.value).suggested_filename.endswith("hum.wav")
    await expect(page.locator("light-box [data-do=upscale]")).to_have_count(0)
    await expect(page.locator("light-box .used")).to_contain_text("8.0 s")


async def test_a_sound_that_cannot_be_played_says_so(stage: Stage, open_page: OpenPage) -> None:
    stage.files["hum.wav"] = (b"nothing", "audio/wav")
    page = await open_page()
    await page.locator(".sound-play").first.click()
    await expect(page.locator(".nth").first).to_have_text("This sound cannot be played here.")
