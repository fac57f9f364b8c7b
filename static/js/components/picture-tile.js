// @ts-check
// <picture-tile>: one place for a picture, from the empty well over live previews to the picture.
//   tile.update(view, job, { sizes, eager });  tile.preview(blob);
// Wishes: `wish` {what, job, index, from}; `what` is "open", or one of picture-actions.js.

import { icon, say, template, wish } from "../dom.js";
import { chipOf, isStill, kindOf, moves } from "../media.js";
import { mediaElement, play } from "../media-view.js";
import { alt } from "../set-view.js";

const WIDTHS = [160, 320, 480, 640, 960, 1280];
const LONG_PRESS_MS = 400;
const STILL_PX = 10;
const GONE = [404, 410];
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

const OPEN = template('<a class="open"></a>');
const STARRED = template(`<span class="starred">${icon("star")}</span>`);
const CHIP = template('<span class="badge plain"></span>');
const NUMBER = template('<span class="nth"></span>');
const PLACE = template('<div class="line-up"><b></b> <span>in line</span></div>');
const BADGE = template(`<span class="badge"><svg class="ring" viewBox="0 0 20 20" aria-hidden="true">
  <circle cx="10" cy="10" r="8" pathLength="100"/><circle cx="10" cy="10" r="8" pathLength="100"/></svg><span></span></span>`);
/** @param {string} what @param {string} name @param {string} label @param {string} [more] */
const command = (what, name, label, more = "") =>
  `<button type="button" class="ib" data-do="${what}" aria-label="${label}" ${more}>${icon(name)}</button>`;
/** Why a file of a kind does not show. @type {Record<string, string>} */
const BROKEN = { model: "A 3D model, without a poster.", audio: "This sound cannot be played here." };
const SHOWN = ":is(.pic, .preview)";
const OPENS = 'aria-haspopup="dialog"';
const BAR = template(`<div class="over">${[
  command("vary-subtle", "subtle", "Vary, subtle (V)"), command("vary-strong", "strong", "Vary, strong (Shift V)"),
  command("upscale", "upscale", "Upscale 2× (U)"), command("zoom", "zoom", "Zoom out (Z)", OPENS),
  command("repaint", "region", "Repaint a part (E)"), command("star", "star", "Star (S)"), command("menu", "more", "More (M)", OPENS),
].join("")}</div>`);

/** A small copy of a picture; "" of what has none. @param {string|null} thumbnail @param {number} width */
export const thumbnail = (thumbnail, width) => (thumbnail ? `${thumbnail}?w=${width}` : "");

/** Resolves when what is moving in an element has come to rest. @param {Element} element */
const atRest = (element) => Promise.allSettled(element.getAnimations().map((animation) => animation.finished));

export class PictureTile extends HTMLElement {
  /** @type {import("../set-view.js").Tile|null} */ view = null;
  /** @type {import("../api.js").Job|null} */ job = null;
  #url = "";
  /** Why the picture does not show; "" when it does, or may yet. */ #broken = "";
  #tries = 0;
  #live = false; // this place was seen empty: its picture arrives, it is not merely loaded
  #decoding = false;
  /** @type {Blob|null} */ #next = null;
  /** @type {Record<string, HTMLElement>} */ #parts = {};

  connectedCallback() {
    if (this.classList.contains("tile")) return;
    this.classList.add("tile");
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("pointerenter", ({ pointerType }) => pointerType === "mouse" && this.#pointed(true));
    this.addEventListener("pointerleave", () => this.#pointed(false));
    this.addEventListener("focusin", () => this.#pointed(true));
    this.addEventListener("focusout", () => this.#pointed(false));
    this.addEventListener("pointerdown", (event) => this.#pressed(event));
  }

  /**
   * @param {import("../set-view.js").Tile} view @param {import("../api.js").Job} job
   * @param {{sizes: string, eager: boolean}} how
   */
  update(view, job, how) {
    this.view = view;
    this.job = job;
    this.dataset.state = view.state;
    if (view.state !== "succeeded") this.#live = true;
    this.#picture(how);
    this.#part("open", view.image !== null, OPEN, (open) => {
      const opened = alt(job, view.index);
      open.setAttribute("href", view.image?.url ?? "");
      open.setAttribute("aria-label", `Open ${opened[0].toLowerCase()}${opened.slice(1)}`);
    });
    this.#part("starred", view.starred && view.image !== null, STARRED);
    this.#part("badge", view.ring !== null, BADGE, (badge) => {
      /** @type {SVGElement} */ (badge.querySelector("circle:last-child")).style.setProperty("--p", String(view.ring));
      say(/** @type {Element} */ (badge.lastElementChild), view.chip);
    });
    this.#part("place", view.state === "queued" && view.place !== "", PLACE, (line) =>
      say(/** @type {Element} */ (line.firstElementChild), view.place));
    const chip = view.image && kindOf(view.image) !== "audio" && !this.#broken ? chipOf(view.image) : "";
    this.#part("chip", chip !== "", CHIP, (badge) => say(badge, chip));
    const empty = view.image === null && view.ring === null && !view.place;
    this.#part("number", empty || this.#broken !== "", NUMBER, (nth) => say(nth, this.#words(view)));
    this.#parts.bar?.querySelector("[data-do=star]")?.setAttribute("aria-pressed", String(view.starred));
    if (!view.image) this.#part("bar", false, BAR);
    if (!view.image && job.state !== "running") this.#clear("img.preview");
  }

  /** What stands in a place without a picture. @param {import("../set-view.js").Tile} view */
  #words({ state, index }) {
    if (this.#broken) return this.#broken;
    return state === "expired" ? "Removed by your retention rule." : String(index + 1);
  }

  /** A newer preview, faded over the one before; when they come too fast, the newest wins. @param {Blob} blob */
  async preview(blob) {
    this.#next = blob;
    if (this.#decoding) return;
    this.#decoding = true;
    while (this.#next) {
      const image = new Image();
      image.className = "preview";
      image.alt = "";
      image.src = URL.createObjectURL(this.#next);
      this.#next = null;
      const decoded = await image.decode().then(() => true, () => false);
      URL.revokeObjectURL(image.src);
      // the picture itself may have come while this was decoded
      if (decoded && !this.querySelector(":scope > .pic[data-shown]")) this.#over(image);
    }
    this.#decoding = false;
  }

  /** Lay an image over what is there; what it covers goes when it has faded in. @param {HTMLImageElement} image */
  async #over(image) {
    const covered = [...this.querySelectorAll(`:scope > ${SHOWN}`)];
    if (covered.length) covered[covered.length - 1].after(image);
    else this.prepend(image);
    await atRest(image);
    for (const below of covered) below.remove();
  }

  /** @param {{sizes: string, eager: boolean}} how */
  #picture(how) {
    const picture = this.view?.image;
    const url = picture?.thumbnail ?? picture?.url ?? "";
    if (url === this.#url) return;
    this.#url = url;
    this.#broken = "";
    if (!picture || !this.job || !this.view) return this.#clear(".pic");
    if (!picture.thumbnail) return this.#media(picture, url);
    const image = new Image();
    image.className = "pic";
    image.alt = alt(this.job, this.view.index);
    if (picture.width && picture.height) [image.width, image.height] = [picture.width, picture.height];
    const live = this.#live;
    if (!live && !how.eager) image.loading = "lazy";
    image.sizes = image.loading === "lazy" ? `auto, ${how.sizes}` : how.sizes;
    image.srcset = WIDTHS.map((width) => `${thumbnail(url, width)} ${width}w`).join(", ");
    image.src = thumbnail(url, 640);
    image.addEventListener("error", () => this.#missing(url, how), { once: true });
    if (live) this.#arrive(image, url);
    else {
      this.#clear(SHOWN);
      this.prepend(image);
      image.addEventListener("load", () => { image.dataset.shown = ""; }, { once: true });
    }
  }

  /** A clip, a sound, a model or a text, which shows itself. @param {import("../api.js").JobImage} file @param {string} url */
  #media(file, url) {
    if (!this.job || !this.view) return;
    const element = mediaElement(file, alt(this.job, this.view.index), { gone: () => {
      if (url !== this.#url || !this.view || !this.job) return;
      this.#broken = BROKEN[kindOf(file)] ?? "This file cannot be shown here.";
      this.#clear(SHOWN);
      this.update(this.view, this.job, { sizes: "", eager: false });
    } });
    element.classList.add("pic");
    this.#clear(SHOWN);
    this.prepend(element);
  }

  /** What moves does so while it is pointed at. @param {boolean} on */
  #pointed(on) {
    if (on) this.#bar();
    const picture = this.view?.image;
    if (!picture || !moves(picture)) return;
    play(this, on);
    const still = this.querySelector(":scope > img.pic");
    if (!(still instanceof HTMLImageElement)) return;
    if (on && !still.dataset.still) {
      still.dataset.still = still.srcset;
      still.srcset = picture.url;
    } else if (!on && still.dataset.still) {
      still.srcset = still.dataset.still;
      delete still.dataset.still;
    }
  }

  /** Gone, or only out of reach for now: then it is asked for again. @param {string} url @param {{sizes: string, eager: boolean}} how */
  async #missing(url, how) {
    const gone = await fetch(thumbnail(url, 640), { method: "HEAD" }).then(({ status }) => GONE.includes(status), () => false);
    if (url !== this.#url || !this.view || !this.job) return;
    this.#broken = gone ? "This file is no longer on the disk." : "This picture is out of reach for now.";
    this.#clear(SHOWN);
    this.update(this.view, this.job, how);
    if (gone) return;
    this.#tries += 1;
    setTimeout(() => {
      if (url !== this.#url || !this.view || !this.job || !this.isConnected) return;
      this.#url = "";
      this.update(this.view, this.job, how);
    }, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#tries - 1)));
  }

  /** The last preview stays until the picture can be painted at once. @param {HTMLImageElement} image @param {string} url */
  async #arrive(image, url) {
    await image.decode().catch(() => {});
    if (!image.naturalWidth || url !== this.#url) return;
    image.dataset.shown = "live";
    this.#over(image);
  }

  /** @param {string} selector */
  #clear(selector) {
    for (const element of this.querySelectorAll(`:scope > ${selector}`)) element.remove();
  }

  /**
   * @param {string} name @param {boolean} there @param {() => HTMLElement} make
   * @param {(part: HTMLElement) => void} [fill]
   */
  #part(name, there, make, fill) {
    if (!there) {
      this.#parts[name]?.remove();
      delete this.#parts[name];
      return;
    }
    if (!this.#parts[name]) this.append((this.#parts[name] = make()));
    fill?.(this.#parts[name]);
  }

  /** The bar is made when the tile is first pointed at: a thousand sets carry none. */
  #bar() {
    if (!this.view?.image || this.job?.deleted_at) return;
    this.#part("bar", true, BAR);
    this.#parts.bar.classList.toggle("few", !isStill(this.view.image));
    this.#parts.bar.querySelector("[data-do=star]")?.setAttribute("aria-pressed", String(this.view.starred));
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const button = event.target.closest("[data-do], .open");
    if (!(button instanceof HTMLElement)) return;
    event.preventDefault();
    this.ask(button.dataset.do ?? "open", button);
  }

  /** @param {string} what @param {Element} [from] */
  ask(what, from = this) {
    if (this.view?.image && this.job) wish(this, "wish", { what, job: this.job.id, index: this.view.index, from });
  }

  /** A long press by touch opens the menu. @param {PointerEvent} down */
  #pressed(down) {
    if (down.pointerType === "mouse" || !this.view?.image) return;
    const over = new AbortController();
    const timer = setTimeout(() => {
      over.abort();
      this.ask("menu");
    }, LONG_PRESS_MS);
    over.signal.addEventListener("abort", () => clearTimeout(timer));
    const { signal } = over;
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => over.abort(), { signal });
    addEventListener("pointermove", ({ clientX, clientY }) => {
      if (Math.hypot(clientX - down.clientX, clientY - down.clientY) > STILL_PX) over.abort();
    }, { signal });
    this.addEventListener("contextmenu", (event) => event.preventDefault(), { once: true });
  }
}
