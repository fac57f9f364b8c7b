// @ts-check
// <light-box>: one picture as large as fits, or beside another one, its filmstrip, and the panel of its set.
//   box.update(store, place.picture, now);  box.compare(true);  box.family(family);
// Wishes: `go` {picture: {job, index} | null}, `wish` {what, job, index, from}, `page-dialog` {name: "keys"},
// `family` {job} when another set is opened.

import { icon, isField, part, reconcile, say, template, wish } from "../dom.js";
import { deed, source } from "../lineage.js";
import { chipOf, kindOf, nameOf } from "../media.js";
import { mediaElement } from "../media-view.js";
import { keyed } from "../picture-actions.js";
import { alt, pictureCount, ratio } from "../set-view.js";
import { hush } from "../sound-view.js";
import { BoxPanel } from "./box-panel.js";
import { thumbnail } from "./picture-tile.js";

const SWIPE_PX = 48;
const DRAG_DOWN_PX = 96;
/** Keys that a slider keeps for itself. */
const SLIDES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

const BODY = template(`<dialog class="box" tabindex="-1"><div class="stage"><div class="head">
    <button type="button" class="ib" data-go="close" aria-label="Close (Esc)">${icon("close")}</button>
    <span class="num" aria-live="polite"></span>
    <span class="hints"><span><kbd>Space</kbd>next</span><button type="button" data-go="compare" aria-pressed="false"><kbd>C</kbd>compare</button>
      <span><kbd>?</kbd>all keys</span></span></div>
  <div class="mat"><button type="button" class="ib prev" data-go="-1" aria-label="Previous picture (←)">${icon("left")}</button>
    <figure class="other" hidden><div class="pic-frame"></div><figcaption></figcaption></figure>
    <figure class="this"><div class="pic-frame"></div><figcaption hidden></figcaption></figure>
    <button type="button" class="ib next" data-go="1" aria-label="Next picture (→)">${icon("right")}</button></div>
  <div class="strip" role="group" aria-label="Pictures of this set"></div></div></dialog>`);
const CELL = template('<button type="button"><img alt=""><span class="num"></span></button>');

/**
 * @typedef {import("../api.js").Job} Job
 * @typedef {import("../api.js").JobImage} JobImage
 * @typedef {{job: string, index: number}} Picture
 */

export class LightBox extends HTMLElement {
  #panel = new BoxPanel();
  /** @type {Picture|null} */ #picture = null;
  /** @type {Picture[]} */ #all = [];
  #url = "";
  #comparing = false;
  /** @type {import("../lineage.js").Family|null} */ #family = null;
  /** Shows the same anew, with what has changed here. */
  #again = () => {};
  /** The set whose family was asked for. */
  #asked = "";

  connectedCallback() {
    if (this.firstElementChild) return;
    const dialog = /** @type {HTMLDialogElement} */ (BODY());
    dialog.append(this.#panel);
    this.append(dialog);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      wish(this, "go", { picture: null });
    });
    dialog.addEventListener("click", (event) => {
      const button = event.target instanceof Element && event.target.closest("[data-go]");
      if (button instanceof HTMLElement) this.#go(button.dataset.go ?? "");
    });
    dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#swipes(/** @type {HTMLElement} */ (dialog.querySelector(".mat")));
  }

  get dialog() {
    return /** @type {HTMLDialogElement} */ (this.firstElementChild);
  }

  /** @param {import("../store.js").State} state @param {Picture|null} picture @param {Date} now */
  update(state, picture, now) {
    this.#again = () => this.update(state, picture, now);
    const job = picture && state.jobs.get(picture.job);
    const image = job?.images.find(({ index }) => index === picture?.index);
    if (!picture || !job || !image) {
      this.#picture = null;
      this.#url = "";
      this.#asked = "";
      this.#comparing = false;
      if (this.dialog.open) {
        this.dialog.close();
        hush(this.dialog);
      }
      return;
    }
    this.#picture = picture;
    const ids = state.list.includes(job.id) ? state.list : [job.id];
    this.#all = ids.flatMap((id) => (state.jobs.get(id)?.images ?? []).map(({ index }) => ({ job: id, index })));
    const dialog = this.dialog;
    dialog.setAttribute("aria-label", `${nameOf(image)} ${image.index + 1} of ${pictureCount(job)}`);
    dialog.style.setProperty("--r", ratio(job).toFixed(4));
    say(/** @type {Element} */ (dialog.querySelector(".num")), `${image.index + 1} / ${pictureCount(job)}`);
    if (!dialog.open) {
      dialog.showModal();
      dialog.focus(); // not its first button: Space goes to the next picture
    }
    if (this.#asked !== job.id) {
      this.#asked = job.id;
      this.#family = null;
      wish(this, "family", { job: job.id });
    }
    this.#show(job, image);
    this.#pair(job, image, state.jobs);
    this.#strip(job, image.index);
    this.#panel.update(job, image, { jobs: state.jobs, family: this.#family, now });
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (dialog.querySelectorAll(".mat > .ib"))) {
      button.disabled = !this.#beside(Number(button.dataset.go));
    }
  }

  /** The thumbnail at once, the whole picture over it when it can be painted. @param {Job} job @param {JobImage} image */
  #show(job, image) {
    if (this.#url === image.url) return;
    this.#url = image.url;
    fill(part(this.dialog, ".this .pic-frame"), job, image).then(() => {
      const next = this.#beside(1);
      const ahead = next?.job === job.id && job.images.find(({ index }) => index === next.index);
      if (ahead && kindOf(ahead) === "image") new Image().src = ahead.url;
    }).catch(() => {}); // left before it came, or gone from the disk: the thumbnail stays
    this.dialog.scrollTop = 0;
  }

  /**
   * The other picture, when two are compared: the one that this grew from, else its neighbor in the set.
   * @param {Job} job @param {JobImage} image @param {ReadonlyMap<string, Job>} jobs
   */
  #compared(job, image, jobs) {
    const from = source(job);
    const parent = from && jobs.get(from.job);
    const grown = parent?.images.find(({ index }) => index === from?.image);
    const at = job.images.indexOf(image);
    const next = job.images[at - 1] ?? job.images[at + 1];
    const name = (/** @type {JobImage} */ one) => `Picture ${one.index + 1}`;
    if (parent && grown) {
      const many = pictureCount(parent) > 1 ? `, picture ${grown.index + 1}` : "";
      return { job: parent, image: grown, name: `Before: set ${parent.number}${many}`, own: `After: ${deed(job, parent)?.name.toLowerCase()}` };
    }
    return next ? { job, image: next, name: name(next), own: name(image) } : null;
  }

  /** @param {Job} job @param {JobImage} image @param {ReadonlyMap<string, Job>} jobs */
  #pair(job, image, jobs) {
    const other = this.#compared(job, image, jobs);
    const on = this.#comparing && other !== null;
    const dialog = this.dialog;
    const button = part(dialog, "[data-go=compare]");
    button.hidden = other === null;
    button.setAttribute("aria-pressed", String(on));
    part(dialog, ".mat").classList.toggle("pair", on);
    const figure = part(dialog, ".other");
    figure.hidden = !on;
    part(dialog, ".this figcaption").hidden = !on;
    if (!on || !other) return;
    say(part(figure, "figcaption"), other.name);
    say(part(dialog, ".this figcaption"), other.own);
    figure.style.setProperty("--r", ((other.image.width ?? 1) / (other.image.height ?? 1)).toFixed(4));
    if (figure.dataset.url === other.image.url) return;
    figure.dataset.url = other.image.url;
    fill(part(figure, ".pic-frame"), other.job, other.image).catch(() => {});
  }

  /** Two pictures, or one. @param {boolean} on */
  compare(on) {
    this.#comparing = on;
    this.#again();
  }

  /** What the server says of the set's family. @param {string} job @param {import("../lineage.js").Family} family */
  family(job, family) {
    if (job !== this.#asked) return;
    this.#family = family;
    this.#again();
  }

  /** @param {Job} job @param {number} current */
  #strip(job, current) {
    const strip = /** @type {HTMLElement} */ (this.dialog.querySelector(".strip"));
    const keys = job.images.map((image) => image.thumbnail ?? image.url);
    strip.style.visibility = keys.length > 1 ? "visible" : "hidden";
    reconcile(strip, keys, () => CELL(), (cell, key, at) => {
      const one = job.images[at];
      const { index } = one;
      cell.setAttribute("aria-label", `${nameOf(one)} ${index + 1}`);
      cell.dataset.go = `#${index}`;
      const image = /** @type {HTMLImageElement} */ (cell.firstElementChild);
      image.hidden = !one.thumbnail;
      if (one.thumbnail && !image.src) image.src = thumbnail(key, 320);
      say(/** @type {Element} */ (cell.lastElementChild), one.thumbnail ? "" : chipOf(one) || nameOf(one));
      if (index === current) cell.setAttribute("aria-current", "true");
      else cell.removeAttribute("aria-current");
    });
    const cell = strip.querySelector("[aria-current]");
    if (cell instanceof HTMLElement) strip.scrollLeft = cell.offsetLeft - strip.clientWidth / 2;
  }

  /** @param {number} step @returns {Picture|undefined} */
  #beside(step) {
    const here = this.#picture;
    const at = this.#all.findIndex(({ job, index }) => job === here?.job && index === here.index);
    return at < 0 ? undefined : this.#all[at + step];
  }

  /** @param {string} where close, a step, or #index */
  #go(where) {
    if (where === "compare") return this.compare(!this.#comparing);
    if (where === "close") return wish(this, "go", { picture: null });
    const here = where.startsWith("#") && { job: this.#picture?.job, index: Number(where.slice(1)) };
    const picture = here || this.#beside(Number(where));
    if (picture) wish(this, "go", { picture });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isField(event.target)) return;
    if (event.target instanceof HTMLInputElement && SLIDES.includes(event.key)) return;
    const what = event.key === " " ? undefined : keyed(event);
    const onButton = event.target instanceof Element && event.target.closest("button, a") !== null;
    if (event.key === "ArrowRight" || (event.key === " " && !onButton && !event.shiftKey)) this.#go("1");
    else if (event.key === "ArrowLeft" || (event.key === " " && !onButton)) this.#go("-1");
    else if (event.key === "?") wish(this, "page-dialog", { name: "keys" });
    else if (what === "compare") this.#go(what);
    else if (what && this.#picture) wish(this, "wish", { what, ...this.#picture, from: this.#button(what) });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Where what asks for a choice opens: at the button that says the same. @param {string} what */
  #button(what) {
    return this.dialog.querySelector(`.cmds [data-do="${what}"]`) ?? part(this.dialog, ".head");
  }

  /** Sideways to the next picture, down to close. @param {HTMLElement} mat */
  #swipes(mat) {
    /** @type {Touch|null} */
    let start = null;
    const frame = part(mat, ".this");
    /** @param {TouchEvent} event */
    const moved = (event) => {
      const { clientX = 0, clientY = 0 } = event.changedTouches[0] ?? {};
      return start ? { dx: clientX - start.clientX, dy: clientY - start.clientY } : { dx: 0, dy: 0 };
    };
    mat.addEventListener("touchstart", (event) => {
      const slides = event.target instanceof HTMLInputElement;
      start = !slides && event.touches.length === 1 && (visualViewport?.scale ?? 1) === 1 ? event.touches[0] : null;
    }, { passive: true });
    mat.addEventListener("touchmove", (event) => {
      const { dx, dy } = moved(event);
      if (Math.abs(dx) > Math.abs(dy)) frame.style.translate = `${dx}px 0`;
      else if (dy > 0 && this.dialog.scrollTop === 0) frame.style.translate = `0 ${dy}px`;
    }, { passive: true });
    mat.addEventListener("touchend", (event) => {
      const { dx, dy } = moved(event);
      frame.style.translate = "";
      if (Math.abs(dx) > SWIPE_PX && Math.abs(dx) > Math.abs(dy)) this.#go(dx < 0 ? "1" : "-1");
      else if (dy > DRAG_DOWN_PX && this.dialog.scrollTop === 0) this.#go("close");
    });
    mat.addEventListener("touchcancel", () => { frame.style.translate = ""; });
  }
}

/**
 * The thumbnail at once, the whole picture over it when it can be painted; resolves then.
 * @param {Element} frame @param {Job} job @param {JobImage} image
 */
async function fill(frame, job, image) {
  frame.classList.toggle("tells", kindOf(image) === "text");
  frame.classList.toggle("sounds", kindOf(image) === "audio");
  if (kindOf(image) !== "image") {
    hush(document); // it goes on here, if at all
    const gone = document.createElement("p");
    gone.className = "told";
    gone.textContent = "This file cannot be shown here. Download it with D.";
    frame.replaceChildren(mediaElement(image, alt(job, image.index), { large: true, gone: () => frame.replaceChildren(gone) }));
    return;
  }
  const rough = new Image();
  rough.src = thumbnail(image.thumbnail, 640);
  rough.alt = "";
  const full = new Image();
  full.className = "full";
  full.alt = alt(job, image.index);
  full.src = image.url;
  frame.replaceChildren(rough, full);
  await full.decode();
  full.dataset.shown = "";
}
