// @ts-check
// <sketch-banner>: these pictures are sketches, and how to connect ComfyUI. Hidden once, hidden for good.
//   banner.update(store);
// Wishes: `page-dialog` {name: "connect"}.

import { icon, say, template, wish } from "../dom.js";

const KEY = "imagine.sketch-note";
const BODY = template(`<aside class="banner" aria-label="About the engine">${icon("info")}<span></span>
  <button type="button" class="act">Connect ComfyUI</button>
  <button type="button" class="ib" aria-label="Hide this note">${icon("close")}</button></aside>`);

export class SketchBanner extends HTMLElement {
  #hidden = false;
  #seen = false;

  connectedCallback() {
    try {
      this.#hidden = localStorage.getItem(KEY) === "hidden";
    } catch {
      // storage is off: the note comes back with the page
    }
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element && target.closest("button");
      if (!button) return;
      if (button.matches(".act")) return wish(this, "page-dialog", { name: "connect" });
      this.#hidden = true;
      this.replaceChildren();
      try {
        localStorage.setItem(KEY, "hidden");
      } catch {
        // see above
      }
    });
  }

  /** @param {import("../store.js").State} state */
  update({ engine }) {
    if (this.#hidden || !engine) return;
    const sketch = engine.kind === "sketch";
    if (sketch && !this.#seen) {
      this.#seen = true;
      this.append(BODY());
    }
    if (!this.#seen) return;
    // the server gives a reason when it would rather have a ComfyUI
    const missing = sketch && engine.reason !== null;
    // when ComfyUI comes the note stays until it is hidden, so that no picture moves
    say(/** @type {Element} */ (this.querySelector("span")), !sketch
      ? "ComfyUI is connected. New sets are made by it."
      : missing
        ? "No ComfyUI found, so these are sketches: quick procedural paintings to try things out."
        : "These are sketches: quick procedural paintings to try things out.");
    /** @type {HTMLElement} */ (this.querySelector(".act")).hidden = !missing;
  }
}
