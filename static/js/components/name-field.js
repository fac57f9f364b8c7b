// @ts-check
// <name-field>: one of many names, found by parts of it. A combobox: arrows walk, Enter takes, Escape leaves it.

import { icon, part, template } from "../dom.js";
import { FormField } from "./form-field.js";
import { choicesOf, shown } from "./choice-field.js";

/** @typedef {import("../form-values.js").Plain} Plain */

const MOST_SHOWN = 60;
const OPTION = template('<li role="option"></li>');

/** Names that hold every word, those that begin with them first. @param {readonly Plain[]} choices @param {string} typed */
export function matching(choices, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = choices.filter((choice) => words.every((word) => shown(choice).toLowerCase().includes(word)));
  const [first = ""] = words;
  return [true, false].flatMap((begins) => found.filter((choice) => shown(choice).toLowerCase().startsWith(first) === begins));
}

export class NameField extends FormField {
  #at = -1;
  /** @type {readonly Plain[]} */ #found = [];
  /** @type {import("../form-values.js").Value} */ #value = null;

  /** @override */
  markup() {
    return `<div class="choose"><input class="f-box f-pick" role="combobox" aria-autocomplete="list" aria-expanded="false" autocomplete="off" spellcheck="false" data-main>
      ${icon("chev")}<ul class="f-names" role="listbox" hidden></ul></div>`;
  }

  /** @override */
  begin() {
    const [input, list] = [this.#input, this.#list];
    list.id = `field-${this.parameter.name}-list`;
    list.setAttribute("aria-label", this.parameter.label);
    input.setAttribute("aria-controls", list.id);
    input.addEventListener("input", () => this.#open(input.value));
    input.addEventListener("click", () => list.hidden && this.#open(""));
    input.addEventListener("focus", () => input.select());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => this.#leave());
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    list.addEventListener("click", ({ target }) => {
      const option = target instanceof Element ? target.closest("li") : null;
      if (option) this.#take(Number(option.dataset.at));
    });
  }

  /** @override @param {import("../form-values.js").Value} value */
  show(value) {
    this.#value = value;
    this.#input.placeholder = this.parameter.default === null ? "Find one" : shown(/** @type {Plain} */ (this.parameter.default));
    if (this.#list.hidden && document.activeElement !== this.#input) this.#write();
  }

  #write() {
    const none = this.parameter.type === "lora" ? "None" : "";
    this.#input.value = this.#value === null || this.#value === "" ? none : shown(/** @type {Plain} */ (this.#value));
  }

  /** @param {string} typed */
  #open(typed) {
    const list = this.#list;
    this.#found = matching(choicesOf(this.parameter), typed);
    const options = this.#found.slice(0, MOST_SHOWN).map((choice, at) => {
      const option = OPTION();
      option.id = `${list.id}-${at}`;
      option.dataset.at = String(at);
      option.textContent = shown(choice);
      return option;
    });
    list.replaceChildren(...options);
    list.hidden = !options.length;
    this.#input.setAttribute("aria-expanded", String(!list.hidden));
    const here = typed ? 0 : this.#found.indexOf(/** @type {Plain} */ (this.#value));
    this.#point(Math.min(here, options.length - 1));
  }

  /** @param {number} at */
  #point(at) {
    this.#at = at;
    [...this.#list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    const option = this.#list.children[at];
    if (option) this.#input.setAttribute("aria-activedescendant", option.id);
    else this.#input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const count = this.#list.children.length;
    if (by && this.#list.hidden) this.#open("");
    else if (by) this.#point((this.#at + by + count) % count);
    else if (event.key === "Enter" && !this.#list.hidden && !event.ctrlKey && !event.metaKey) this.#take(this.#at);
    else if (event.key === "Escape" && !this.#list.hidden) this.#close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} at */
  #take(at) {
    const choice = this.#found[at];
    this.#close();
    if (choice === undefined) return;
    this.#choose(choice);
    this.#input.select();
  }

  /** What was typed and is no name goes as it is: the server knows the nearest one. */
  #leave() {
    const typed = this.#input.value.trim();
    const none = typed === "" || typed === "None";
    this.#close();
    if (typed !== shown(/** @type {Plain} */ (this.#value ?? "")) && !(none && !this.#value)) {
      const exact = choicesOf(this.parameter).find((choice) => shown(choice).toLowerCase() === typed.toLowerCase());
      this.#choose(exact ?? (none ? undefined : typed));
    }
    this.#write();
  }

  /** @param {Plain|undefined} choice */
  #choose(choice) {
    this.#value = choice ?? this.parameter.default; // before it is told back
    this.set(choice);
    this.#write();
  }

  #close() {
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
  }

  get #input() {
    return /** @type {HTMLInputElement} */ (part(this, "input"));
  }

  get #list() {
    return part(this, ".f-names");
  }
}
