// @ts-check
/**
 * Asks the server what a text would do, after a moment of quiet; a newer text drops the older
 * question, and its answer if it still comes.
 *
 * @typedef {import("./prompt-text.js").Token} Token
 * @typedef {import("./prompt-text.js").Detail} Detail
 * @typedef {import("./api.js").Note} Note
 * @typedef {{ok: boolean, count: number, jobs: any[], tokens: Token[], errors: Detail[],
 *   warnings: Note[], eta_s: number|null}} Parsed  body of /api/parse
 */

import { isWordless, withoutWrongFlags } from "./prompt-text.js";

const QUIET_MS = 120;
/** Stands in for the words while only flags are there, so that their effect can be shown. */
const SOME_WORDS = "picture ";

export class PromptReader {
  /** The newest answer and the text that it is about. @type {{text: string, parsed: Parsed}|null} */
  answer = null;
  /** The newest answer that names jobs: what the draft makes once its problems are out of the way. @type {Parsed|null} */
  sound = null;
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

  /** @param {string} text */
  read(text) {
    this.forget();
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

  /** @param {string} text @param {AbortSignal} signal */
  async #parse(text, signal) {
    if (!isWordless(text)) return this.#ask(text, signal);
    return withoutWords(await this.#ask(SOME_WORDS + text, signal));
  }

  /** There is no text: nothing to ask, nothing known. */
  clear() {
    this.forget();
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

/** The answer about a text with the stand-in words before it, as one about the text alone. @param {Parsed} parsed */
function withoutWords(parsed) {
  /** @template T @param {T & {start?: number|null, end?: number|null}} mark */
  const moved = (mark) => mark.start == null || mark.end == null ? mark
    : { ...mark, start: mark.start - SOME_WORDS.length, end: mark.end - SOME_WORDS.length };
  const tokens = parsed.tokens.map(moved).filter((token) => token.start >= 0);
  return { ...parsed, tokens, errors: parsed.errors.map(moved) };
}
