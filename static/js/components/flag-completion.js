// @ts-check
/**
 * `<flag-completion>`: the list under (or over) the prompt that offers flags and values. The focus
 * stays in the text; the list is driven through `aria-activedescendant`. A textarea may not be a
 * `combobox`, so there is no `aria-expanded`: that the list is there is told by the row it points to.
 *
 *     list.field = field;                    // a `<prompt-field>`: read, and written when a row is taken
 *     list.known = {parameters, catalog};
 *     list.offer();                          // the text or the caret is another
 *     if (list.open && list.press(event.key)) event.preventDefault();
 *
 * @typedef {import("../completions.js").Row} Row
 * @typedef {import("../completions.js").Parameter} Parameter
 * @typedef {import("../completions.js").Catalog} Catalog
 * @typedef {import("./prompt-field.js").PromptField} PromptField
 */
import { offer } from "../completions.js";
import { spotAt } from "../prompt-text.js";

const MARKUP = `<div class="pop complete" hidden>
<ul role="listbox" id="completion" aria-label="Flags"></ul>
<p class="keys" aria-hidden="true"><span><kbd>↑↓</kbd> choose</span><span><kbd>Tab</kbd> take it</span><span><kbd>Esc</kbd> close</span></p></div>`;

export class FlagCompletion extends HTMLElement {
  /** @type {{parameters: Parameter[], catalog: Catalog|null}} */
  known = { parameters: [], catalog: null };
  /** @type {PromptField|null} */
  #field = null;
  /** @type {Row[]} */
  #rows = [];
  #active = 0;
  /** The text that the rows were found for. */
  #text = "";
  /** True once the arrow keys have chosen a row: then Enter takes it instead of submitting. */
  #chosen = false;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.innerHTML = MARKUP;
    // The focus must not leave the text when a row is pressed.
    this.addEventListener("mousedown", (event) => event.preventDefault());
    this.addEventListener("pointermove", (event) => {
      const index = this.#indexOf(event.target);
      if (index >= 0 && index !== this.#active) this.#activate(index);
    });
    this.addEventListener("click", (event) => {
      const index = this.#indexOf(event.target);
      if (index >= 0) this.#take(index);
    });
  }

  /** @param {PromptField} field */
  set field(field) {
    this.#field = field;
    field.input.setAttribute("aria-autocomplete", "list");
    field.input.setAttribute("aria-haspopup", "listbox");
    field.input.setAttribute("aria-controls", "completion");
  }

  get open() {
    return this.#rows.length > 0;
  }

  /** Show what fits at the caret; nothing fits while text is selected or composed. */
  offer() {
    if (!this.#field) return;
    const { value, caret, input, composing } = this.#field;
    // a choice stands until the text is another: the caret tells of itself late, and models arrive
    if (value !== this.#text) this.#chosen = false;
    this.#text = value;
    const { label, rows } = offer(value, caret, this.known.parameters, this.known.catalog);
    this.#show(label, input.selectionStart === caret && !composing ? rows : []);
  }

  close() {
    this.#show("Flags", []);
  }

  /** @param {string} label @param {Row[]} rows an empty list closes it */
  #show(label, rows) {
    const same = rows.length === this.#rows.length &&
      rows.every((row, index) => row.insert === this.#rows[index].insert);
    if (same) return;
    this.#chosen = false;
    this.#rows = rows;
    this.#active = 0;
    const list = this.#list;
    list.setAttribute("aria-label", label);
    list.replaceChildren(...rows.map(rowElement));
    list.dataset.kind = label.toLowerCase();
    /** @type {HTMLElement} */ (this.firstElementChild).hidden = rows.length === 0;
    this.#activate(0);
  }

  /** A key that was pressed in the text while the list is open; true if it was for the list. @param {string} key */
  press(key) {
    if (key === "ArrowDown") this.#move(1);
    else if (key === "ArrowUp") this.#move(-1);
    else if (key === "Escape") this.close();
    else if (key === "Tab" || (key === "Enter" && this.#chosen)) this.#take(this.#active);
    else return false;
    return true;
  }

  /** @param {1|-1} by at the ends it goes round */
  #move(by) {
    this.#activate((this.#active + by + this.#rows.length) % this.#rows.length);
    this.#chosen = true;
  }

  /** Write a row in place of what stands under the caret, with a space behind it. @param {number} index */
  #take(index) {
    const { insert } = this.#rows[index];
    this.close();
    const spot = this.#field && spotAt(this.#field.value, this.#field.caret);
    if (!this.#field || !spot) return;
    const spaced = /^\s/.test(this.#field.value.slice(spot.end));
    this.#field.replace(spot.start, spot.end, spaced ? insert : `${insert} `);
    if (spaced) this.#field.place({ at: this.#field.caret + 1 });
  }

  get #list() {
    return /** @type {HTMLElement} */ (this.querySelector("ul"));
  }

  /** @param {EventTarget|null} target */
  #indexOf(target) {
    const row = target instanceof Element ? target.closest("[role=option]") : null;
    return row ? [...this.#list.children].indexOf(row) : -1;
  }

  /** @param {number} index */
  #activate(index) {
    this.#active = index;
    for (const [at, row] of [...this.#list.children].entries()) {
      row.setAttribute("aria-selected", String(at === index));
    }
    this.#reveal(this.#list.children[index]);
    this.#announce();
  }

  /** Scroll inside the list only; `scrollIntoView` would move the page too. @param {Element|undefined} row */
  #reveal(row) {
    if (!(row instanceof HTMLElement)) return;
    const list = this.#list;
    const end = row.offsetTop + row.offsetHeight - list.clientHeight;
    list.scrollTop = Math.min(row.offsetTop, Math.max(list.scrollTop, end));
  }

  #announce() {
    const input = this.#field?.input;
    if (this.open) input?.setAttribute("aria-activedescendant", `completion-${this.#active}`);
    else input?.removeAttribute("aria-activedescendant");
  }
}

/** @param {Row} row @param {number} index */
function rowElement(row, index) {
  const item = document.createElement("li");
  item.id = `completion-${index}`;
  item.setAttribute("role", "option");
  const name = document.createElement("code");
  name.textContent = row.label;
  const range = document.createElement("span");
  range.className = "num";
  range.textContent = row.range;
  const meaning = document.createElement("span");
  meaning.textContent = row.meaning;
  item.append(name, range, meaning);
  return item;
}
