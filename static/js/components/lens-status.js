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
import { withFlags } from "../lens-words.js";

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
    this.#tell(problem?.message ?? "");
    this.#part("button").hidden = !problem?.fixable;
    this.#part(".foot").hidden = says === null;
    say(this.#part(".says"), says ?? "");
    say(this.#part(".kept"), kept ? `${kept} kept` : "");
    this.#part(".keys").hidden = !hints;
  }

  /** Flags in a sentence stand out. @param {string} sentence */
  #tell(sentence) {
    const place = this.#part(".wrong span");
    if (place.textContent === sentence) return;
    place.replaceChildren(...withFlags(sentence).map(({ text, flag }) => {
      if (!flag) return document.createTextNode(text);
      const code = document.createElement("code");
      code.textContent = text;
      return code;
    }));
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }
}
