// @ts-check
/**
 * What stands in the prompt bar: its words, the pictures beside them, and what both are for. Apart
 * from the bar, which listens, asks and sends.
 *
 * @typedef {import("./prompt-memory.js").LensAction} LensAction
 * @typedef {import("./prompt-memory.js").Wanted} Wanted
 * @typedef {import("./prompt-text.js").Detail} Detail
 */
import { hasOwn, merge, placesInText, split } from "./lens-references.js";
import { readDraft, writeDraft } from "./prompt-memory.js";
import { readFlag, removeFlag, writeFlag } from "./prompt-text.js";

/** The flag that all images share. */
const WEIGHT = ["iw"];

export class LensDraft {
  #field;
  #row;
  #mode;
  /** What it is for, when not for a new set. @type {LensAction|null} */
  #action = null;

  /** @param {import("./components/lens-parts.js").LensParts} parts */
  constructor({ field, references, mode }) {
    this.#field = field;
    this.#row = references;
    this.#mode = mode;
  }

  get action() {
    return this.#action;
  }

  set action(action) {
    this.#action = action;
    this.#mode.show(action?.label ?? null);
  }

  /** What would be sent, with its pictures in the text. @returns {Wanted} */
  get wanted() {
    const { prompt } = merge(this.#field.value.trimEnd(), this.#row.references);
    return this.#action ? { prompt, action: this.#action } : { prompt };
  }

  /** A whole prompt: its pictures go into their row. @param {string} prompt */
  put(prompt) {
    const { text, references } = split(prompt);
    this.#row.references = references;
    this.#field.value = text;
  }

  /** Pictures that were pasted with the words go into their row too. */
  sortPasted() {
    if (!hasOwn(this.#field.value)) return;
    const { text, references } = split(this.#field.value);
    this.#field.value = text;
    for (const reference of references) this.#row.add(reference);
  }

  /** Remember it for this tab; words for an action are of no use without it. */
  save() {
    if (!this.#action) writeDraft(this.#field.value, this.#row.references);
  }

  restore() {
    const { text, references } = readDraft();
    this.#row.references = references;
    this.#field.value = text;
  }

  /** How much the images count. */
  get imageWeight() {
    return Number(readFlag(this.#field.value, WEIGHT) || 1) || 1;
  }

  set imageWeight(weight) {
    const { value } = this.#field;
    this.#field.value = weight === 1 ? removeFlag(value, WEIGHT) : writeFlag(value, WEIGHT, `--${WEIGHT[0]} ${weight}`);
  }

  /** The shared weight goes with the last picture that the row had. */
  tidy() {
    if (!this.#row.count && readFlag(this.#field.value, WEIGHT)) this.imageWeight = 1;
  }

  /** Where in the words the problems of the whole prompt are. @param {readonly Detail[]} details */
  inText(details) {
    const text = this.#field.value;
    const { prompt, start } = merge(text, this.#row.references);
    return placesInText(details, [...prompt.slice(0, start)].length, [...text].length);
  }
}
