// @ts-check
// <switch-field>: on or off.

import { part } from "../dom.js";
import { FormField } from "./form-field.js";

export class SwitchField extends FormField {
  /** @override */
  begin() {
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", className: "f-switch" });
    box.setAttribute("role", "switch");
    box.dataset.main = "";
    part(this, ".f-side").append(box);
    box.addEventListener("change", () => this.set(box.checked));
    part(this, ".f-name").addEventListener("click", () => box.click());
  }

  /** @override @param {import("../form-values.js").Value} value */
  show(value) {
    /** @type {HTMLInputElement} */ (part(this, ".f-switch")).checked = value === true;
  }
}
