// @ts-check
// How a sound is shown: a drawn poster with its length, a button that plays it, and a line or, large, a slider of where
// it is. Nothing is fetched of a small one before it is played, and one is heard at a time on the whole page.

import { icon, part, say, template } from "./dom.js";
import { chipOf, clockOf } from "./media.js";

/** @typedef {import("./api.js").JobImage} JobImage */

/** The slider counts in these; an arrow key goes further. Units: seconds. */
const STEP_S = 0.1;
const ARROW_S = 5;
/** @type {Record<string, number>} */
const STEPS = { ArrowRight: ARROW_S, ArrowUp: ARROW_S, ArrowLeft: -ARROW_S, ArrowDown: -ARROW_S };
const LINE = '<span class="sound-line"></span>';
const SLIDER = `<input type="range" class="sound-seek" min="0" step="${STEP_S}" value="0" aria-label="Where it is">`;
/** @param {string} where */
const poster = (where) => template(`<div class="sound" role="group">${icon("sound")}
  <button type="button" class="sound-play">${icon("play")}${icon("pause")}</button>
  <span class="sound-time"></span>${where}<audio></audio></div>`);
const SMALL = poster(LINE);
const LARGE = poster(SLIDER);

/**
 * An element that plays a sound. @param {JobImage} image @param {string} label
 * @param {boolean} large @param {() => void} gone it cannot be played
 */
export function soundElement(image, label, large, gone) {
  const element = (large ? LARGE : SMALL)();
  const audio = /** @type {HTMLAudioElement} */ (part(element, "audio"));
  const button = part(element, "button");
  element.classList.toggle("large", large);
  element.ariaLabel = label;
  element.dataset.shown = "";
  audio.preload = large ? "metadata" : "none";
  audio.src = image.url;
  const length = () => (Number.isFinite(audio.duration) ? audio.duration : image.duration_s ?? 0);
  const tell = () => {
    const { currentTime: at, paused } = audio;
    const whole = length();
    element.dataset.state = paused ? (at ? "paused" : "") : "playing";
    element.style.setProperty("--at", String(whole ? Math.min(1, at / whole) : 0));
    button.ariaLabel = `${paused ? "Play" : "Pause"} ${label[0].toLowerCase()}${label.slice(1)}`;
    const total = whole ? clockOf(whole) : "";
    const rests = paused && !at && !large;
    say(part(element, ".sound-time"), rests ? chipOf(image) : [clockOf(at), total].filter(Boolean).join(" / "));
  };
  if (large) seeks(/** @type {HTMLInputElement} */ (part(element, "input")), audio, length, tell);
  button.addEventListener("click", () => (audio.paused ? audio.play().catch(() => {}) : audio.pause()));
  for (const type of ["play", "pause", "timeupdate", "durationchange", "seeked"]) audio.addEventListener(type, tell);
  audio.addEventListener("play", () => hushBeside(audio));
  audio.addEventListener("ended", () => {
    audio.currentTime = 0;
    tell();
  });
  audio.addEventListener("error", gone, { once: true });
  tell();
  return element;
}

/** @param {HTMLInputElement} slider @param {HTMLAudioElement} audio @param {() => number} length @param {() => void} tell */
function seeks(slider, audio, length, tell) {
  const follow = () => {
    const whole = length();
    slider.disabled = !whole;
    slider.max = String(whole || 1);
    slider.value = String(audio.currentTime);
    slider.style.setProperty("--p", String(whole ? audio.currentTime / whole : 0));
    slider.ariaValueText = `${clockOf(audio.currentTime)} of ${clockOf(whole)}`;
  };
  /** @param {number} to */
  const go = (to) => {
    audio.currentTime = Math.max(0, Math.min(length(), to));
    follow();
    tell();
  };
  slider.addEventListener("input", () => go(Number(slider.value)));
  slider.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(audio.currentTime + step);
  });
  for (const type of ["timeupdate", "durationchange", "seeked"]) audio.addEventListener(type, follow);
  follow();
}

/** Let all that is heard rest, but for one. @param {HTMLMediaElement} one */
export function hushBeside(one) {
  for (const other of document.querySelectorAll("audio, video")) {
    if (other instanceof HTMLMediaElement && other !== one && !other.muted) other.pause();
  }
}

/** Let all sounds and clips of a part of the page rest. @param {ParentNode} within */
export function hush(within) {
  for (const one of within.querySelectorAll("audio, video")) if (one instanceof HTMLMediaElement) one.pause();
}
