// @ts-check
/**
 * `<prompt-field>`: the text of a prompt. A transparent textarea lies over a painted mirror, which
 * has the same metrics, gives the field its height and scrolls with it, so nothing is measured.
 *
 *     field.value = "a red fox --ar 16:9";
 *     field.paint([{start: 10, end: 14, kind: "flag"}]);
 *     field.replace(15, 19, "3:2");      // can be undone with Ctrl+Z, fires `input`
 *
 * @typedef {import("../prompt-text.js").Span} Span
 */
import { shiftSpans } from "../prompt-text.js";

const MARKUP = `<div class="words-box"><div class="paint" aria-hidden="true"></div>
<textarea rows="1" aria-label="Prompt" placeholder="Describe a picture" spellcheck="false"
  autocomplete="off" autocapitalize="off" enterkeyhint="send"></textarea></div>`;

/** Units: px between the letters of the first and last line and the edge of the field. */
const AIR = 12;

export class PromptField extends HTMLElement {
  /** @type {HTMLTextAreaElement} */
  input = document.createElement("textarea");
  #paper = document.createElement("div");
  /** @type {Span[]} */
  #spans = [];
  #painted = "";
  /** @type {{start: number, end: number}|null} The words that an input method still works on. */
  #composing = null;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.innerHTML = MARKUP;
    this.input = /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
    this.#paper = /** @type {HTMLDivElement} */ (this.querySelector(".paint"));
    this.input.addEventListener("compositionstart", () => {
      this.#composing = { start: this.input.selectionStart, end: this.input.selectionStart };
    });
    this.input.addEventListener("compositionupdate", ({ data }) => {
      if (this.#composing) this.#composing.end = this.#composing.start + data.length;
    });
    this.input.addEventListener("compositionend", () => {
      this.#composing = null;
      this.#draw();
    });
    this.input.addEventListener("input", () => {
      this.#follow();
      this.#showCaret();
    });
    this.#draw();
  }

  get value() {
    return this.input.value;
  }

  /** Set by the program: what was painted moves along until the next `paint`. */
  set value(text) {
    if (text === this.input.value) return;
    this.input.value = text;
    this.#follow();
  }

  get caret() {
    return this.input.selectionEnd;
  }

  get composing() {
    return this.#composing !== null;
  }

  /** @param {{at?: number, to?: number}} [where] */
  place({ at = this.value.length, to = at } = {}) {
    this.input.focus();
    this.input.setSelectionRange(at, to);
    this.#showCaret();
  }

  /**
   * Replace a piece of the text as if it had been typed.
   * @param {number} start @param {number} end @param {string} text
   */
  replace(start, end, text) {
    this.place({ at: start, to: end });
    // The one way to change a textarea that keeps its undo history; deprecated, without successor.
    if (document.execCommand("insertText", false, text)) return;
    this.input.setRangeText(text, start, end, "end");
    this.input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  /** @param {readonly Span[]} spans  for the text as it is now */
  paint(spans) {
    this.#spans = [...spans];
    this.#draw();
  }

  #follow() {
    this.#spans = shiftSpans(this.#spans, this.#painted, this.value);
    this.#draw();
  }

  #draw() {
    const text = this.value;
    this.#painted = text;
    const pieces = document.createDocumentFragment();
    const marks = this.#composing ? withComposed(this.#spans, this.#composing) : this.#spans;
    let from = 0;
    for (const { start, end, kind } of marks) {
      pieces.append(text.slice(from, start), marked(text.slice(start, end), kind));
      from = end;
    }
    // The last line of the mirror needs a character to have a height.
    pieces.append(text.slice(from), "\u200b");
    this.#paper.replaceChildren(pieces);
  }

  /** Scroll the line of the caret into view: the browser does so before the field has grown. */
  #showCaret() {
    if (this.scrollHeight <= this.clientHeight) return;
    const caret = this.#caretBox();
    const box = this.getBoundingClientRect();
    if (caret.bottom > box.bottom - AIR) this.scrollTop += caret.bottom - box.bottom + AIR;
    else if (caret.top < box.top + AIR) this.scrollTop -= box.top + AIR - caret.top;
  }

  #caretBox() {
    const walker = document.createTreeWalker(this.#paper, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    let left = this.caret;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const length = node.nodeValue?.length ?? 0;
      if (left < length) {
        range.setStart(node, left);
        range.setEnd(node, left + 1);
        break;
      }
      left -= length;
    }
    return range.getBoundingClientRect();
  }
}

/** @param {string} text @param {string} kind */
function marked(text, kind) {
  const span = document.createElement("span");
  span.dataset.kind = kind;
  span.textContent = text;
  return span;
}

/**
 * @param {readonly Span[]} spans @param {{start: number, end: number}} composed
 * @returns {Span[]}
 */
function withComposed(spans, { start, end }) {
  const others = spans.filter((span) => span.end <= start || span.start >= end);
  if (end > start) others.push({ start, end, kind: "composing" });
  return others.sort((one, other) => one.start - other.start);
}
