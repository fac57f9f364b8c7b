// @ts-check
// <image-field>: pictures for a workflow: dropped, pasted, picked from the disk or from the gallery.
//   field.take(files);   field.add(picture);
// Wishes beside `set`: `pick-picture` {then}, which asks for one of the gallery.

import * as api from "../api.js";
import { icon, part, reconcile, say, template, wish } from "../dom.js";
import { plural } from "../format.js";
import { picturesOf } from "../form-values.js";
import { FormField } from "./form-field.js";

/** @typedef {import("../form-values.js").Picture} Picture */
/** @typedef {{key: string, held: string, part: number, ended: AbortController}} Coming */

const ITEM = template(`<li class="pic-item"><img alt=""><svg class="ring" viewBox="0 0 20 20" aria-hidden="true" hidden>
  <circle cx="10" cy="10" r="8" pathLength="100"/><circle cx="10" cy="10" r="8" pathLength="100"/></svg>
  <button type="button" class="ib">${icon("close")}</button></li>`);
const THUMBNAIL = 320;

/** @param {api.Upload} upload @returns {Picture} */
export function fromUpload({ id, link, width, height }) {
  const url = `${api.base}/api/uploads/${id}`;
  return { link, url, thumbnail: `${url}?w=${THUMBNAIL}`, width, height };
}

export class ImageField extends FormField {
  /** @type {readonly Picture[]} */ #pictures = [];
  /** On their way to the server. @type {Coming[]} */ #coming = [];
  #count = 0;

  /** @override */
  markup() {
    return `<div class="pics" role="group" data-main><ul></ul><div class="pics-add">${icon("picture")}<p><button type="button" class="act" data-do="file">Choose a file</button>
      <button type="button" class="act" data-do="gallery">From the gallery</button></p><span>or drop one here, or paste it</span></div>
      <input type="file" accept="image/*" hidden></div>`;
  }

  /** @override */
  begin() {
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      if (button?.dataset.do === "file") this.#files.click();
      else if (button?.dataset.do === "gallery") wish(this, "pick-picture", { then: (/** @type {Picture} */ picture) => this.add(picture) });
      else if (button?.closest(".pic-item")) this.#remove(/** @type {HTMLElement} */ (button.closest("li")).dataset.key ?? "");
    });
    this.#files.addEventListener("change", () => {
      this.take([...(this.#files.files ?? [])]);
      this.#files.value = "";
    });
  }

  /** @override @param {import("../form-values.js").Value} value */
  show(value) {
    this.#pictures = picturesOf({ value }, "value");
    this.#render();
  }

  /** How many more there is room for. */
  get room() {
    return this.around.most - this.#pictures.length - this.#coming.length;
  }

  /** A picture that is here already; in a field for one it takes the place of the last. @param {Picture} picture */
  add(picture) {
    this.complain("");
    this.#put(picture);
  }

  /** @param {Picture} picture */
  #put(picture) {
    const kept = this.around.most === 1 ? [] : this.#pictures.filter(({ link }) => link !== picture.link);
    // at once: the next one may come before this is shown
    this.#pictures = [...kept, picture].slice(0, this.around.most);
    this.set(this.#pictures);
  }

  /** @param {readonly File[]} files */
  take(files) {
    const room = this.around.most === 1 ? 1 : this.room;
    this.complain(files.length > room ? `${this.parameter.label} takes ${plural(this.around.most, "picture")}.` : "");
    for (const file of files.slice(0, room)) this.#send(file);
  }

  /** @param {File} file */
  async #send(file) {
    this.#count += 1;
    const coming = { key: `coming-${this.#count}`, held: URL.createObjectURL(file), part: 0, ended: new AbortController() };
    this.#coming = [...this.#coming, coming];
    this.#render();
    try {
      const progress = (/** @type {number} */ part) => {
        coming.part = part;
        this.#render();
      };
      const upload = await api.upload(file, { progress, signal: coming.ended.signal });
      this.#end(coming);
      this.#put(fromUpload(upload));
    } catch (reason) {
      this.#end(coming);
      if (coming.ended.signal.aborted) return;
      const { message, error } = /** @type {api.ApiError} */ (reason);
      this.complain([`${file.name || "The picture"} was not taken: ${message}`, error?.hint].filter(Boolean).join(" "));
    }
  }

  /** @param {Coming} coming */
  #end(coming) {
    URL.revokeObjectURL(coming.held);
    this.#coming = this.#coming.filter((one) => one !== coming);
    this.#render();
  }

  /** @param {string} key */
  #remove(key) {
    this.#coming.find((coming) => coming.key === key)?.ended.abort();
    const left = this.#pictures.filter(({ link }) => link !== key);
    if (left.length < this.#pictures.length) this.set(left.length ? left : undefined);
    this.complain("");
    part(this, "[data-do=file]").focus();
  }

  #render() {
    const { label } = this.parameter;
    const shown = [...this.#pictures.map(({ link, thumbnail }) => ({ key: link, address: thumbnail, part: 1 })),
      ...this.#coming.map(({ key, held, part: done }) => ({ key, address: held, part: done }))];
    reconcile(part(this, "ul"), shown.map(({ key }) => key), () => ITEM(), (item, _key, at) => {
      const { address, part: done } = shown[at];
      const image = /** @type {HTMLImageElement} */ (part(item, "img"));
      if (image.getAttribute("src") !== address) image.src = address;
      image.alt = shown.length > 1 ? `${label} ${at + 1}` : label;
      const ring = /** @type {SVGElement} */ (item.querySelector(".ring"));
      ring.toggleAttribute("hidden", done >= 1);
      /** @type {SVGElement} */ (ring.lastElementChild).style.setProperty("--p", String(Math.round(done * 100)));
      item.classList.toggle("coming", at >= this.#pictures.length);
      part(item, "button").setAttribute("aria-label", shown.length > 1 ? `Remove ${label} ${at + 1}` : `Remove ${label}`);
    });
    const { most } = this.around;
    part(this, "ul").hidden = !shown.length;
    part(this, ".pics").classList.toggle("filled", shown.length > 0);
    const each = shown.length > 1 ? "Each picture makes a set of its own." : "";
    say(part(this, ".pics-add span"), shown.length ? each : "or drop one here, or paste it");
    say(part(this, "[data-do=file]"), !shown.length ? "Choose a file" : most === 1 ? "Choose another" : "Add another");
    this.#files.multiple = most > 1;
    say(part(this, ".f-side"), shown.length > 1 ? `${shown.length} of ${most}` : "");
    part(this, ".pics-add").hidden = most > 1 && shown.length >= most;
  }

  get #files() {
    return /** @type {HTMLInputElement} */ (part(this, "[type=file]"));
  }
}
