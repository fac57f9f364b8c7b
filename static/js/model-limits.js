// @ts-check
/**
 * Which of the settings a model cannot honour, as the server says it: a prompt with all of them is
 * parsed, and what comes back with a warning does nothing. Asked once a model.
 *
 * @typedef {import("./prompt-reader.js").Parsed} Parsed
 */

const PROBE = "picture --stylize 500 --chaos 50 --weird 500 --quality 2 --draft";
const PROBED = ["stylize", "chaos", "weird", "quality", "draft"];

/** Without an answer: what every model has is on, the rest is left out. @type {ReadonlySet<string>} */
const UNSURE = new Set(["quality", "draft"]);

export class ModelLimits {
  /** @type {Map<string, Promise<ReadonlySet<string>>>} */
  #known = new Map();
  #parse;

  /** @param {(prompt: string) => Promise<Parsed>} parse */
  constructor(parse) {
    this.#parse = parse;
  }

  /** Another engine may honour other things. */
  clear() {
    this.#known.clear();
  }

  /** @param {string|null} model file name; null is the usual one @returns {Promise<ReadonlySet<string>>} */
  lacks(model) {
    const key = model ?? "";
    const known = this.#known.get(key) ?? this.#probe(key);
    this.#known.set(key, known);
    return known;
  }

  /** @param {string} model */
  async #probe(model) {
    try {
      const { jobs, warnings } = await this.#parse(model ? `${PROBE} --model ${model}` : PROBE);
      const notes = [...warnings, ...jobs.flatMap((job) => job.notes ?? [])];
      const left = notes.filter((note) => note.level === "warning").map((note) => note.parameter);
      return new Set(PROBED.filter((name) => left.includes(name)));
    } catch {
      this.#known.delete(model);
      return UNSURE;
    }
  }
}
