// @ts-check
// What the fields for pictures, videos and sounds have in common: files that are dropped, pasted, picked from the disk or
// from the gallery, and what can be told of them on their way.
//   field.take(files);   field.add(file);
// Each kind gives what one of them looks like, by `item()` and `draw()`.
// Wishes beside `set`: `pick-picture` {kind, then}, which asks for one of the gallery.

import * as api from "../api.js";
import { icon, part, reconcile, say, wish } from "../dom.js";
import { plural } from "../format.js";
import { fromUpload, misfit, mistaken, TAKES } from "../form-files.js";
import { picturesOf } from "../form-values.js";
import { FormField } from "./form-field.js";

/** @typedef {import("../form-values.js").Picture} Picture */
/** @typedef {{key: string, file: File, part: number, ended: AbortController}} Coming */
/** @typedef {{key: string, here: Picture|null, coming: Coming|null}} Shown either one that is here, or one on its way */

const COUNTED = { image: "picture", video: "video", audio: "sound" };

export class FileField extends FormField {
  /** @type {readonly Picture[]} */ #files = [];
  /** On their way to the server. @type {Coming[]} */ #coming = [];
  #count = 0;

  /** What one of them looks like. @returns {HTMLElement} */
  item() {
    throw new Error("a field that shows nothing");
  }

  /** @param {HTMLElement} _item @param {Shown} _shown @param {string} _label */
  draw(_item, _shown, _label) {}

  /** What shows one on its way is not needed any more. @param {Coming} _coming */
  arrived(_coming) {}

  get takes() {
    return TAKES[this.parameter.type];
  }

  /** @override */
  markup() {
    const { glyph, accept } = this.takes;
    return `<div class="pics" role="group" data-main><ul></ul><div class="pics-add">${icon(glyph)}<p><button type="button" class="act" data-do="file">Choose a file</button>
      <button type="button" class="act" data-do="gallery">From the gallery</button></p><span></span></div>
      <input type="file" accept="${accept}" hidden><span class="sr" role="status"></span></div>`;
  }

  /** @override */
  begin() {
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      const what = button?.dataset.do;
      if (what === "file") this.#input.click();
      else if (what === "gallery") wish(this, "pick-picture", { kind: this.takes.kind, then: (/** @type {Picture} */ file) => this.add(file) });
      else if (what === "remove") this.#remove(/** @type {HTMLElement} */ (button?.closest("li")).dataset.key ?? "");
    });
    this.#input.addEventListener("change", () => {
      this.take([...(this.#input.files ?? [])]);
      this.#input.value = "";
    });
  }

  disconnectedCallback() {
    // it may only be moved
    queueMicrotask(() => {
      if (!this.isConnected) for (const { ended } of this.#coming) ended.abort();
    });
  }

  /** @override @param {import("../form-values.js").Value} value */
  show(value) {
    this.#files = picturesOf({ value }, "value");
    this.#render();
  }

  /** @override @param {string} sentence */
  complain(sentence) {
    super.complain(sentence);
    this.#announce(sentence);
  }

  /** For who does not see it. @param {string} sentence */
  #announce(sentence) {
    say(part(this, "[role=status]"), sentence);
  }

  /** How many more there is room for. */
  get room() {
    return this.around.most - this.#files.length - this.#coming.length;
  }

  /** Is one on its way? */
  get busy() {
    return this.#coming.length > 0;
  }

  /** One that is here already; in a field for one it takes the place of the last. @param {Picture} file */
  add(file) {
    this.complain("");
    this.#put(file);
  }

  /** @param {Picture} file */
  #put(file) {
    const kept = this.around.most === 1 ? [] : this.#files.filter(({ link }) => link !== file.link);
    // at once: the next one may come before this is shown
    this.#files = [...kept, file].slice(0, this.around.most);
    this.set(this.#files);
  }

  /** @param {readonly File[]} files */
  take(files) {
    const { parameter, around: { most } } = this;
    const fit = files.filter((file) => !misfit(file, parameter));
    const room = most === 1 ? 1 : this.room;
    const wrong = files.map((file) => misfit(file, parameter)).find(Boolean) ?? "";
    this.complain(wrong || (fit.length > room ? `${parameter.label} takes ${plural(most, COUNTED[this.takes.kind])}.` : ""));
    // the last one counts where there is room for one
    if (most === 1 && fit.length) for (const { ended } of this.#coming) ended.abort();
    for (const file of fit.slice(0, room)) this.#send(file);
  }

  /** @param {File} file */
  async #send(file) {
    this.#count += 1;
    const coming = { key: `coming-${this.#count}`, file, part: 0, ended: new AbortController() };
    this.#coming = [...this.#coming, coming];
    this.#announce(`Sending ${file.name || "the file"}`);
    this.#render();
    try {
      const progress = (/** @type {number} */ part) => {
        coming.part = part;
        this.#render();
      };
      const upload = await api.upload(file, { progress, signal: coming.ended.signal });
      this.#end(coming);
      const wrong = mistaken(upload, file.name, this.parameter);
      if (wrong) return this.complain(wrong);
      this.#put(fromUpload(upload, file.name));
      this.#announce(`${file.name || "The file"} is here`);
    } catch (reason) {
      this.#end(coming);
      if (coming.ended.signal.aborted) return;
      const { message, error } = /** @type {api.ApiError} */ (reason);
      this.complain([`${file.name || "The file"} was not taken: ${message}`, error?.hint].filter(Boolean).join(" "));
    }
  }

  /** @param {Coming} coming */
  #end(coming) {
    this.arrived(coming);
    this.#coming = this.#coming.filter((one) => one !== coming);
    this.#render();
  }

  /** @param {string} key */
  #remove(key) {
    this.#coming.find((coming) => coming.key === key)?.ended.abort();
    const left = this.#files.filter(({ link }) => link !== key);
    if (left.length < this.#files.length) this.set(left.length ? left : undefined);
    this.complain("");
    part(this, "[data-do=file]").focus();
  }

  #render() {
    const { parameter: { label }, around: { most } } = this;
    /** @type {Shown[]} */
    const shown = [...this.#files.map((here) => ({ key: here.link, here, coming: null })),
      ...this.#coming.map((coming) => ({ key: coming.key, here: null, coming }))];
    reconcile(part(this, "ul"), shown.map(({ key }) => key), () => this.item(), (item, _key, at) => {
      item.classList.toggle("coming", shown[at].coming !== null);
      this.draw(item, shown[at], shown.length > 1 && most > 1 ? `${label} ${at + 1}` : label);
    });
    part(this, "ul").hidden = !shown.length;
    part(this, ".pics").classList.toggle("filled", shown.length > 0);
    const each = shown.length > 1 && most > 1 ? "Each picture makes a set of its own." : "";
    say(part(this, ".pics-add span"), shown.length ? each : "or drop one here, or paste it");
    say(part(this, "[data-do=file]"), !shown.length ? "Choose a file" : most === 1 ? "Choose another" : "Add another");
    this.#input.multiple = most > 1;
    say(part(this, ".f-side"), shown.length > 1 && most > 1 ? `${shown.length} of ${most}` : "");
    part(this, ".pics-add").hidden = most > 1 && shown.length >= most;
  }

  get #input() {
    return /** @type {HTMLInputElement} */ (part(this, "[type=file]"));
  }
}
