// @ts-check
/**
 * `<mask-painter>`: paint over a part of a picture, say what should be there, and have it made anew.
 *
 *     painter.api = api;
 *     painter.open(job, index);
 *
 * Wishes: `repainted` {jobs, from: the set}, `page-dialog` {name: "keys"}. What was painted and not
 * sent is kept for each picture until the page is closed.
 *
 * @typedef {import("../api.js").Job} Job
 * @typedef {import("../lens-references.js").Reference} Reference
 * @typedef {{history: import("../mask-strokes.js").History, text: string, references: readonly Reference[]}} Work
 * @typedef {Pick<typeof import("../api.js"), "parse"|"upload"|"act">} Api
 */
import { part, say, wish } from "../dom.js";
import { splitPrompt } from "../format.js";
import { merge, split } from "../lens-references.js";
import { refusal } from "../lens-words.js";
import { NOTHING } from "../mask-strokes.js";
import { newKey } from "../prompt-memory.js";
import { PromptReader } from "../prompt-reader.js";
import { paintSpans, removeFlag } from "../prompt-text.js";
import { alt } from "../set-view.js";
import { MaskDesk, desk } from "./mask-desk.js";
import { thumbnail } from "./picture-tile.js";

const BODY = desk("Repaint a part", `<form class="lens" data-state="painting" novalidate><div class="lens-row"><prompt-field class="field"></prompt-field>
<button class="go" aria-describedby="painter-hint">Repaint</button></div><lens-status></lens-status></form>`);

export class MaskPainter extends MaskDesk {
  /** @type {Api|null} */ #api = null;
  /** @type {Job|null} */ #job = null;
  #index = 0;
  /** @type {Map<string, Work>} */ #kept = new Map();
  /** @type {readonly Reference[]} */ #references = [];
  #sending = false;
  /** Sent under one key until it is another mask or text, so that a lost answer makes no second set. */
  #key = newKey();
  #reader = new PromptReader((prompt, signal) => this.#server.parse(prompt, signal), () => this.#paintText());

  /** @param {Api} api */
  set api(api) {
    this.#api = api;
  }

  /** @param {Job} job @param {number} index */
  open(job, index) {
    const image = job.images.find((each) => each.index === index);
    if (!image) return;
    this.#build();
    this.#job = job;
    this.#index = index;
    const { history, text, references } = this.#kept.get(this.#name) ?? { history: NOTHING, ...words(job) };
    this.#references = references;
    say(this.#part(".which"), `Set ${job.number}, picture ${index + 1}`);
    this.#status.show({ problem: null, says: null, kept: 0, hints: false });
    this.#field.value = text;
    this.begin({
      url: image.url, rough: thumbnail(image.thumbnail, 640), width: image.width, height: image.height, label: alt(job, index),
    }, history);
    this.#read();
    this.#part(".easel").focus();
  }

  #build() {
    if (this.firstElementChild) return;
    this.build(BODY());
    const input = this.#field.input;
    input.setAttribute("aria-label", "What should be there");
    input.placeholder = "What should be there";
    this.dialog.addEventListener("close", () => this.#reader.forget());
    input.addEventListener("input", () => {
      this.#key = newKey();
      this.#keep();
      this.tell(null);
      this.#read();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    });
    this.#part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** @override @param {string|null} _said */
  changed(_said) {
    this.#key = newKey();
    this.#keep();
    this.#part(".go").setAttribute("aria-disabled", String(!this.canvas.painted));
  }

  // The text.

  #read() {
    const text = this.#field.value;
    if (text.trim()) this.#reader.read(text, this.#references);
    else this.#reader.clear();
  }

  #paintText() {
    const { answer } = this.#reader;
    const text = this.#field.value;
    if (answer?.text === text) this.#field.paint(paintSpans(text, answer.parsed.tokens, answer.parsed.errors, new Set()));
  }

  /** @override @param {string|null} message */
  tell(message) {
    const problem = message ? { level: /** @type {const} */ ("error"), message, fixable: false } : null;
    this.#status.show({ problem, says: null, kept: 0, hints: false });
  }

  // Sending.

  async #submit() {
    const job = this.#job;
    if (!job || this.#sending) return;
    if (!this.canvas.painted) return this.tell("Nothing is painted yet. Paint over what should change.");
    this.#busy(true);
    try {
      const { prompt } = merge(this.#field.value.trim(), this.#references);
      const { id: mask } = await this.#server.upload(await this.canvas.toPng());
      const asked = { action: "region", image: this.#index, mask, ...(prompt ? { prompt } : {}) };
      const { jobs } = await this.#server.act(job.id, asked, { key: this.#key });
      this.#taken(jobs);
    } catch (error) {
      const reason = /** @type {import("../api.js").ApiError} */ (error);
      // refused for good: the next try is another one
      if (reason.status) this.#key = newKey();
      this.tell(refusal(reason));
    } finally {
      this.#busy(false);
    }
  }

  /** @param {Job[]} jobs */
  #taken(jobs) {
    const from = this.#job?.id;
    this.#kept.delete(this.#name);
    this.#job = null; // nothing to keep
    this.dialog.close();
    wish(this, "repainted", { jobs, from });
  }

  /** @param {boolean} sending */
  #busy(sending) {
    this.#sending = sending;
    const go = this.#part(".go");
    say(go, sending ? "Sending" : "Repaint");
    go.setAttribute("aria-disabled", String(sending || !this.canvas.painted));
  }

  #keep() {
    if (this.#job) this.#kept.set(this.#name, { history: this.canvas.history, text: this.#field.value, references: this.#references });
  }

  get #name() {
    return `${this.#job?.id}/${this.#index}`;
  }

  // Parts.

  /** @returns {Api} */
  get #server() {
    if (!this.#api) throw new Error("mask-painter has no api");
    return this.#api;
  }

  get #field() {
    return /** @type {import("./prompt-field.js").PromptField} */ (this.#part("prompt-field"));
  }

  get #status() {
    return /** @type {import("./lens-status.js").LensStatus} */ (this.#part("lens-status"));
  }

  /** @param {string} selector */
  #part(selector) {
    return part(this, selector);
  }
}

/** The words of a set with its flags; the pictures that they name are kept aside. @param {Job} job */
function words(job) {
  const { text, references } = split(job.prompt);
  const { words, flags } = splitPrompt({ prompt: text, text: job.text });
  return {
    // another try is another one: not a set of sets again, and not the same noise
    text: removeFlag(removeFlag([words, flags].filter(Boolean).join(" "), ["repeat", "r"]), ["seed"]),
    // those at the front were what the picture began from
    references: references.filter(({ role }) => role !== "image"),
  };
}
