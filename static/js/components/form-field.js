// @ts-check
/**
 * What every field of a form has: its name, what it is for, a way back to its default, and what is wrong with it.
 *
 *     field.update(parameter, value, { error, around });   // value: what was set, undefined while it is the default
 *
 * Wishes: `set` {name, value}, with `value` undefined for the default. Each kind of field gives its control by
 * `markup()` and shows a value by `show()`; what takes the focus has `data-main`.
 *
 * @typedef {import("../form-values.js").Parameter} Parameter
 * @typedef {import("../form-values.js").Value} Value
 * @typedef {import("../form-values.js").Picture} Picture
 * @typedef {import("../api.js").Detail} Detail
 * @typedef {{most: number, first: Picture|null, lastSeed: number|null}} Around
 *   `most`: how many pictures a field takes; `first`: the picture that a mask lies upon
 */
import { icon, part, say, template, wish } from "../dom.js";

/** @param {string} body constant markup */
const frame = (body) => template(`<div class="f"><div class="f-head"><span class="f-name"></span>
<button type="button" class="ib f-reset" aria-label="Back to the default">${icon("undo")}</button><span class="f-side"></span></div>
${body}<p class="f-help"></p><p class="f-error" hidden>${icon("alert")}<span></span><button type="button" class="act"></button></p></div>`);

export class FormField extends HTMLElement {
  /** @type {Parameter|null} */ #parameter = null;
  /** @type {Around} */ around = { most: 1, first: null, lastSeed: null };
  /** What the field itself has found; an answer of the server stands before it. */
  #complaint = "";
  /** @type {Detail|null} */ #error = null;

  /** Constant markup of the control. */
  markup() {
    return "";
  }

  /** Once, when the control is there. */
  begin() {}

  /** @param {Value} _value what counts */
  show(_value) {}

  /** @param {Parameter} parameter @param {Value|undefined} value @param {{error: Detail|null, around: Around}} told */
  update(parameter, value, { error, around }) {
    this.#parameter = parameter;
    this.around = around;
    if (!this.firstElementChild) this.#build();
    const { label, description, required } = parameter;
    say(part(this, ".f-name"), label);
    this.toggleAttribute("data-required", required);
    say(part(this, ".f-help"), description);
    part(this, ".f-help").hidden = !description;
    part(this, ".f-reset").hidden = value === undefined || value === parameter.default || Array.isArray(value);
    part(this, ".f-reset").setAttribute("aria-label", `${label}: back to the default`);
    this.#error = error;
    this.show(value === undefined ? parameter.default : value);
    this.#tell();
  }

  #build() {
    const id = `field-${this.parameter.name}`;
    this.append(frame(this.markup())());
    part(this, ".f-name").id = `${id}-name`;
    part(this, ".f-help").id = `${id}-help`;
    part(this, ".f-error").id = `${id}-error`;
    this.begin();
    for (const main of this.querySelectorAll("[data-main]")) {
      main.setAttribute("aria-labelledby", `${id}-name`);
      main.setAttribute("aria-describedby", `${id}-help ${id}-error`);
    }
    part(this, ".f-name").addEventListener("click", () => this.focus());
    part(this, ".f-reset").addEventListener("click", () => {
      this.set(undefined);
      this.focus();
    });
    part(this, ".f-error button").addEventListener("click", () => {
      this.set(this.#error?.suggestion ?? undefined);
      this.focus();
    });
  }

  get parameter() {
    if (!this.#parameter) throw new Error("a field without its parameter");
    return this.#parameter;
  }

  /** @param {Value|undefined} value */
  set(value) {
    wish(this, "set", { name: this.parameter.name, value });
  }

  /** @param {string} sentence "" when nothing is wrong */
  complain(sentence) {
    this.#complaint = sentence;
    this.#tell();
  }

  #tell() {
    const { name, label } = this.parameter;
    // the server calls it by its name, and here it has a label
    const told = this.#error?.message ?? "";
    const message = told.startsWith(`${name} `) ? label + told.slice(name.length) : told || this.#complaint;
    const line = part(this, ".f-error");
    say(part(line, "span"), message);
    line.hidden = !message;
    const fix = part(line, "button");
    const suggestion = told ? this.#error?.suggestion : null;
    fix.hidden = !suggestion;
    say(fix, suggestion ? `Use ${suggestion}` : "");
    for (const main of this.querySelectorAll("[data-main]")) main.setAttribute("aria-invalid", String(Boolean(message)));
  }

  /** @override @param {FocusOptions} [how] */
  focus(how) {
    const main = this.querySelector("[data-main]:is(input, select, textarea, button), [data-main] :is([tabindex='0'], input, button)");
    if (main instanceof HTMLElement) main.focus(how);
  }
}
