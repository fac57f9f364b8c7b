// @ts-check
// <search-field>: the search button of the header and its small field.
//   field.update(store);  field.open();
// Wishes: `find` {q} while typing.

import { icon, template, wish } from "../dom.js";
import { popover } from "../pop.js";

const QUIET_MS = 200;

const BODY = template(`<div><button type="button" class="ib" aria-label="Search (/)">${icon("search")}</button>
  <div class="pop find" hidden><form role="search">${icon("search")}
    <input type="search" aria-label="Search your prompts" placeholder="Words, or -word to leave out" autocomplete="off" spellcheck="false" enterkeyhint="search">
    <button type="button" class="ib" aria-label="Clear search" data-clear>${icon("close")}</button></form></div></div>`);

export class SearchField extends HTMLElement {
  #input = document.createElement("input");
  #timer = 0;
  open = () => {};

  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(...BODY().children);
    const [button, panel] = this.children;
    this.#input = /** @type {HTMLInputElement} */ (panel.querySelector("input"));
    const show = popover(this, /** @type {HTMLButtonElement} */ (button), /** @type {HTMLElement} */ (panel), () => this.#input.select());
    this.open = () => show(true);
    const ask = () => wish(this, "find", { q: this.#input.value.trim() });
    this.#input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(ask, QUIET_MS);
    });
    panel.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.#timer);
      ask();
      show(false);
    });
    panel.querySelector("[data-clear]")?.addEventListener("click", () => {
      this.#input.value = "";
      ask();
      show(false);
    });
  }

  /** @param {import("../store.js").State} state */
  update({ filter }) {
    if (document.activeElement !== this.#input) this.#input.value = filter.q;
  }
}
