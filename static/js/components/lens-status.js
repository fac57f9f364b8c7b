// @ts-check
/**
 * `<lens-status>`: the two lines under the prompt: what is wrong with a way to fix it, and what
 * will be made.
 *
 *     status.show({problem, says: "4 pictures · 1344×768", kept: 0, hints: true});
 *     status.addEventListener("fix", () => …);
 *
 * @typedef {{level: "error"|"note", message: string, fixable: boolean}} Problem
 */
import { say, wish } from "../dom.js";
import { writeSentence } from "../lens-words.js";

const MARKUP = `<p class="wrong" role="status" hidden><span></span><button type="button" class="act" hidden>Fix it</button></p>
<p class="foot" hidden><span class="says"></span><span class="keys" hidden><span><kbd>Enter</kbd> make</span><span><kbd>Shift Enter</kbd> new line</span></span><span class="kept"></span></p>`;

export class LensStatus extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    this.innerHTML = MARKUP;
    this.#part("button").addEventListener("click", () => wish(this, "fix"));
  }

  /** @param {{problem: Problem|null, says: string|null, kept: number, hints: boolean}} shown `says` null: no line at all */
  show({ problem, says, kept, hints }) {
    const line = this.#part(".wrong");
    line.hidden = !problem;
    line.dataset.level = problem?.level ?? "";
    writeSentence(this.#part(".wrong span"), problem?.message ?? "");
    this.#part("button").hidden = !problem?.fixable;
    this.#part(".foot").hidden = says === null;
    say(this.#part(".says"), says ?? "");
    say(this.#part(".kept"), kept ? `${kept} kept` : "");
    this.#part(".keys").hidden = !hints;
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }
}
