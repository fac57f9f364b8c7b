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
 * @typedef {import("./mask-canvas.js").Tool} Tool
 * @typedef {{history: import("../mask-strokes.js").History, text: string, references: readonly Reference[]}} Work
 * @typedef {Pick<typeof import("../api.js"), "parse"|"upload"|"act">} Api
 */
import { icon, isField, part, say, template, wish } from "../dom.js";
import { splitPrompt } from "../format.js";
import { stayAboveKeyboard } from "../lens-place.js";
import { merge, split } from "../lens-references.js";
import { refusal } from "../lens-words.js";
import { readMaskFile } from "../mask-file.js";
import { isBlank, NOTHING } from "../mask-strokes.js";
import { newKey } from "../prompt-memory.js";
import { PromptReader } from "../prompt-reader.js";
import { paintSpans, removeFlag } from "../prompt-text.js";
import { alt } from "../set-view.js";
import { SIZES } from "./mask-canvas.js";
import { thumbnail } from "./picture-tile.js";

/** @param {string} what @param {string} glyph @param {string} name */
const tool = (what, glyph, name) => `<button type="button" class="ib" data-tool="${what}" aria-pressed="false" aria-label="${name}">${icon(glyph)}</button>`;
/** @param {string} what @param {string} glyph @param {string} name */
const command = (what, glyph, name) => `<button type="button" class="ib" data-do="${what}" aria-label="${name}">${icon(glyph)}</button>`;

const HINT = "Paint over what should change. The rest stays as it is, pixel for pixel.";
const BODY = template(`<dialog class="painter" aria-label="Repaint a part">
<div class="head"><button type="button" class="ib" data-do="close" aria-label="Close (Esc)">${icon("close")}</button>
<p id="painter-hint">${HINT}</p><span class="which"></span></div>
<mask-canvas></mask-canvas>
<div class="dock"><div class="toolbar" role="group" aria-label="Mask tools">
${tool("brush", "brush", "Brush (B)")}${tool("eraser", "eraser", "Eraser (X)")}${tool("lasso", "lasso", "Lasso (L)")}<hr>
<label>Size <input type="range" min="${SIZES.min}" max="${SIZES.max}"><output></output></label><hr>
${command("invert", "invert", "Invert (I)")}${command("undo", "undo", "Undo (Ctrl Z)")}${command("redo", "redo", "Redo (Ctrl Shift Z)")}
${command("clear", "trash", "Clear")}${command("file", "file", "Use a mask file")}<input type="file" accept="image/*" hidden></div>
<form class="lens" data-state="painting" novalidate><div class="lens-row"><prompt-field class="field"></prompt-field>
<button class="go" aria-describedby="painter-hint">Repaint</button></div><lens-status></lens-status></form></div>
<span class="sr" role="status"></span></dialog>`);

/** @type {Record<string, Tool>} */
const TOOL_KEYS = { b: "brush", x: "eraser", l: "lasso" };
/** @type {Record<string, string>} */
const KEYS = { i: "invert", "[": "smaller", "]": "larger" };

export class MaskPainter extends HTMLElement {
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
    this.#dialog.showModal();
    this.#canvas.show({
      url: image.url, rough: thumbnail(image.thumbnail, 640), width: image.width, height: image.height, label: alt(job, index),
    }, history);
    this.#use("brush");
    this.#showSize();
    this.#read();
    this.#part(".easel").focus();
  }

  #build() {
    if (this.firstElementChild) return;
    this.append(BODY());
    const dialog = this.#dialog;
    const input = this.#field.input;
    input.setAttribute("aria-label", "What should be there");
    input.placeholder = "What should be there";
    dialog.addEventListener("close", () => this.#reader.forget());
    dialog.addEventListener("cancel", (event) => this.#canvas.cancel() && event.preventDefault());
    dialog.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      if (button?.dataset.tool) this.#use(/** @type {Tool} */ (button.dataset.tool));
      else if (button?.dataset.do) this.#do(button.dataset.do);
    });
    dialog.addEventListener("keydown", (event) => this.#press(event));
    dialog.addEventListener("mask", (event) => this.#changed(/** @type {CustomEvent} */ (event).detail.said));
    dialog.addEventListener("brush-size", () => this.#showSize());
    this.#slider.addEventListener("input", () => this.#resize(Number(this.#slider.value)));
    this.#files.addEventListener("change", () => this.#takeFile());
    input.addEventListener("input", () => {
      this.#key = newKey();
      this.#keep();
      this.#tell(null);
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
    stayAboveKeyboard(dialog, new AbortController().signal);
  }

  // Tools.

  /** @param {string} what */
  #do(what) {
    const canvas = this.#canvas;
    switch (what) {
      case "close": return this.#dialog.close();
      case "file": return this.#files.click();
      case "undo": return canvas.undo();
      case "redo": return canvas.redo();
      case "invert": return canvas.invert();
      case "clear": return canvas.clear();
      case "smaller": return this.#resize(canvas.size - Math.max(1, canvas.size / 8));
      default: return this.#resize(canvas.size + Math.max(1, canvas.size / 8));
    }
  }

  /** @param {Tool} tool */
  #use(tool) {
    this.#canvas.tool = tool;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll("[data-tool]"))) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
  }

  /** @param {number} size */
  #resize(size) {
    this.#canvas.size = size;
    this.#showSize();
  }

  #showSize() {
    const { size } = this.#canvas;
    this.#slider.value = String(size);
    this.#slider.style.setProperty("--p", String((size - SIZES.min) / (SIZES.max - SIZES.min)));
    say(this.#part("output"), String(size));
  }

  /** Letters are for the tools, except in the text. @param {KeyboardEvent} event */
  #press(event) {
    if (isField(event.target) || event.altKey) return;
    const letter = event.key.toLowerCase();
    const held = event.ctrlKey || event.metaKey;
    if (held && letter === "z") this.#do(event.shiftKey ? "redo" : "undo");
    else if (held && letter === "y") this.#do("redo");
    else if (!held && TOOL_KEYS[letter]) this.#use(TOOL_KEYS[letter]);
    else if (!held && KEYS[letter]) this.#do(KEYS[letter]);
    else if (!held && letter === "?") wish(this, "page-dialog", { name: "keys" });
    else return;
    event.preventDefault();
  }

  async #takeFile() {
    const [file] = this.#files.files ?? [];
    this.#files.value = "";
    const image = this.#job?.images.find(({ index }) => index === this.#index);
    if (!file || !image) return;
    try {
      this.#canvas.place(await readMaskFile(file, image));
    } catch (reason) {
      this.#tell(/** @type {Error} */ (reason).message);
    }
  }

  /** @param {string|null} said */
  #changed(said) {
    const { done, undone } = this.#canvas.history;
    this.#key = newKey();
    this.#keep();
    this.#enable("undo", done.length > 0);
    this.#enable("redo", undone.length > 0);
    this.#enable("clear", !isBlank(this.#canvas.history));
    this.#part(".go").setAttribute("aria-disabled", String(!this.#canvas.painted));
    if (!said) return;
    say(this.#part("dialog > [role=status]"), said);
    this.#tell(null);
  }

  /** Not `disabled`: a button must not lose the focus when it has done its last. @param {string} what @param {boolean} able */
  #enable(what, able) {
    this.#part(`[data-do=${what}]`).setAttribute("aria-disabled", String(!able));
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

  /** @param {string|null} message */
  #tell(message) {
    const problem = message ? { level: /** @type {const} */ ("error"), message, fixable: false } : null;
    this.#status.show({ problem, says: null, kept: 0, hints: false });
  }

  // Sending.

  async #submit() {
    const job = this.#job;
    if (!job || this.#sending) return;
    if (!this.#canvas.painted) return this.#tell("Nothing is painted yet. Paint over what should change.");
    this.#busy(true);
    try {
      const { prompt } = merge(this.#field.value.trim(), this.#references);
      const { id: mask } = await this.#server.upload(await this.#canvas.toPng());
      const asked = { action: "region", image: this.#index, mask, ...(prompt ? { prompt } : {}) };
      const { jobs } = await this.#server.act(job.id, asked, { key: this.#key });
      this.#taken(jobs);
    } catch (error) {
      const reason = /** @type {import("../api.js").ApiError} */ (error);
      // refused for good: the next try is another one
      if (reason.status) this.#key = newKey();
      this.#tell(refusal(reason));
    } finally {
      this.#busy(false);
    }
  }

  /** @param {Job[]} jobs */
  #taken(jobs) {
    const from = this.#job?.id;
    this.#kept.delete(this.#name);
    this.#job = null; // nothing to keep
    this.#dialog.close();
    wish(this, "repainted", { jobs, from });
  }

  /** @param {boolean} sending */
  #busy(sending) {
    this.#sending = sending;
    const go = this.#part(".go");
    say(go, sending ? "Sending" : "Repaint");
    go.setAttribute("aria-disabled", String(sending || !this.#canvas.painted));
  }

  #keep() {
    if (this.#job) this.#kept.set(this.#name, { history: this.#canvas.history, text: this.#field.value, references: this.#references });
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

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.firstElementChild);
  }

  get #canvas() {
    return /** @type {import("./mask-canvas.js").MaskCanvas} */ (this.#part("mask-canvas"));
  }

  get #field() {
    return /** @type {import("./prompt-field.js").PromptField} */ (this.#part("prompt-field"));
  }

  get #status() {
    return /** @type {import("./lens-status.js").LensStatus} */ (this.#part("lens-status"));
  }

  get #slider() {
    return /** @type {HTMLInputElement} */ (this.#part("[type=range]"));
  }

  get #files() {
    return /** @type {HTMLInputElement} */ (this.#part("[type=file]"));
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
