// @ts-check
/**
 * `<lens-add>`: the button that adds a picture to the prompt: from this device, or by its link;
 * or that goes on to redesign some.
 * Events: `add-files` {files}, `add-link` {link}, `redesign` {picture: null}.
 */
import { icon, part, wish } from "../dom.js";
import { isLink } from "../links.js";
import { popover } from "../pop.js";

const MARKUP = `<button type="button" class="ib" aria-label="Add a picture" aria-controls="add-picture">${icon("plus")}</button>
<input type="file" accept="image/*" multiple hidden>
<div class="pop add" id="add-picture" role="group" aria-label="Add a picture" hidden>
<div class="cmds"><button type="button" data-from="device">${icon("picture")}<span>From this device</span></button>
<button type="button" data-from="link">${icon("link")}<span>Paste a link</span></button>
<button type="button" data-from="redesign">${icon("edit")}<span>Redesign pictures…</span></button></div>
<div class="by-link" hidden><input type="url" aria-label="Link of a picture" placeholder="https://" spellcheck="false" autocomplete="off" enterkeyhint="done">
<button type="button" class="btn quiet">Add</button><p class="sorry" role="status" hidden>That is no link. It begins with https://.</p></div></div>`;

export class LensAdd extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    this.innerHTML = MARKUP;
    const button = /** @type {HTMLButtonElement} */ (part(this, ".ib"));
    const show = popover(this, button, part(this, ".pop"), () => this.#ask(false));
    part(this, "[data-from=device]").addEventListener("click", () => {
      show(false);
      this.#files.click();
    });
    part(this, "[data-from=link]").addEventListener("click", () => this.#ask(true));
    part(this, "[data-from=redesign]").addEventListener("click", () => {
      show(false);
      wish(this, "redesign", { picture: null });
    });
    this.#files.addEventListener("change", () => {
      wish(this, "add-files", { files: [...(this.#files.files ?? [])] });
      this.#files.value = "";
    });
    const add = () => {
      const link = this.#link.value.trim();
      part(this, ".sorry").hidden = isLink(link);
      if (!isLink(link)) return this.#link.focus();
      show(false);
      wish(this, "add-link", { link });
    };
    part(this, ".btn").addEventListener("click", add);
    this.#link.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // not the prompt
      add();
    });
  }

  /** The two ways, or the field for a link. @param {boolean} link */
  #ask(link) {
    part(this, ".cmds").hidden = link;
    part(this, ".by-link").hidden = !link;
    part(this, ".sorry").hidden = true;
    this.#link.value = "";
    (link ? this.#link : part(this, "[data-from=device]")).focus();
  }

  get #files() {
    return /** @type {HTMLInputElement} */ (part(this, "[type=file]"));
  }

  get #link() {
    return /** @type {HTMLInputElement} */ (part(this, "[type=url]"));
  }
}
