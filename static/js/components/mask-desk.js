// @ts-check
/**
 * What every dialog in which a picture is painted on has: the picture, the tools and their keys. `MaskPainter`,
 * `MaskMaker` and `DrawingMaker` say what it is for; they give the rest of the dialog, and are told by the methods below it.
 *
 * @typedef {import("./mask-canvas.js").Tool} Tool
 * @typedef {import("./mask-canvas.js").Picture} Picture
 * @typedef {import("../mask-strokes.js").History} History
 */
import { icon, isField, part, say, template, wish } from "../dom.js";
import { stayAboveKeyboard } from "../lens-place.js";
import { readMaskFile } from "../mask-file.js";
import { isBlank } from "../mask-strokes.js";

/** @param {string} what @param {string} glyph @param {string} name */
const tool = (what, glyph, name) => `<button type="button" class="ib" data-tool="${what}" aria-pressed="false" aria-label="${name}">${icon(glyph)}</button>`;
/** @param {string} what @param {string} glyph @param {string} name */
const command = (what, glyph, name) => `<button type="button" class="ib" data-do="${what}" aria-label="${name}">${icon(glyph)}</button>`;

const HINT = "Paint over what should change. The rest stays as it is, pixel for pixel.";

const LASSO = tool("lasso", "lasso", "Lasso (L)");
const INVERT = command("invert", "invert", "Invert (I)");
const MASK_FILE = `${command("file", "file", "Use a mask file")}<input type="file" accept="image/*" hidden>`;

/**
 * The dialog, with what stands under its tools. With a `pen` it is for a drawing.
 * @param {string} label @param {string} foot constant markup
 * @param {{hint: string, markup: string}|null} [pen] the first line, and the tools of a pen, as constant markup
 */
export const desk = (label, foot, pen = null) => template(`<dialog class="painter" aria-label="${label}">
<div class="head"><button type="button" class="ib" data-do="close" aria-label="Close (Esc)">${icon("close")}</button>
<p${pen ? "" : ' id="painter-hint"'}>${pen ? pen.hint : HINT}</p><span class="which"></span></div>
<mask-canvas${pen ? " draws" : ""}></mask-canvas>
<div class="dock"><div class="toolbar" role="group" aria-label="${pen ? "Drawing" : "Mask"} tools">
${tool("brush", "brush", "Brush (B)")}${tool("eraser", "eraser", "Eraser (X)")}${pen ? pen.markup : LASSO}<hr>
<label>Size <input type="range"><output></output></label><hr>
${pen ? "" : INVERT}${command("undo", "undo", "Undo (Ctrl Z)")}${command("redo", "redo", "Redo (Ctrl Shift Z)")}
${command("clear", "trash", "Clear")}${pen ? "" : MASK_FILE}</div>
${foot}</div><span class="sr" role="status"></span></dialog>`);

/** @type {Record<string, Tool>} */
const TOOL_KEYS = { b: "brush", x: "eraser", l: "lasso" };
/** @type {Record<string, string>} */
const KEYS = { i: "invert" };
/** @type {Record<string, string>} */
const SIZE_KEYS = { "[": "smaller", "]": "larger" };

export class MaskDesk extends HTMLElement {
  /** @type {Picture|null} */ #picture = null;

  /** @param {HTMLElement} body made by desk() */
  build(body) {
    this.append(body);
    const { dialog } = this;
    dialog.addEventListener("cancel", (event) => this.canvas.cancel() && event.preventDefault());
    dialog.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      if (button?.dataset.tool) this.#use(/** @type {Tool} */ (button.dataset.tool));
      else if (button?.dataset.do) this.#do(button.dataset.do);
    });
    dialog.addEventListener("keydown", (event) => this.#press(event));
    dialog.addEventListener("mask", (event) => this.#painted(/** @type {CustomEvent} */ (event).detail.said));
    dialog.addEventListener("brush-size", () => this.#showSize());
    this.#slider.addEventListener("input", () => this.#resize(Number(this.#slider.value)));
    this.#files?.addEventListener("change", () => this.#takeFile());
    [this.#slider.min, this.#slider.max] = [this.canvas.sizes.min, this.canvas.sizes.max].map(String);
    stayAboveKeyboard(dialog, new AbortController().signal);
  }

  /** In front of all else. @param {Picture} picture @param {History} history */
  begin(picture, history) {
    this.#picture = picture;
    this.dialog.showModal();
    this.canvas.show(picture, history);
    this.#use("brush");
    this.#showSize();
  }

  /** It is another mask. To be told by those who keep it. @param {string|null} _said */
  changed(_said) {}

  /** What cannot be done, or nothing any more. To be shown. @param {string|null} _message */
  tell(_message) {}

  /** @param {string} what */
  #do(what) {
    const { canvas } = this;
    switch (what) {
      case "close": return this.dialog.close();
      case "file": return this.#files?.click();
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
    this.canvas.tool = tool;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll("[data-tool]"))) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
  }

  /** @param {number} size */
  #resize(size) {
    this.canvas.size = size;
    this.#showSize();
  }

  #showSize() {
    const { size, sizes: { min, max } } = this.canvas;
    this.#slider.value = String(size);
    this.#slider.style.setProperty("--p", String((size - min) / (max - min)));
    say(part(this, ".toolbar output"), String(size));
  }

  /** Letters are for the tools, except in the text. @param {KeyboardEvent} event */
  #press(event) {
    if (isField(event.target) || event.altKey) return;
    const letter = event.key.toLowerCase();
    const held = event.ctrlKey || event.metaKey;
    if (held && letter === "z") this.#do(event.shiftKey ? "redo" : "undo");
    else if (held && letter === "y") this.#do("redo");
    else if (!held && this.#has("tool", TOOL_KEYS[letter])) this.#use(TOOL_KEYS[letter]);
    else if (!held && (letter in SIZE_KEYS || this.#has("do", KEYS[letter]))) this.#do(KEYS[letter] ?? SIZE_KEYS[letter]);
    else if (!held && letter === "?") wish(this, "page-dialog", { name: "keys" });
    else return;
    event.preventDefault();
  }

  /** Is there a button for it here? @param {string} kind @param {string|undefined} name */
  #has(kind, name) {
    return name !== undefined && this.querySelector(`[data-${kind}="${name}"]`) !== null;
  }

  async #takeFile() {
    const files = this.#files;
    const [file] = files?.files ?? [];
    if (!files || !file || !this.#picture) return;
    files.value = "";
    try {
      this.canvas.place(await readMaskFile(file, this.#picture));
    } catch (reason) {
      this.tell(/** @type {Error} */ (reason).message);
    }
  }

  /** @param {string|null} said */
  #painted(said) {
    const { done, undone } = this.canvas.history;
    this.#enable("undo", done.length > 0);
    this.#enable("redo", undone.length > 0);
    this.#enable("clear", !isBlank(this.canvas.history));
    this.changed(said);
    if (!said) return;
    say(part(this, "dialog > [role=status]"), said);
    this.tell(null);
  }

  /** Not `disabled`: a button must not lose the focus when it has done its last. @param {string} what @param {boolean} able */
  #enable(what, able) {
    part(this, `[data-do=${what}]`).setAttribute("aria-disabled", String(!able));
  }

  get dialog() {
    return /** @type {HTMLDialogElement} */ (this.firstElementChild);
  }

  get canvas() {
    return /** @type {import("./mask-canvas.js").MaskCanvas} */ (part(this, "mask-canvas"));
  }

  get #slider() {
    return /** @type {HTMLInputElement} */ (part(this, "[type=range]"));
  }

  /** None where a drawing is made. @returns {HTMLInputElement|null} */
  get #files() {
    return this.querySelector("[type=file]");
  }
}
