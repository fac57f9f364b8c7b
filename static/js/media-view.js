// @ts-check
// How a finished file that is no still picture is shown: a clip, a sound, a model, a text. Small in a tile, large in the lightbox.

import { kindOf, nameOf } from "./media.js";
import { soundElement } from "./sound-view.js";

/** @typedef {import("./api.js").JobImage} JobImage */

/** Units: px of a poster; the same while it is being turned; bytes; characters of a text in a tile. */
const POSTER = 640;
const TURNING = 360;
const LARGEST_MODEL = 96 * 2 ** 20;
const LONGEST_TEXT = 20_000;
const TURN_PER_PX = 0.01;
const STEEPEST = 1.3;

/**
 * An element that shows a file; `dataset.shown` is set once it does.
 * @param {JobImage} image @param {string} label @param {{large?: boolean, gone?: () => void}} [how] `gone`: it cannot be shown
 * @returns {HTMLElement}
 */
export function mediaElement(image, label, { large = false, gone = () => {} } = {}) {
  switch (kindOf(image)) {
    case "video": return clip(image, label, large, gone);
    case "audio": return soundElement(image, label, large, gone);
    case "model": return model(image, label, large, gone);
    case "text": return text(image, label, large, gone);
    default: return file(image, label);
  }
}

/** Play what is pointed at, from its beginning; and let it rest again. @param {Element} within @param {boolean} on */
export function play(within, on) {
  const video = within.querySelector(":scope > video");
  if (!(video instanceof HTMLVideoElement)) return;
  if (on) video.play().catch(() => {}); // left again before it began
  else {
    video.pause();
    video.currentTime = 0;
  }
}

/** @param {JobImage} image @param {string} label @param {boolean} large @param {() => void} gone */
function clip(image, label, large, gone) {
  const video = document.createElement("video");
  video.ariaLabel = label;
  video.loop = video.playsInline = true;
  video.controls = large;
  video.muted = !large;
  video.autoplay = large && !matchMedia("(prefers-reduced-motion: reduce)").matches;
  video.preload = large ? "auto" : "metadata";
  if (image.width && image.height) [video.width, video.height] = [image.width, image.height];
  video.addEventListener("loadeddata", () => { video.dataset.shown = ""; }, { once: true });
  video.addEventListener("error", gone, { once: true });
  video.src = image.url;
  return video;
}

/** @param {JobImage} image @param {string} label @param {boolean} large @param {() => void} gone */
function model(image, label, large, gone) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = large ? POSTER * 2 : POSTER;
  canvas.role = "img";
  canvas.ariaLabel = label;
  whenSeen(canvas, async () => {
    try {
      if (image.bytes > LARGEST_MODEL) throw new Error("too large for a poster");
      const [{ readGlb }, poster] = await Promise.all([import("./glb.js"), import("./glb-poster.js")]);
      const mesh = readGlb(await read(image.url).then((answer) => answer.arrayBuffer()));
      poster.drawModel(canvas, mesh);
      canvas.dataset.shown = "";
      if (large) turns(canvas, mesh, poster);
    } catch {
      gone();
    }
  });
  return canvas;
}

/** Dragging turns a model; it is rougher while it moves. @param {HTMLCanvasElement} canvas @param {import("./glb.js").Mesh} mesh @param {typeof import("./glb-poster.js")} poster */
function turns(canvas, mesh, { drawModel, FRONT }) {
  const from = { ...FRONT };
  const whole = canvas.width;
  let due = 0;
  /** @param {number} size */
  const draw = (size) => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(() => {
      if (canvas.width !== size) canvas.width = canvas.height = size;
      drawModel(canvas, mesh, from);
    });
  };
  canvas.classList.add("turns");
  canvas.title = "Drag to turn it";
  canvas.addEventListener("pointerdown", (down) => {
    if (down.isTrusted) canvas.setPointerCapture(down.pointerId);
    const over = new AbortController();
    canvas.addEventListener("pointermove", (event) => {
      from.turn += event.movementX * TURN_PER_PX;
      from.tilt = Math.max(-STEEPEST, Math.min(STEEPEST, from.tilt + event.movementY * TURN_PER_PX));
      draw(TURNING);
    }, { signal: over.signal });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => {
      over.abort();
      draw(whole);
    }, { signal: over.signal });
  });
}

/** @param {JobImage} image @param {string} label @param {boolean} large @param {() => void} gone */
function text(image, label, large, gone) {
  const words = document.createElement(large ? "pre" : "p");
  words.className = "told";
  words.ariaLabel = label;
  words.role = "group";
  if (large) words.tabIndex = 0;
  whenSeen(words, () => read(image.url).then((answer) => answer.text()).then((told) => {
    words.textContent = large ? told : told.slice(0, LONGEST_TEXT);
    words.dataset.shown = "";
  }).catch(gone));
  return words;
}

/** @param {JobImage} image @param {string} label */
function file(image, label) {
  const words = document.createElement("p");
  words.className = "told";
  words.ariaLabel = label;
  words.role = "group";
  words.textContent = `${nameOf(image)}, ${image.media_type}`;
  words.dataset.shown = "";
  return words;
}

/** @param {string} url */
async function read(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer;
}

/** What has to be read whole is read when it comes near. @param {Element} element @param {() => void} act */
function whenSeen(element, act) {
  const watcher = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    watcher.disconnect();
    act();
  }, { rootMargin: "200px" });
  watcher.observe(element);
}
