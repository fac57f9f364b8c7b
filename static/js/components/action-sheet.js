// @ts-check
// <action-sheet>: what can be done with a set or one picture of it: a menu at its button, a bottom sheet on phones.
//   sheet.open(job, index | null, from);
// Wishes: `wish` {what, job, index}.

import { icon, part, reconcile, say, template, wish } from "../dom.js";
import { pictureCount } from "../set-view.js";
import { seed } from "./box-panel.js";
import { thumbnail } from "./picture-tile.js";

const DRAG_DOWN_PX = 64;
const BODY = template(`<dialog class="sheet"><div class="head"><figure><img alt=""></figure><span></span>
  <button type="button" class="ib" data-close aria-label="Close">${icon("close")}</button></div><div class="cmds"></div></dialog>`);
const ROW = template(`<button type="button"><svg class="i" aria-hidden="true"><use/></svg>
  <span></span><kbd aria-hidden="true"></kbd></button>`);

export class ActionSheet extends HTMLElement {
  /** @type {import("../api.js").Job|null} */ #job = null;
  /** @type {number|null} */ #index = null;

  connectedCallback() {
    if (this.firstElementChild) return;
    const dialog = /** @type {HTMLDialogElement} */ (BODY());
    this.append(dialog);
    // the end of the long press that opened it is no click beside it
    let pressed = false;
    dialog.addEventListener("pointerdown", ({ target }) => { pressed = target === dialog; });
    dialog.addEventListener("click", ({ target, clientX, clientY }) => {
      const button = target instanceof Element && target.closest("button");
      const { left, right, top, bottom } = dialog.getBoundingClientRect();
      const outside = pressed && (clientX < left || clientX > right || clientY < top || clientY > bottom);
      if (button || outside) dialog.close();
      if (button instanceof HTMLElement && button.dataset.key) {
        wish(this, "wish", { what: button.dataset.key, job: this.#job?.id, index: this.#index });
      }
    });
    let start = 0;
    dialog.addEventListener("touchstart", ({ touches }) => { start = touches[0].clientY; }, { passive: true });
    dialog.addEventListener("touchend", ({ changedTouches }) => {
      if (changedTouches[0].clientY - start > DRAG_DOWN_PX && dialog.scrollTop === 0) dialog.close();
    });
  }

  /** @param {import("../api.js").Job} job @param {number|null} index one picture, or the whole set @param {Element} from */
  open(job, index, from) {
    this.#job = job;
    this.#index = index;
    const dialog = /** @type {HTMLDialogElement} */ (this.firstElementChild);
    const image = job.images.find((one) => one.index === index) ?? job.images[0];
    const name = index === null ? `Set ${job.number}` : `Picture ${index + 1} of ${pictureCount(job)}`;
    dialog.setAttribute("aria-label", name);
    say(part(dialog, ".head span"), name);
    const figure = part(dialog, "figure");
    figure.hidden = !image;
    if (image) /** @type {HTMLImageElement} */ (figure.firstElementChild).src = thumbnail(image.thumbnail, 160);
    const rows = commands(job, index);
    reconcile(part(dialog, ".cmds"), rows.map(([what]) => what), () => ROW(), (row, _what, at) => {
      const [, glyph, label, key = ""] = rows[at];
      row.querySelector("use")?.setAttribute("href", `#i-${glyph}`);
      row.querySelector(".i")?.classList.toggle("on", label === "Remove star");
      say(row.children[1], label);
      say(row.children[2], key);
    });
    dialog.showModal();
    this.#place(dialog, from.getBoundingClientRect());
  }

  /**
   * At its button on a wide page; the sheet of a phone has its place from the styles.
   * @param {HTMLElement} dialog @param {DOMRect} from
   */
  #place(dialog, from) {
    dialog.style.removeProperty("inset");
    if (matchMedia("(max-width: 959px), (hover: none)").matches) return;
    const { width, height } = dialog.getBoundingClientRect();
    const left = Math.max(8, Math.min(from.left, innerWidth - width - 8));
    const above = from.top - height - 8;
    const top = above >= 8 ? above : Math.min(from.bottom + 8, innerHeight - height - 8);
    dialog.style.inset = `${top}px auto auto ${left}px`;
  }
}

/**
 * What can be done: the wish, the icon, the words, the key.
 * @param {import("../api.js").Job} job @param {number|null} index @returns {[string, string, string, string?][]}
 */
function commands(job, index) {
  const image = job.images.find((one) => one.index === index);
  const active = job.state === "queued" || job.state === "running";
  /** @type {[string, string, string, string?][]} */
  const rows = [];
  if (image) {
    const starred = job.favorites.includes(image.index);
    rows.push(["star", "star", starred ? "Remove star" : "Star", "S"], ["download", "down", "Download", "D"]);
  } else if (job.images.length) rows.push(["download-all", "down", "Download all"]);
  rows.push(["prompt", "prompt", "Use this prompt", "T"]);
  if (!active) rows.push(["again", "reroll", "Make again"]);
  rows.push(["copy-prompt", "copy", "Copy prompt"]);
  if (image && seed(job, image) !== undefined) rows.push(["copy-seed", "copy", "Copy seed"]);
  if (image) rows.push(["file", "open", "Open the file"]);
  if (!active) rows.push(job.deleted_at ? ["restore", "undo", "Restore"] : ["trash", "trash", "Move to trash"]);
  return rows;
}
