// @ts-check
// <text-field>: words, in one line or in several (data-lines).

import { part } from "../dom.js";
import { control } from "../form-values.js";
import { FormField } from "./form-field.js";

export class TextField extends FormField {
  /** @override */
  markup() {
    return control(this.parameter) === "lines"
      ? '<textarea class="f-box" data-main rows="2" spellcheck="true"></textarea>'
      : '<input class="f-box" data-main autocomplete="off">';
  }

  /** @override */
  begin() {
    const box = this.#box;
    this.toggleAttribute("data-prompt", this.parameter.name === "prompt");
    box.addEventListener("input", () => this.set(box.value));
  }

  /** @override @param {import("../form-values.js").Value} value */
  show(value) {
    const text = value === null ? "" : String(value);
    if (this.#box.value !== text) this.#box.value = text;
    const { name, hint } = this.parameter;
    this.#box.placeholder = hint ? `Such as: ${hint}` : name === "prompt" ? "Describe a picture" : "";
  }

  get #box() {
    return /** @type {HTMLInputElement|HTMLTextAreaElement} */ (part(this, ".f-box"));
  }
}
