// @ts-check
/**
 * Asks the server what a text would do, after a moment of quiet; a newer text drops the older
 * question, and its answer if it still comes.
 *
 * @typedef {import("./lens-references.js").Reference} Reference
 * @typedef {import("./prompt-text.js").Token} Token
 * @typedef {import("./prompt-text.js").Detail} Detail
 * @typedef {import("./api.js").Note} Note
 * @typedef {{ok: boolean, count: number, jobs: any[], tokens: Token[], errors: Detail[],
 *   warnings: Note[], eta_s: number|null}} Parsed  body of /api/parse
 */

import { merge, placesInText } from "./lens-references.js";
import { isWordless, withoutWrongFlags } from "./prompt-text.js";

const QUIET_MS = 120;
/** Stands in for the words while only flags or one picture are there, so that their effect can be shown. */
const SOME_WORDS = "picture ";

export class PromptReader {
  /** The newest answer and the text that it is about. @type {{text: string, parsed: Parsed}|null} */
  answer = null;
  /** The newest answer that names jobs: what the draft makes once its problems are out of the way. @type {Parsed|null} */
  sound = null;
  /** @type {readonly Reference[]} */
  #references = [];
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #question = new AbortController();
  #ask;
  #tell;

  /**
   * @param {(text: string, signal: AbortSignal) => Promise<Parsed>} ask
   * @param {() => void} tell called after each answer
   */
  constructor(ask, tell) {
    this.#ask = ask;
    this.#tell = tell;
  }

  /** @param {string} text @param {readonly Reference[]} [references] the pictures beside it */
  read(text, references = this.#references) {
    this.forget();
    // what was said about other pictures is no longer true
    if (references !== this.#references) this.answer = null;
    this.#references = references;
    this.#timer = setTimeout(() => this.now(text), QUIET_MS);
  }

  /** Ask at once; ends when the answer is there, or will not come. @param {string} text */
  async now(text) {
    this.forget();
    const { signal } = this.#question;
    try {
      const parsed = await this.#parse(text, signal);
      if (signal.aborted) return;
      this.answer = { text, parsed };
      if (parsed.jobs.length) this.sound = parsed;
      this.#tell();
      if (parsed.errors.length) await this.#estimate(text, parsed.errors, signal);
    } catch {
      // The page says elsewhere that the server is out of reach; the paint stays as it is.
    }
  }

  /** What it makes without the flags that are wrong. @param {string} text @param {Detail[]} errors @param {AbortSignal} signal */
  async #estimate(text, errors, signal) {
    const rest = withoutWrongFlags(text, errors);
    const parsed = rest === null ? null : await this.#parse(rest, signal);
    if (signal.aborted || !parsed?.jobs.length) return;
    this.sound = parsed;
    this.#tell();
  }

  /** Ask about a text with its pictures; the places in the answer are those in the text. @param {string} text @param {AbortSignal} signal */
  async #parse(text, signal) {
    const words = lacksWords(text, this.#references) ? SOME_WORDS : "";
    const { prompt, start } = merge(words + text, this.#references);
    const parsed = await this.#ask(prompt, signal);
    const before = [...prompt.slice(0, start), ...words].length;
    const { length } = [...text];
    const tokens = placesInText(parsed.tokens, before, length).filter((token) => token.start != null);
    return { ...parsed, tokens, errors: placesInText(parsed.errors, before, length) };
  }

  /** There is nothing to ask about, and nothing known. */
  clear() {
    this.forget();
    this.#references = [];
    this.answer = null;
    this.sound = null;
  }

  /** Drop the question; the last answer stays. */
  forget() {
    clearTimeout(this.#timer);
    this.#question.abort();
    this.#question = new AbortController();
  }
}

/** Are there too few words and pictures to make anything? Two pictures are blended. @param {string} text @param {readonly Reference[]} references */
export const lacksWords = (text, references) =>
  (isWordless(text) || !text.trim()) && references.filter(({ role }) => role === "image").length < 2;
