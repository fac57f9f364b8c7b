// @ts-check
// <pause-line>: the queue is paused, why, and how it goes on.
//   line.update(store);
// Wishes: `queue` {what: "resume"}.

import { icon, part, say, template, wish } from "../dom.js";

const BODY = template(`<div class="banner" role="status">${icon("pause")}<span></span>
  <button type="button" class="act">Resume</button></div>`);

export class PauseLine extends HTMLElement {
  /** @param {import("../store.js").State} state */
  update({ queue, online }) {
    const { paused, reason } = queue;
    if (!paused || !online) return this.replaceChildren();
    if (!this.firstElementChild) {
      this.append(BODY());
      part(this, "button").addEventListener("click", () => wish(this, "queue", { what: "resume" }));
    }
    const why = [reason?.message, reason?.by_hand ? "What runs goes on, and what waits is safe." : reason?.hint];
    say(part(this, "span"), why.filter(Boolean).join(" ") || "The queue is paused.");
    part(this, "button").hidden = reason?.by_hand === false;
  }
}
