// @ts-check
/**
 * `<reference-menu>`: what one reference is for, and how much it counts; a popover at its chip.
 *
 *     menu.toggle(button, item, 1.5);  menu.show(item, 1.5);  menu.close();
 *
 * Events: `menu-role` {id, role}, `menu-weight` {id, weight}.
 *
 * @typedef {import("../lens-references.js").Role} Role
 * @typedef {{id: string, role: Role}} Item
 */
import { part, say, wish } from "../dom.js";
import { ROLES } from "../lens-references.js";
import { onlyCloses } from "../pop.js";
import { RadioRow } from "./radio-row.js";

/** How far and how fast a weight goes. @type {Partial<Record<Role, {step: number, max: number}>>} */
const SCALES = { image: { step: 0.25, max: 3 }, style: { step: 0.5, max: 10 } };

const MARKUP = `<div class="pop ref-menu" role="dialog" aria-label="What this picture is for" tabindex="-1" hidden>
<div class="seg" role="radiogroup" aria-label="Use it as">${Object.entries(ROLES).map(([role, { name }]) =>
    `<button type="button" role="radio" data-value="${role}">${name}</button>`).join("")}</div>
<p></p><div class="stepper"><span>Weight</span><button type="button" class="ib" data-by="-1" aria-label="Less weight">−</button>
<output aria-live="polite"></output><button type="button" class="ib" data-by="1" aria-label="More weight">+</button></div></div>`;

export class ReferenceMenu extends HTMLElement {
  /** @type {Item|null} */ #item = null;
  #weight = 1;
  /** @type {HTMLElement|null} */ #button = null;
  /** @type {RadioRow|null} */ #roles = null;
  #ended = new AbortController();

  connectedCallback() {
    this.#ended = new AbortController();
    document.addEventListener("pointerdown", (event) => {
      const { target } = event;
      const inside = target instanceof Node && (this.contains(target) || this.#button?.contains(target));
      if (!inside && this.close()) onlyCloses(event);
    }, { signal: this.#ended.signal });
    if (this.firstElementChild) return;
    this.innerHTML = MARKUP;
    this.#roles = new RadioRow(part(this, ".seg"), (role) => wish(this, "menu-role", { id: this.#item?.id, role }));
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("[data-by]") : null;
      if (button instanceof HTMLElement) this.#step(Number(button.dataset.by));
    });
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.close()) return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.addEventListener("focusout", ({ relatedTarget }) => {
      const elsewhere = relatedTarget instanceof Node && !this.contains(relatedTarget) && relatedTarget !== this.#button;
      if (elsewhere) this.close();
    });
  }

  disconnectedCallback() {
    this.#ended.abort();
  }

  /** @param {HTMLElement} button @param {Item} item @param {number|null} weight */
  toggle(button, item, weight) {
    if (this.close() && this.#item?.id === item.id) return;
    this.#button = button;
    button.setAttribute("aria-expanded", "true");
    this.#panel.hidden = false;
    this.show(item, weight);
    const [row, chip] = [this.parentElement, button.closest("li")];
    const room = (row?.clientWidth ?? 0) - this.#panel.offsetWidth;
    this.#panel.style.insetInlineStart = `${Math.max(8, Math.min((chip?.offsetLeft ?? 0) - (chip?.parentElement?.scrollLeft ?? 0), room - 8))}px`;
    part(this, "[tabindex='0']").focus();
  }

  /** @param {Item} item @param {number|null} weight null: it has none */
  show(item, weight) {
    this.#item = item;
    this.#weight = weight ?? 1;
    if (this.#roles) this.#roles.value = item.role;
    say(part(this, "p"), ROLES[item.role].means);
    part(this, ".stepper").hidden = weight === null;
    say(part(this, "output"), String(this.#weight));
  }

  /** Was it open? */
  close() {
    if (this.#panel.hidden) return false;
    const held = this.contains(document.activeElement);
    this.#panel.hidden = true;
    this.#button?.setAttribute("aria-expanded", "false");
    if (held) this.#button?.focus();
    return true;
  }

  /** @param {number} by */
  #step(by) {
    const scale = this.#item && SCALES[this.#item.role];
    if (!scale) return;
    const weight = Math.max(0, Math.min(scale.max, this.#weight + by * scale.step));
    wish(this, "menu-weight", { id: this.#item?.id, weight });
  }

  get #panel() {
    return /** @type {HTMLElement} */ (this.firstElementChild);
  }
}
