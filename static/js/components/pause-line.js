// @ts-check
// <pause-line>: the queue is paused, why, and how it goes on. It stands in the prompt bar, which floats over the
// pictures, so that none of them moves when it comes or goes.
//   line.update(store);
// Wishes: `queue` {what: "resume"}.

import { icon, part, template, wish } from "../dom.js";
import { writeSentence } from "../lens-words.js";
import { pauseWords } from "../set-view.js";

const BODY = template(`<div class="paused">${icon("pause")}<span></span><button type="button" class="act">Resume</button></div>`);

export class PauseLine extends HTMLElement {
  /** @param {import("../store.js").State} state */
  update({ queue, online }) {
    if (!queue.paused || !online) return this.#leave();
    if (!this.firstElementChild) {
      this.append(BODY());
      part(this, "button").addEventListener("click", () => wish(this, "queue", { what: "resume" }));
    }
    writeSentence(part(this, "span"), pauseWords(queue));
    part(this, "button").hidden = queue.reason?.by_hand === false;
  }

  #leave() {
    const held = this.contains(document.activeElement);
    this.replaceChildren();
    if (held) /** @type {HTMLElement|null|undefined} */ (this.closest("form")?.querySelector(".go"))?.focus();
  }
}
