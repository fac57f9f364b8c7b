// @ts-check
// <tool-tip>: the name and the key of the icon button that is pointed at or focused, from its label: "Star (S)".

import { say, template } from "../dom.js";

const WAIT_MS = 400;
const BODY = template('<div class="tip" popover="manual" aria-hidden="true"><span></span><kbd></kbd></div>');

export class ToolTip extends HTMLElement {
  #timer = 0;
  /** @type {Element|null} */ #on = null;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    document.addEventListener("pointerover", ({ target, pointerType }) => pointerType === "mouse" && this.#over(target, WAIT_MS));
    document.addEventListener("focusin", ({ target }) => target instanceof Element && this.#over(target.matches(":focus-visible") ? target : null, 0));
    document.addEventListener("focusout", () => this.#over(null, 0));
    document.addEventListener("pointerdown", () => this.#over(null, 0));
    addEventListener("scroll", () => this.#over(null, 0), { passive: true, capture: true });
  }

  /** @param {EventTarget|null} target @param {number} wait */
  #over(target, wait) {
    const button = target instanceof Element ? target.closest(".ib[aria-label]") : null;
    if (button === this.#on) return;
    this.#on = button;
    clearTimeout(this.#timer);
    const tip = /** @type {HTMLElement} */ (this.firstElementChild);
    if (tip.matches(":popover-open")) {
      tip.hidePopover();
      wait = 0; // from button to button at once
    }
    if (button) this.#timer = setTimeout(() => this.#show(tip, button), wait);
  }

  /** @param {HTMLElement} tip @param {Element} button */
  #show(tip, button) {
    if (!button.isConnected || button.getAttribute("aria-expanded") === "true") return;
    const [, name, key = ""] = /^(.*?)(?: \((.+)\))?$/.exec(button.getAttribute("aria-label") ?? "") ?? [];
    const [words, letters] = /** @type {HTMLCollectionOf<HTMLElement>} */ (tip.children);
    say(words, name);
    say(letters, key);
    letters.hidden = !key;
    tip.showPopover();
    const at = button.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left + (at.width - width) / 2, innerWidth - width - 8));
    const top = at.top - height - 8 >= 8 ? at.top - height - 8 : at.bottom + 8;
    tip.style.inset = `${Math.round(top)}px auto auto ${Math.round(left)}px`;
  }
}
