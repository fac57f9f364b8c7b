// @ts-check
/**
 * A row of buttons of which one is chosen: `role=radiogroup` with one tab stop, arrow keys choose.
 *
 *     const row = new RadioRow(element, (value) => …);   // element holds <button role=radio data-value>
 *     row.value = "16:9";                                // null: none of them
 */
export class RadioRow {
  #root;

  /** @param {HTMLElement} root @param {(value: string) => void} pick */
  constructor(root, pick) {
    this.#root = root;
    root.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("[role=radio]") : null;
      if (button instanceof HTMLElement) pick(button.dataset.value ?? "");
    });
    root.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const buttons = this.#buttons;
      const at = buttons.findIndex((button) => button === document.activeElement);
      if (!by || at < 0) return;
      event.preventDefault();
      const next = buttons[(at + by + buttons.length) % buttons.length];
      next.focus();
      pick(next.dataset.value ?? "");
    });
  }

  /** @param {string|null} value */
  set value(value) {
    const buttons = this.#buttons;
    const chosen = buttons.find((button) => button.dataset.value === value);
    for (const button of buttons) {
      button.setAttribute("aria-checked", String(button === chosen));
      button.tabIndex = button === (chosen ?? buttons[0]) ? 0 : -1;
    }
  }

  get #buttons() {
    const all = this.#root.querySelectorAll("[role=radio]:not([hidden])");
    return /** @type {HTMLElement[]} */ ([...all]);
  }
}
