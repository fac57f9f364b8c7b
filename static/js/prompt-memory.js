// @ts-check
/**
 * What the prompt bar remembers in this browser: the draft of this tab, the prompts of the past,
 * and those that wait for the server. Storage may be full or forbidden; then memory lasts as long
 * as the page.
 *
 * @typedef {import("./lens-references.js").Reference} Reference
 * @typedef {import("./api.js").Action & {job: string, label: string}} LensAction what the words are
 *   for, instead of a new set: done with a picture of `job`, told by `label`
 * @typedef {{prompt: string, action?: LensAction}} Wanted  `prompt` with its references written into it
 * @typedef {{id: string} & Wanted} Kept  `id` is the key under which it is sent, once
 */

const DRAFT = "imagine.draft";
const REFERENCES = "imagine.draft.references";
const HISTORY = "imagine.history";
const KEPT = "imagine.kept";
const HISTORY_LIMIT = 100;
export const KEPT_LIMIT = 20;

/** @type {Map<string, string>} What storage would not take. */
const spare = new Map();

/** @param {() => Storage} storage @param {string} key */
function read(storage, key) {
  try {
    return spare.get(key) ?? storage().getItem(key);
  } catch {
    return spare.get(key) ?? null;
  }
}

/** @param {() => Storage} storage @param {string} key @param {string} value */
function write(storage, key, value) {
  try {
    storage().setItem(key, value);
    spare.delete(key);
  } catch {
    spare.set(key, value);
  }
}

const forTab = () => sessionStorage;
const forBrowser = () => localStorage;

/** @param {string} key @param {() => Storage} [storage] @returns {any[]} */
function readList(key, storage = forBrowser) {
  try {
    const list = JSON.parse(read(storage, key) ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** @param {string} key @param {readonly unknown[]} list */
const writeList = (key, list) => write(forBrowser, key, JSON.stringify(list));

/** @returns {{text: string, references: Reference[]}} */
export const readDraft = () => ({
  text: read(forTab, DRAFT) ?? "",
  references: readList(REFERENCES, forTab).filter((each) => typeof each?.link === "string"),
});

/** @param {string} text @param {readonly Reference[]} references */
export function writeDraft(text, references) {
  write(forTab, DRAFT, text);
  write(forTab, REFERENCES, JSON.stringify(references));
}

/** Earlier prompts, newest last. @returns {string[]} */
const readHistory = () => readList(HISTORY).filter((each) => typeof each === "string");

/** @param {string} prompt */
export function remember(prompt) {
  const others = readHistory().filter((each) => each !== prompt);
  writeList(HISTORY, [...others, prompt].slice(-HISTORY_LIMIT));
}

/** Prompts that wait for the server, oldest first. @returns {Kept[]} */
export const readKept = () =>
  readList(KEPT).filter((each) => typeof each?.id === "string" && typeof each.prompt === "string");

/** Keep a prompt for later; false when there are too many already. @param {Kept} kept */
export function keep(kept) {
  const list = readKept();
  if (list.length >= KEPT_LIMIT) return false;
  writeList(KEPT, [...list, kept]);
  return true;
}

/** @param {string} id */
export const letGo = (id) => writeList(KEPT, readKept().filter((each) => each.id !== id));

/** A key for one submission. `randomUUID` is missing where the page is not on a secure origin. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Walks through earlier prompts as a shell does: only from an empty text or one that it brought. */
export class Recall {
  #steps = 0;
  #brought = "";

  /**
   * @param {string} text what stands there now
   * @param {1|-1} by 1 goes back in time
   * @returns {string|null} what should stand there; null leaves it alone
   */
  step(text, by) {
    if (text !== this.#brought) this.#steps = 0;
    if (text && text !== this.#brought) return null;
    const past = readHistory();
    const to = this.#steps + by;
    if (to < 0 || to > past.length) return null;
    this.#steps = to;
    this.#brought = to ? past[past.length - to] : "";
    return this.#brought;
  }
}
