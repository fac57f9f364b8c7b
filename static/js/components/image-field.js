// @ts-check
// <image-field>: pictures for a workflow.

import { icon, part, template } from "../dom.js";
import { FileField } from "./file-field.js";

/** @typedef {import("./file-field.js").Coming} Coming */

const ITEM = template(`<li class="pic-item"><img alt=""><svg class="ring" viewBox="0 0 20 20" aria-hidden="true" hidden>
  <circle cx="10" cy="10" r="8" pathLength="100"/><circle cx="10" cy="10" r="8" pathLength="100"/></svg>
  <button type="button" class="ib" data-do="remove">${icon("close")}</button></li>`);

export class ImageField extends FileField {
  /** The addresses of files of this device. @type {Map<Coming, string>} */
  #held = new Map();

  /** @override */
  item() {
    return ITEM();
  }

  /** @override @param {HTMLElement} item @param {import("./file-field.js").Shown} shown @param {string} label */
  draw(item, { here, coming }, label) {
    const address = here ? here.thumbnail : this.#addressOf(/** @type {Coming} */ (coming));
    const image = /** @type {HTMLImageElement} */ (part(item, "img"));
    if (image.getAttribute("src") !== address) image.src = address;
    image.alt = label;
    const ring = /** @type {SVGElement} */ (item.querySelector(".ring"));
    const done = coming?.part ?? 1;
    ring.toggleAttribute("hidden", done >= 1);
    /** @type {SVGElement} */ (ring.lastElementChild).style.setProperty("--p", String(Math.round(done * 100)));
    part(item, "button").setAttribute("aria-label", `Remove ${label}`);
  }

  /** @param {Coming} coming */
  #addressOf(coming) {
    const address = this.#held.get(coming) ?? URL.createObjectURL(coming.file);
    this.#held.set(coming, address);
    return address;
  }

  /** @override @param {Coming} coming */
  arrived(coming) {
    URL.revokeObjectURL(this.#held.get(coming) ?? "");
    this.#held.delete(coming);
  }
}
