"""The videos of the sketch engine in a browser: they play, and show what was painted."""

import base64
from typing import Any

from playwright.async_api import Browser

from imagine.sketch.film import Camera, film
from imagine.sketch.painter import Brief, paint
from imagine.sketch.webm import webm

# Plays to the end, then looks at a frame in the middle: its size, and how far its colors spread.
LOOK = """
async (source) => {
  const video = document.createElement("video");
  video.muted = true;
  const ended = new Promise((resolve, reject) => {
    video.addEventListener("ended", () => resolve());
    video.addEventListener("error", () => reject(new Error(video.error.message)));
  });
  video.src = source;
  video.playbackRate = 4;
  await video.play();
  await ended;
  video.currentTime = 0.5;
  await new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  let [low, high] = [255, 0];
  for (let at = 0; at < data.length; at += 4) {
    low = Math.min(low, data[at]);
    high = Math.max(high, data[at]);
  }
  const { duration, videoWidth, videoHeight } = video;
  return { duration, videoWidth, videoHeight, spread: high - low };
}
"""


async def test_a_film_of_the_sketch_engine_plays(browser: Browser):
    scene = paint(Brief(phrases=(("a lighthouse by the sea", 1.0),), avoid="", seed=3), 320, 192)
    data = webm(film(scene, scene, Camera.said("zoom in", "k"), 17), fps=16)
    page = await browser.new_page()
    try:
        source = f"data:video/webm;base64,{base64.b64encode(data).decode()}"
        seen: dict[str, Any] = await page.evaluate(LOOK, source)
    finally:
        await page.close()
    assert abs(seen["duration"] - 17 / 16) < 0.01
    assert (seen["videoWidth"], seen["videoHeight"]) == (320, 192)
    assert seen["spread"] > 100
