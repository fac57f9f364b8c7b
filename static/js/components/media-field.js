// @ts-check
// <media-field>: a video or a sound for a workflow. A video is a small one without its sound, which plays while it is
// pointed at or has the focus; a press starts and stops it.

import { playsWhenPointed } from "../clip-play.js";
import { icon, part, say, template } from "../dom.js";
import { bytes } from "../format.js";
import { chipOf } from "../media.js";
import { mediaElement, play } from "../media-view.js";
import { hushBeside } from "../sound-view.js";
import { FileField } from "./file-field.js";

/** @typedef {import("../form-values.js").Picture} Picture */
/** @typedef {import("./file-field.js").Coming} Coming */

const ITEM = template(`<li class="clip-item"><div class="clip-show"></div>
  <p class="clip-facts"><b></b><span></span></p><button type="button" class="ib" data-do="remove">${icon("close")}</button></li>`);
const ON_ITS_WAY = template(`<span class="clip-ring" role="progressbar" aria-valuemin="0" aria-valuemax="100"><svg class="ring" viewBox="0 0 20 20" aria-hidden="true">
  <circle cx="10" cy="10" r="8" pathLength="100"/><circle cx="10" cy="10" r="8" pathLength="100"/></svg></span>`);
const CLIP = template(`<button type="button" class="clip" aria-pressed="false"><span class="badge">${icon("play")}</span></button>`);
const LOST = template('<p class="clip-lost"></p>');
const GONE = [404, 410];

export class MediaField extends FileField {
  /** @override */
  item() {
    return ITEM();
  }

  /** @override @param {HTMLElement} item @param {import("./file-field.js").Shown} shown @param {string} label */
  draw(item, { here, coming }, label) {
    const remove = part(item, "[data-do=remove]");
    if (coming) this.#sending(item, coming);
    else if (here && !part(item, ".clip-show").firstElementChild) this.#show(item, here, label);
    say(part(item, "b"), (coming ? coming.file.name : here?.name) ?? "");
    remove.setAttribute("aria-label", coming ? `Cancel sending ${coming.file.name || label}` : `Remove ${label}`);
  }

  /** @param {HTMLElement} item @param {Coming} coming */
  #sending(item, { file, part: done }) {
    const place = part(item, ".clip-show");
    if (!place.firstElementChild) place.append(ON_ITS_WAY());
    const bar = part(place, "[role=progressbar]");
    bar.setAttribute("aria-label", `Sending ${file.name || "the file"}`);
    bar.setAttribute("aria-valuenow", String(Math.round(done * 100)));
    /** @type {SVGElement} */ (part(bar, "circle:last-child")).style.setProperty("--p", String(Math.round(done * 100)));
    say(part(item, ".clip-facts span"), done < 1 ? `${bytes(file.size * done)} of ${bytes(file.size)}` : `${bytes(file.size)} sent, being looked at`);
  }

  /** @param {HTMLElement} item @param {Picture} here @param {string} label */
  #show(item, here, label) {
    const place = part(item, ".clip-show");
    const lost = async () => {
      const gone = await fetch(here.url, { method: "HEAD" }).then(({ status }) => GONE.includes(status), () => false);
      const words = LOST();
      say(words, gone ? "This file is no longer on the disk. Choose another." : "This browser cannot play it. It is sent as it is.");
      place.replaceChildren(words);
    };
    const media = this.takes.kind === "video" ? this.#clip(place, here, label, lost) : this.#sound(place, here, label, lost);
    const tell = () => say(part(item, ".clip-facts span"), factsOf(here, media));
    media.addEventListener("loadedmetadata", () => {
      if (media instanceof HTMLVideoElement && media.videoWidth) place.style.setProperty("--r", String(media.videoWidth / media.videoHeight));
      tell();
    });
    tell();
  }

  /** @param {HTMLElement} place @param {Picture} here @param {string} label @param {() => void} gone */
  #clip(place, here, label, gone) {
    const media_type = "video/*";
    const video = /** @type {HTMLVideoElement} */ (mediaElement({ ...empty, ...here, media_type }, label, { gone }));
    const button = CLIP();
    button.setAttribute("aria-label", `Play ${label}`);
    if (here.width && here.height) place.style.setProperty("--r", String(here.width / here.height));
    for (const type of ["play", "pause"]) video.addEventListener(type, () => button.setAttribute("aria-pressed", String(!video.paused)));
    button.prepend(video);
    button.addEventListener("click", () => (video.paused ? play(button, true) : video.pause()));
    playsWhenPointed(button);
    place.append(button);
    return video;
  }

  /** @param {HTMLElement} place @param {Picture} here @param {string} label @param {() => void} gone */
  #sound(place, here, label, gone) {
    const sound = new Audio();
    sound.controls = true;
    sound.preload = "metadata";
    sound.ariaLabel = label;
    sound.addEventListener("play", () => hushBeside(sound));
    sound.addEventListener("error", gone, { once: true });
    sound.src = here.url;
    place.append(sound);
    return sound;
  }
}

const empty = { index: 0, seed: null, bytes: 0 };

/** Its length, and the size of a video in pixels: as the server told them, else as the browser finds them. @param {Picture} here @param {HTMLMediaElement} media */
function factsOf({ width, height, duration_s: told }, media) {
  const length = told || (Number.isFinite(media.duration) ? media.duration : 0);
  const wide = width || (media instanceof HTMLVideoElement ? media.videoWidth : 0);
  const high = height || (media instanceof HTMLVideoElement ? media.videoHeight : 0);
  return [length ? chipOf({ ...empty, url: "", thumbnail: null, width, height, media_type: "", duration_s: length }) : "", wide && high ? `${wide}×${high}` : ""].filter(Boolean).join(" · ");
}
