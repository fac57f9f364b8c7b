// @ts-check
// <number-field>: a number, with a slider where it has a range.

import { part } from "../dom.js";
import { fromPlace, hasSlider, snap, stepOf, toPlace } from "../form-scale.js";
import { complaint, readNumber } from "../form-values.js";
import { FormField } from "./form-field.js";

/** So many places for a hand; the keys go by the steps of the number itself. */
const PLACES = 1000;
const LEAP = 10;
/** @type {Record<string, number>} */
const BY = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: LEAP, PageDown: -LEAP };

export class NumberField extends FormField {
  /** @override */
  markup() {
    return `<div class="f-slide"><span class="num"></span><input type="range" min="0" max="${PLACES}" data-main><span class="num"></span></div>`;
  }

  /** @override */
  begin() {
    const input = document.createElement("input");
    input.className = "f-box num";
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.dataset.main = "";
    part(this, ".f-side").append(input);
    const slider = this.#slider;
    slider.addEventListener("input", () => this.set(fromPlace(this.parameter, Number(slider.value) / PLACES)));
    slider.addEventListener("keydown", (event) => this.#step(event, true));
    input.addEventListener("keydown", (event) => this.#step(event, false));
    input.addEventListener("input", () => this.set(input.value.trim() ? readNumber(input.value) : undefined));
    input.addEventListener("blur", () => this.show(this.#value));
  }

  /** @type {import("../form-values.js").Value} */ #value = null;

  /** @override @param {import("../form-values.js").Value} value */
  show(value) {
    this.#value = value;
    const { parameter } = this;
    const input = this.#input;
    // what is being typed stays as it is typed
    if (document.activeElement !== input || readNumber(input.value) !== value) {
      const text = value === null ? "" : String(value);
      if (!(document.activeElement === input && input.value === "")) input.value = text;
    }
    input.placeholder = parameter.default === null ? "" : String(parameter.default);
    const slides = hasSlider(parameter);
    part(this, ".f-slide").hidden = !slides;
    if (slides) this.#slide(typeof value === "number" ? value : Number(parameter.default ?? parameter.min));
    this.complain(document.activeElement === input ? "" : complaint(parameter, value));
  }

  /** @param {number} value */
  #slide(value) {
    const { min, max } = this.parameter;
    const place = toPlace(this.parameter, value);
    const slider = this.#slider;
    slider.value = String(Math.round(place * PLACES));
    slider.style.setProperty("--p", place.toFixed(4));
    slider.setAttribute("aria-valuetext", `${value}, from ${min} to ${max}`);
    const [low, high] = this.querySelectorAll(".f-slide .num");
    low.textContent = String(min);
    high.textContent = String(max);
  }

  /** By the steps of the number, not of the slider. @param {KeyboardEvent} event @param {boolean} sideways are left and right steps, too */
  #step(event, sideways) {
    const by = BY[event.key];
    const held = event.ctrlKey || event.metaKey || event.altKey;
    if (!by || held || (!sideways && /Left|Right/.test(event.key))) return;
    event.preventDefault();
    const from = typeof this.#value === "number" ? this.#value : Number(this.parameter.default ?? this.parameter.min ?? 0);
    const value = snap(this.parameter, from + by * stepOf(this.parameter) * (event.shiftKey ? LEAP : 1));
    this.set(value);
    if (!sideways) this.#input.value = String(value);
  }

  get #slider() {
    return /** @type {HTMLInputElement} */ (part(this, ".f-slide input"));
  }

  get #input() {
    return /** @type {HTMLInputElement} */ (part(this, ".f-box"));
  }
}
