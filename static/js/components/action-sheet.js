// @ts-check
// <action-sheet>: what can be done with a set or one picture of it: a menu at its button, a bottom sheet on phones.
// What asks for a choice has a page of its own in it, or is opened alone.
//   sheet.open(job, index | null, from);  sheet.open(job, index, from, "zoom");
// Wishes: `wish` {what, job, index, …what the page adds}.

import { writeRows } from "../command-rows.js";
import { icon, isField, part, say, template, wish } from "../dom.js";
import { nameOf } from "../media.js";
import { keyed, menuRows } from "../picture-actions.js";
import { pictureCount } from "../set-view.js";
import { SHEET_PAGES } from "../sheet-pages.js";
import { thumbnail } from "./picture-tile.js";

const DRAG_DOWN_PX = 64;
const BODY = template(`<dialog class="sheet"><div class="head">
  <button type="button" class="ib" data-back aria-label="Back">${icon("left")}</button><figure><img alt=""></figure><span></span>
  <button type="button" class="ib" data-close aria-label="Close">${icon("close")}</button></div><div class="page"></div></dialog>`);
const ROWS = template('<div class="cmds"></div>');
const LINE = template("<hr>");

/** @typedef {import("../api.js").Job} Job */

export class ActionSheet extends HTMLElement {
  /** @type {Job|null} */ #job = null;
  /** @type {number|null} */ #index = null;
  /** @type {Element} */ #from = this;
  #page = "";
  /** The page was reached from the menu, and goes back there. */
  #inside = false;
  /** What was pressed since it was opened. @type {EventTarget|null} */
  #pressed = null;

  connectedCallback() {
    if (this.firstElementChild) return;
    const dialog = /** @type {HTMLDialogElement} */ (BODY());
    this.append(dialog);
    dialog.addEventListener("pointerdown", ({ target }) => { this.#pressed = target; });
    dialog.addEventListener("click", ({ target, detail, clientX, clientY }) => {
      // the end of the long press that opened it is no click, neither beside it nor on a row
      if (detail && !this.#pressed) return;
      const button = target instanceof Element && target.closest("button");
      const { left, right, top, bottom } = dialog.getBoundingClientRect();
      const outside = this.#pressed === dialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
      if (outside || (button && button.matches("[data-close]"))) dialog.close();
      else if (button && button.matches("[data-back]")) this.#turn("menu");
      else if (button instanceof HTMLElement && button.dataset.do) this.#chosen(button.dataset.do, {});
    });
    dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#drags(dialog);
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.firstElementChild);
  }

  /**
   * @param {Job} job @param {number|null} index one picture, or the whole set @param {Element} from its button
   * @param {string} [page] one of `PAGES`
   */
  open(job, index, from, page = "menu") {
    this.#job = job;
    this.#index = index;
    this.#from = from;
    this.#inside = false;
    this.#pressed = null;
    this.#fill(page);
    this.#dialog.showModal();
    this.#place();
    this.#enter("[autofocus]");
  }

  /** To another page of the open menu. @param {string} page */
  #turn(page) {
    const before = this.#page;
    this.#inside = page !== "menu";
    this.#fill(page);
    this.#place();
    this.#enter(page === "menu" ? `[data-do="${before}"]` : "[autofocus]");
  }

  /** The first row, or a better one. @param {string} better */
  #enter(better) {
    const dialog = this.#dialog;
    const first = dialog.querySelector(`.page ${better}`) ?? dialog.querySelector(".page button:not(:disabled)");
    if (first instanceof HTMLElement) first.focus();
  }

  /** @param {string} page */
  #fill(page) {
    const job = this.#job;
    if (!job) return;
    this.#page = page;
    const dialog = this.#dialog;
    const index = this.#index;
    const image = job.images.find((one) => one.index === index) ?? job.images[0];
    const name = index === null ? `Set ${job.number}` : `${nameOf(image)} ${index + 1} of ${pictureCount(job)}`;
    const choice = SHEET_PAGES[page];
    dialog.dataset.page = page;
    dialog.setAttribute("aria-label", choice ? choice.title : name);
    say(part(dialog, ".head span"), choice ? choice.title : name);
    part(dialog, "[data-back]").hidden = !this.#inside;
    const figure = part(dialog, "figure");
    figure.hidden = !image?.thumbnail || this.#inside;
    if (image?.thumbnail) /** @type {HTMLImageElement} */ (figure.firstElementChild).src = thumbnail(image.thumbnail, 160);
    part(dialog, ".page").replaceChildren(...(choice && image
      ? [choice.make(image, (what, more) => this.#chosen(what, more), thumbnail(image.thumbnail, 160))]
      : menuRows(job, index).flatMap((rows, at) => {
        const group = ROWS();
        writeRows(group, rows);
        return at ? [LINE(), group] : [group];
      })));
  }

  /** @param {string} what @param {Record<string, unknown>} more */
  #chosen(what, more) {
    if (SHEET_PAGES[what]) return this.#turn(what);
    this.#dialog.close();
    wish(this, "wish", { what, job: this.#job?.id, index: this.#index, from: this.#from, ...more });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
    const onChoice = event.target instanceof Element && event.target.matches("[role=radio], input");
    if (event.key === "Escape" && this.#inside) this.#turn("menu");
    else if (event.key.startsWith("Arrow") && !onChoice && this.#arrow(event.key)) { /* moved, or panned */ }
    else if (this.#page === "menu" && keyed(event)) {
      const what = keyed(event)?.replace("-by-arrow", "");
      const row = this.#dialog.querySelector(`.page [data-do="${what}"]`);
      if (!(row instanceof HTMLElement)) return;
      row.click();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Arrows walk the rows; on the page that asks where to pan they are the answer. @param {string} key */
  #arrow(key) {
    const way = this.#dialog.querySelector(`[data-way="${key.slice("Arrow".length).toLowerCase()}"]`);
    if (way instanceof HTMLElement) {
      way.click();
      return true;
    }
    const all = /** @type {HTMLElement[]} */ ([...this.#dialog.querySelectorAll(".page button:not(:disabled, [tabindex='-1'])")]);
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const side = all.filter(({ offsetTop }) => offsetTop === all[Math.max(at, 0)]?.offsetTop).length;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side }[key] ?? 0;
    const to = at < 0 ? all[0] : all[at + by];
    to?.focus();
    return Boolean(to);
  }

  /** @param {HTMLDialogElement} dialog */
  #drags(dialog) {
    /** @type {number|null} */
    let start = null;
    dialog.addEventListener("touchstart", ({ touches, target }) => {
      const held = target instanceof Element && target.matches("input");
      start = held || dialog.scrollTop > 0 ? null : touches[0].clientY;
    }, { passive: true });
    dialog.addEventListener("touchend", ({ changedTouches }) => {
      if (start !== null && changedTouches[0].clientY - start > DRAG_DOWN_PX && dialog.scrollTop === 0) dialog.close();
    });
  }

  /** At its button on a wide page; the sheet of a phone has its place from the styles. */
  #place() {
    const dialog = this.#dialog;
    dialog.style.removeProperty("inset");
    // what fits can be dragged away, what does not can be scrolled
    dialog.style.touchAction = dialog.scrollHeight > dialog.clientHeight ? "pan-y" : "none";
    if (matchMedia("(max-width: 959px), (hover: none)").matches) return;
    // asked by a key, it opens where the bar of the tile is
    const bar = this.#from.querySelector(":scope > .over");
    const from = (bar ?? this.#from).getBoundingClientRect();
    const { width, height } = dialog.getBoundingClientRect();
    const left = Math.max(8, Math.min(from.left, innerWidth - width - 8));
    const above = from.top - height - 8;
    const top = above >= 8 ? above : Math.max(8, Math.min(from.bottom + 8, innerHeight - height - 8));
    dialog.style.inset = `${Math.round(top)}px auto auto ${Math.round(left)}px`;
  }
}
