// @ts-check
// <toast-line>: what has just happened, one at a time, with its undo. Goes after 6 s, not while pointed at or focused.
//   toast.say("Set 119 is in the trash.", { verb: "Undo", act });  toast.stayAbove(lens);

import { say, template } from "../dom.js";

const STAYS_MS = 6_000;
const BODY = template('<div class="toast" popover="manual" role="status"><span></span><button type="button" class="act"></button></div>');

export class ToastLine extends HTMLElement {
  #timer = 0;
  #act = () => {};
  /** What had the focus before its button. @type {EventTarget|null} */
  #before = null;

  connectedCallback() {
    if (this.firstElementChild) return;
    const body = BODY();
    this.append(body);
    body.querySelector("button")?.addEventListener("click", () => {
      this.#act();
      this.hide();
    });
    body.addEventListener("focusin", ({ relatedTarget }) => { this.#before = relatedTarget; });
    for (const type of ["pointerenter", "focusin"]) body.addEventListener(type, () => clearTimeout(this.#timer));
    for (const type of ["pointerleave", "focusout"]) body.addEventListener(type, () => this.#wait());
    document.addEventListener("close", ({ target }) => {
      if (target instanceof Element && target.contains(this)) this.#move(document.body);
    }, { capture: true });
  }

  /** @param {string} sentence @param {{verb: string, act: () => void}} [undo] */
  say(sentence, undo) {
    const body = /** @type {HTMLElement} */ (this.firstElementChild);
    const [words, button] = /** @type {HTMLCollectionOf<HTMLElement>} */ (body.children);
    this.#act = undo?.act ?? (() => {});
    button.hidden = !undo;
    say(button, undo?.verb ?? "");
    // in the open dialog, because all around it is inert; shown again each time, to lie above it
    this.#move([...document.querySelectorAll("dialog:modal")].pop() ?? document.body);
    if (body.matches(":popover-open")) body.hidePopover();
    body.showPopover();
    say(words, sentence);
    this.#wait();
  }

  /** With what it says. @param {Element} to */
  #move(to) {
    if (this.parentElement === to) return;
    const body = /** @type {HTMLElement} */ (this.firstElementChild);
    const open = body.matches(":popover-open");
    to.append(this);
    if (open) body.showPopover();
  }

  /** Where the prompt bar is at the bottom, on phones, what is said lies above it (`--above`). @param {HTMLElement} bar */
  stayAbove(bar) {
    const measure = () => this.style.setProperty("--above", `${Math.round(innerHeight - bar.getBoundingClientRect().top)}px`);
    new ResizeObserver(measure).observe(bar);
    for (const type of ["resize", "scroll"]) visualViewport?.addEventListener(type, () => requestAnimationFrame(measure));
  }

  hide() {
    clearTimeout(this.#timer);
    const held = this.contains(document.activeElement);
    /** @type {HTMLElement} */ (this.firstElementChild).hidePopover();
    if (held && this.#before instanceof HTMLElement) this.#before.focus({ preventScroll: true });
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.firstElementChild?.matches(":hover, :focus-within")) this.#wait();
      else this.hide();
    }, STAYS_MS);
  }
}
