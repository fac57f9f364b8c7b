// @ts-check
// <mask-maker>: paint a mask upon a picture, for whoever asks.
//   const made = await maker.make({ url, rough, width, height, label }, history);   // null: left as it was

/** @typedef {{png: Blob, history: import("../mask-strokes.js").History}} Made */

import { part } from "../dom.js";
import { MaskDesk, desk } from "./mask-desk.js";

const BODY = desk("Paint a mask", `<div class="made"><button type="button" class="btn" data-use aria-describedby="painter-hint">Use this mask</button>
  <p class="wrong" role="alert" hidden></p></div>`);

export class MaskMaker extends MaskDesk {
  /** @type {(made: Made|null) => void} */ #then = () => {};

  /**
   * @param {import("./mask-canvas.js").Picture} picture @param {import("../mask-strokes.js").History} history
   * @returns {Promise<Made|null>}
   */
  make(picture, history) {
    this.#build();
    this.tell(null);
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
    this.#use.addEventListener("click", () => this.#done());
  }

  async #done() {
    if (!this.canvas.painted) return this.tell("Nothing is painted yet. Paint over what should change.");
    const made = { png: await this.canvas.toPng(), history: this.canvas.history };
    this.#then(made);
    this.dialog.close();
  }

  /** @override @param {string|null} _said */
  changed(_said) {
    this.#use.setAttribute("aria-disabled", String(!this.canvas.painted));
  }

  /** @override @param {string|null} message */
  tell(message) {
    const line = part(this, ".wrong");
    line.textContent = message;
    line.hidden = !message;
  }

  get #use() {
    return part(this, "[data-use]");
  }
}
