// @ts-check
/**
 * `<lens-mode>`: the quiet line over the prompt that says what its words are for, when they are not
 * for a new set, and leads back. Event: `leave-mode`.
 */
import { icon, part, say, wish } from "../dom.js";

const MARKUP = `<p role="status"></p><button type="button" class="ib" aria-label="Make a new set instead (Esc)">${icon("close")}</button>`;

export class LensMode extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    this.innerHTML = MARKUP;
    part(this, "button").addEventListener("click", () => wish(this, "leave-mode"));
  }

  /** @param {string|null} label null: the words are for a new set */
  show(label) {
    this.hidden = label === null;
    say(part(this, "p"), label ?? "");
  }
}
