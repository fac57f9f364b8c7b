// @ts-check
// <job-set>: one set: its tiles, the caption beside them, and what stopped it.
//   set.update(job, { parent, queue, taken, still, canceling, hint, now, eager });  set.preview(index, blob);
// Wishes: those of its tiles and caption, and `wish` {what: "retry", job}.

import { icon, reconcile, say, template, wish } from "../dom.js";
import { columns, tileWidth } from "../format.js";
import { pictureCount, ratio, stopped, tiles } from "../set-view.js";
import { isActive } from "../store.js";
import { PictureTile } from "./picture-tile.js";
import { SetCaption } from "./set-caption.js";

const BODY = template('<article class="set" tabindex="-1"><div class="tiles"></div></article>');
const STOPPED = template(`<div class="fail"><p>${icon("alert")}<span></span></p><p></p>
  <div class="row"><button type="button" class="act"></button></div></div>`);

/**
 * @typedef {{parent: import("../api.js").Job|undefined, queue: import("../api.js").Queue, taken: number, still: string|null,
 *   canceling: boolean, hint: string, now: Date, eager: boolean}} Around
 */

export class JobSet extends HTMLElement {
  /** @type {import("../api.js").Job|null} */ job = null;
  /** What it was last shown of the line; the feed compares it. */ line = "";
  /** The set that it grew from, when it is known. @type {import("../api.js").Job|undefined} */ parent = undefined;
  #caption = new SetCaption();
  #grid = document.createElement("div");
  #watched = false;

  connectedCallback() {
    if (this.firstElementChild) return;
    const article = BODY();
    this.#grid = /** @type {HTMLDivElement} */ (article.firstElementChild);
    article.append(this.#caption);
    this.append(article);
  }

  /** @param {import("../api.js").Job} job @param {Around} around */
  update(job, around) {
    this.job = job;
    this.parent = around.parent;
    const article = /** @type {HTMLElement} */ (this.firstElementChild);
    article.dataset.state = job.state;
    article.setAttribute("aria-label", `Set ${job.number}`);
    const n = pictureCount(job);
    const r = ratio(job);
    this.#shape(r, n);
    const views = tiles(job, around.queue);
    const sizes = `${tileWidth(r, n, innerWidth, innerHeight)}px`;
    const stop = stopped(job);
    const first = views.findIndex((view) => view.image === null);
    const keys = views.map((view) => String(view.index));
    if (stop && first >= 0) keys.push("stopped");
    if (isActive(job)) this.#watched = true;
    reconcile(this.#grid, keys, (key) => (key === "stopped" ? this.#block() : new PictureTile()), (child, _key, index) => {
      if (child instanceof PictureTile) child.update(views[index], job, { sizes, eager: around.eager });
      else if (stop) this.#stop(child, stop, first, n, r);
    });
    this.#caption.update(job, around);
  }

  /** @param {number} index @param {Blob} blob */
  preview(index, blob) {
    const tile = this.#grid.children[index];
    if (tile instanceof PictureTile && tile.view?.image === null) tile.preview(blob);
  }

  /** Its place is known from the submit answer on. @param {number} r @param {number} n */
  #shape(r, n) {
    const [wide, medium, narrow] = columns(r, n);
    const style = this.style;
    style.setProperty("--r", r.toFixed(4));
    style.setProperty("--count", String(n));
    style.setProperty("--c", String(wide));
    style.setProperty("--cm", String(medium));
    style.setProperty("--cn", String(narrow));
  }

  #block() {
    const block = STOPPED();
    // spoken when it happens under one's eyes, not for each old failure of a page
    if (this.#watched) block.setAttribute("role", "alert");
    block.addEventListener("click", ({ target }) => {
      if (target instanceof HTMLButtonElement) wish(this, "wish", { what: "retry", job: this.job?.id });
    });
    return block;
  }

  /**
   * One block over the places still empty: from the first one on, or, where whole rows are empty, over those.
   * @param {HTMLElement} block @param {NonNullable<ReturnType<typeof stopped>>} stop
   * @param {number} first the first place without a picture @param {number} n @param {number} shape
   */
  #stop(block, stop, first, n, shape) {
    block.classList.toggle("calm", stop.calm);
    block.querySelector("use")?.setAttribute("href", stop.calm ? "#i-stop" : "#i-alert");
    const [sentence, hint] = block.querySelectorAll("p");
    say(/** @type {Element} */ (sentence.lastElementChild), stop.sentence);
    say(hint, stop.hint);
    hint.hidden = !stop.hint;
    const button = /** @type {HTMLButtonElement} */ (block.querySelector("button"));
    say(button, stop.verb);
    button.hidden = Boolean(this.job?.deleted_at);
    columns(shape, n).forEach((k, at) => {
      const suffix = ["", "m", "n"][at];
      const row = Math.floor(first / k) + 1;
      const rest = first % k;
      const below = rest > 0 && Math.ceil(n / k) > row;
      block.style.setProperty(`--fc${suffix}`, String(rest && !below ? rest + 1 : 1));
      block.style.setProperty(`--fr${suffix}`, String(below ? row + 1 : row));
    });
  }
}
