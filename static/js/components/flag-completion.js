// @ts-check
/**
 * `<flag-completion>`: the list under (or over) the prompt that offers flags and values. The focus
 * stays in the text; the list is driven through `aria-activedescendant`. A textarea may not be a
 * `combobox`, so there is no `aria-expanded`: that the list is there is told by the row it points to.
 *
 *     list.input = textarea;
 *     list.show("Flags", rows);          // an empty list closes it
 *     list.addEventListener("complete", ({detail}) => take(detail.row));
 *
 * @typedef {import("../completions.js").Row} Row
 */

const MARKUP = `<div class="pop complete" hidden>
<ul role="listbox" id="completion" aria-label="Flags"></ul>
<p class="keys" aria-hidden="true"><span><kbd>↑↓</kbd> choose</span><span><kbd>Tab</kbd> take it</span><span><kbd>Esc</kbd> close</span></p></div>`;

export class FlagCompletion extends HTMLElement {
  /** @type {HTMLTextAreaElement|null} */
  #input = null;
  /** @type {Row[]} */
  #rows = [];
  #active = 0;
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

  /** @param {HTMLTextAreaElement} input */
  set input(input) {
    this.#input = input;
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-haspopup", "listbox");
    input.setAttribute("aria-controls", "completion");
    this.#announce();
  }

  get open() {
    return this.#rows.length > 0;
  }

  /** @param {string} label @param {Row[]} rows */
  show(label, rows) {
    const same = rows.length === this.#rows.length &&
      rows.every((row, index) => row.insert === this.#rows[index].insert);
    this.#chosen = false;
    if (same) return;
    this.#rows = rows;
    this.#active = 0;
    const list = this.#list;
    list.setAttribute("aria-label", label);
    list.replaceChildren(...rows.map(rowElement));
    list.dataset.kind = label.toLowerCase();
    /** @type {HTMLElement} */ (this.firstElementChild).hidden = rows.length === 0;
    this.#activate(0);
  }

  close() {
    this.show("Flags", []);
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

  /** @param {number} index */
  #take(index) {
    const row = this.#rows[index];
    this.close();
    this.dispatchEvent(new CustomEvent("complete", { detail: { row } }));
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
    if (this.open) this.#input?.setAttribute("aria-activedescendant", `completion-${this.#active}`);
    else this.#input?.removeAttribute("aria-activedescendant");
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
