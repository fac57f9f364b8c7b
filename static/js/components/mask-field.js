// @ts-check
// <mask-field>: a mask, painted upon the first picture of the form or made elsewhere.
// Wishes beside `set`: `paint-mask` {picture, history, then}, which asks for one to be painted.

import * as api from "../api.js";
import { icon, part, say, wish } from "../dom.js";
import { fromUpload, misfit } from "../form-files.js";
import { picturesOf } from "../form-values.js";
import { NOTHING } from "../mask-strokes.js";
import { FormField } from "./form-field.js";

const NO_PICTURE = "Choose the picture first.";

export class MaskField extends FormField {
  /** The strokes of what was painted here, by the picture below it: to go on. @type {Map<string, import("../mask-strokes.js").History>} */
  #kept = new Map();

  /** @override */
  markup() {
    return `<div class="pics mask" role="group" data-main><div class="pic-item" hidden><img class="under" alt=""><img class="mask-ink" alt="">
      <button type="button" class="ib" data-do="remove">${icon("close")}</button></div>
      <div class="pics-add">${icon("brush")}<p><button type="button" class="act" data-do="paint">Paint the mask</button>
      <button type="button" class="act" data-do="file">Choose a file</button></p><span></span></div><input type="file" accept="image/*" hidden></div>`;
  }

  /** @override */
  begin() {
    const files = /** @type {HTMLInputElement} */ (part(this, "[type=file]"));
    this.addEventListener("click", ({ target }) => {
      const what = target instanceof Element ? target.closest("button")?.dataset.do : null;
      if (what === "paint") this.#paint();
      else if (what === "file") files.click();
      else if (what === "remove") {
        this.set(undefined);
        part(this, "[data-do=paint]").focus();
      }
    });
    files.addEventListener("change", () => {
      this.take([...(files.files ?? [])]);
      files.value = "";
    });
  }

  /** @override @param {import("../form-values.js").Value} value */
  show(value) {
    const [mask] = picturesOf({ value }, "value");
    const { first } = this.around;
    const item = part(this, ".pic-item");
    item.hidden = !mask;
    part(this, ".pics").classList.toggle("filled", Boolean(mask));
    if (mask) {
      const [under, ink] = item.querySelectorAll("img");
      if (first && under.getAttribute("src") !== first.thumbnail) under.src = first.thumbnail;
      under.hidden = !first;
      if (ink.getAttribute("src") !== mask.thumbnail) ink.src = mask.thumbnail;
      ink.alt = this.parameter.label;
      part(item, "button").setAttribute("aria-label", `Remove ${this.parameter.label}`);
    }
    say(part(this, "[data-do=paint]"), mask ? "Paint on" : "Paint the mask");
    part(this, "[data-do=paint]").setAttribute("aria-disabled", String(!first));
    say(part(this, ".pics-add span"), first ? (mask ? "" : "White is made anew, black stays.") : NO_PICTURE);
    const fits = !mask || !first || Math.abs(mask.width / mask.height - first.width / first.height) < 0.02;
    this.complain(fits ? "" : "This mask has another shape than the picture.");
  }

  #paint() {
    const picture = this.around.first;
    if (!picture) return this.complain(NO_PICTURE);
    const history = this.#kept.get(picture.link) ?? NOTHING;
    wish(this, "paint-mask", { picture, history, then: (/** @type {import("./mask-maker.js").Made} */ made) => {
      this.#kept.set(picture.link, made.history);
      this.take([new File([made.png], "mask.png", { type: "image/png" })]);
    } });
  }

  /** @param {readonly File[]} files */
  async take([file]) {
    if (!file) return;
    const wrong = misfit(file, this.parameter);
    if (wrong) return this.complain(wrong);
    try {
      this.set([fromUpload(await api.upload(file))]);
    } catch (reason) {
      const { message, error } = /** @type {api.ApiError} */ (reason);
      this.complain([`The mask was not taken: ${message}`, error?.hint].filter(Boolean).join(" "));
    }
  }
}
