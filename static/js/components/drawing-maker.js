// @ts-check
// <drawing-maker>: draw on a picture, for whoever asks.
//   const made = await maker.make({ url, rough, width, height, label }, history);   // the history, or null: as it was

import { part } from "../dom.js";
import { MaskDesk, desk } from "./mask-desk.js";
import { RadioRow } from "./radio-row.js";

/** What stands out on most pictures, first; then black and white. */
const COLOURS = { Red: "#ff3b30", Yellow: "#ffd60a", Green: "#30d158", Blue: "#0a84ff", Magenta: "#ff2d95", White: "#ffffff", Black: "#000000" };
const SWATCHES = Object.entries(COLOURS).map(([name, colour]) =>
  `<button type="button" role="radio" data-value="${colour}" aria-label="${name}"><i></i></button>`).join("");
const PEN = {
  hint: "Draw what should change: circle it, point at it, sketch it.",
  markup: `<hr><div class="swatches" role="radiogroup" aria-label="Color">${SWATCHES}</div>
    <input type="color" aria-label="Another color" value="#f2a65a">`,
};
const BODY = desk("Draw on the picture", '<div class="made"><button type="button" class="btn" data-use>Use this drawing</button></div>', PEN);

export class DrawingMaker extends MaskDesk {
  /** @type {(history: import("../mask-strokes.js").History|null) => void} */ #then = () => {};

  /**
   * @param {import("./mask-canvas.js").Picture} picture @param {import("../mask-strokes.js").History} history
   * @returns {Promise<import("../mask-strokes.js").History|null>} null: left as it was
   */
  make(picture, history) {
    this.#build();
    return new Promise((resolve) => {
      this.#then = resolve;
      this.begin(picture, history);
      part(this, ".easel").focus();
    });
  }

  #build() {
    if (this.firstElementChild) return;
    this.build(BODY());
    this.dialog.addEventListener("close", () => this.#then(null));
    part(this, "[data-use]").addEventListener("click", () => {
      this.#then(this.canvas.history);
      this.dialog.close();
    });
    const swatches = part(this, ".swatches");
    for (const swatch of swatches.children) {
      /** @type {HTMLElement} */ (swatch.firstElementChild).style.background = /** @type {HTMLElement} */ (swatch).dataset.value ?? "";
    }
    const own = /** @type {HTMLInputElement} */ (part(this, "[type=color]"));
    const row = new RadioRow(swatches, (colour) => { row.value = this.canvas.colour = colour; });
    own.addEventListener("input", () => {
      row.value = null;
      this.canvas.colour = own.value;
    });
    row.value = this.canvas.colour = COLOURS.Red;
  }
}
