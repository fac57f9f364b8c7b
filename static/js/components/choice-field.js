// @ts-check
// <choice-field>: one of a few side by side, or one of a list.

import { icon, part } from "../dom.js";
import { control } from "../form-values.js";
import { FormField } from "./form-field.js";
import { RadioRow } from "./radio-row.js";

/** @typedef {import("../form-values.js").Value} Value */
/** @typedef {import("../form-values.js").Plain} Plain */

/** A file without its folder's separator and its ending. @param {Plain} choice */
export const shown = (choice) => String(choice).replace(/\.(safetensors|sft|gguf|ckpt|pth?)$/i, "") || "None";

/** Everything that can be chosen; a LoRA may also be none. @param {import("../form-values.js").Parameter} parameter @returns {Plain[]} */
export function choicesOf({ type, choices }) {
  const all = choices ?? [];
  return type === "lora" && !all.includes("") ? ["", ...all] : all;
}

export class ChoiceField extends FormField {
  /** @type {RadioRow|null} */ #row = null;
  #drawn = "";
  /** @type {Plain[]} */ #choices = [];

  /** @override */
  markup() {
    return control(this.parameter) === "row"
      ? '<div class="seg f-seg" role="radiogroup" data-main></div>'
      : `<div class="choose"><select class="f-box f-pick" data-main></select>${icon("chev")}</div>`;
  }

  /** @override */
  begin() {
    const row = this.querySelector(".f-seg");
    if (row instanceof HTMLElement) this.#row = new RadioRow(row, (at) => this.set(this.#choices[Number(at)]));
    this.querySelector("select")?.addEventListener("change", ({ target }) => {
      const at = /** @type {HTMLSelectElement} */ (target).value;
      this.set(at === "" ? undefined : this.#choices[Number(at)] ?? at);
    });
  }

  /** @override @param {Value} value */
  show(value) {
    this.#choices = choicesOf(this.parameter);
    const at = this.#choices.indexOf(/** @type {Plain} */ (value ?? (this.parameter.type === "lora" ? "" : value)));
    this.#draw(at < 0 ? value : null);
    if (this.#row) this.#row.value = at < 0 ? null : String(at);
    else /** @type {HTMLSelectElement} */ (part(this, "select")).value = at < 0 ? String(value ?? "") : String(at);
  }

  /** Drawn anew only when it is another list. @param {Value} stray a value that is in no list, and stays */
  #draw(stray) {
    const names = JSON.stringify([this.#choices, stray]);
    if (names === this.#drawn) return;
    this.#drawn = names;
    if (this.#row) {
      part(this, ".f-seg").replaceChildren(...this.#choices.map((choice, at) => {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", textContent: shown(choice) });
        button.setAttribute("role", "radio");
        button.dataset.value = String(at);
        return button;
      }));
      return;
    }
    const select = /** @type {HTMLSelectElement} */ (part(this, "select"));
    select.replaceChildren(...this.#choices.map((choice, at) => new Option(shown(choice), String(at))));
    if (stray !== null && stray !== "") select.prepend(new Option(`${shown(/** @type {Plain} */ (stray))} (not here)`, String(stray)));
    else if (stray === null && this.parameter.default === null && this.parameter.type !== "lora") {
      select.prepend(new Option(this.#choices.length ? "Choose one" : "None installed", ""));
    }
  }
}
