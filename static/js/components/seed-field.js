// @ts-check
// <seed-field>: a seed: empty draws one each time, the dice draw one now, the lock keeps the last one.

import { icon, part, say } from "../dom.js";
import { complaint, isDrawn, readNumber } from "../form-values.js";
import { FormField } from "./form-field.js";

const HIGHEST = 4294967295;

export class SeedField extends FormField {
  /** @type {import("../form-values.js").Value} */ #value = null;

  /** @override */
  markup() {
    return `<div class="f-seed"><input class="f-box num" inputmode="numeric" autocomplete="off" placeholder="Drawn anew" data-main>
      <button type="button" class="ib" data-do="dice" aria-label="Draw one now">${icon("dice")}</button>
      <button type="button" class="ib" data-do="lock" aria-label="Keep the last one" aria-pressed="false">${icon("unlock")}</button></div>`;
  }

  /** @override */
  begin() {
    const input = this.#input;
    input.addEventListener("input", () => this.set(input.value.trim() ? readNumber(input.value) : null));
    input.addEventListener("blur", () => this.show(this.#value));
    part(this, "[data-do=dice]").addEventListener("click", () => this.set(this.#draw()));
    part(this, "[data-do=lock]").addEventListener("click", () =>
      this.set(isDrawn(this.#value) ? this.around.lastSeed ?? this.#draw() : null));
  }

  /** @override @param {import("../form-values.js").Value} value */
  show(value) {
    this.#value = value;
    const input = this.#input;
    const text = isDrawn(value) ? "" : String(value);
    if (input.value.trim() !== text) input.value = text;
    const locked = text !== "";
    const lock = part(this, "[data-do=lock]");
    lock.setAttribute("aria-pressed", String(locked));
    lock.setAttribute("aria-label", locked ? "Draw one each time" : "Keep the last one");
    part(lock, "use").setAttribute("href", locked ? "#i-lock" : "#i-unlock");
    const { lastSeed } = this.around;
    say(part(this, ".f-side"), !locked && lastSeed !== null ? `last ${lastSeed}` : "");
    part(this, ".f-reset").hidden = true; // the lock is the way back
    this.complain(document.activeElement === input ? "" : complaint(this.parameter, value));
  }

  #draw() {
    const { min, max } = this.parameter;
    const from = Math.max(0, min ?? 0);
    const count = Math.min(max ?? HIGHEST, HIGHEST) - from + 1;
    return from + Math.floor((crypto.getRandomValues(new Uint32Array(1))[0] / (HIGHEST + 1)) * count);
  }

  get #input() {
    return /** @type {HTMLInputElement} */ (part(this, "input"));
  }
}
