// @ts-check
// The keyboard of the page: arrows walk the tiles, letters act on the tile in focus. Never while somebody types.

import { isField } from "./dom.js";
import { keyed } from "./picture-actions.js";

/** @typedef {import("./components/picture-tile.js").PictureTile} PictureTile */

/** Units: as long as a toast stays. */
const ARROW_WAIT_MS = 6_000;
const MODIFIERS = ["Shift", "Control", "Alt", "Meta"];

/**
 * @param {object} page
 * @param {() => void} page.search
 * @param {() => void} page.prompt
 * @param {() => void} page.keys
 */
export function listen({ search, prompt, keys }) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const open = event.target instanceof Element ? event.target.closest(".open") : null;
    const tile = open?.closest("picture-tile");
    const what = event.key === " " ? "open" : keyed(event);
    if (tile && what) /** @type {PictureTile} */ (tile).ask(what);
    else if (event.key.startsWith("Arrow") && walk(event.key, open)) { /* walked */ }
    else if (event.key === "/") search();
    else if (event.key === "?") keys();
    else if (event.key.toLowerCase() === "n") prompt();
    else return;
    event.preventDefault();
  });
}

/**
 * Waits for one arrow key, wherever the focus is. Any other key, a click or some seconds end it without one, and
 * only Escape is swallowed.
 * @param {(direction: string|null) => void} then "left", "right", "up", "down" or null
 * @returns {() => void} ends it
 */
export function nextArrow(then) {
  const over = new AbortController();
  /** @param {string|null} direction */
  const end = (direction) => {
    if (over.signal.aborted) return;
    over.abort();
    clearTimeout(timer);
    then(direction);
  };
  const timer = setTimeout(() => end(null), ARROW_WAIT_MS);
  addEventListener("keydown", (event) => {
    if (event.repeat || MODIFIERS.includes(event.key)) return;
    const direction = event.key.startsWith("Arrow") ? event.key.slice("Arrow".length).toLowerCase() : null;
    if (direction || event.key === "Escape") {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    end(direction);
  }, { capture: true, signal: over.signal });
  addEventListener("pointerdown", ({ target }) => {
    if (!(target instanceof Element && target.closest("toast-line"))) end(null);
  }, { capture: true, signal: over.signal });
  return () => end(null);
}

/**
 * To the next picture in a direction; from nowhere, to the first on the screen.
 * @param {string} key @param {Element|null} from
 */
function walk(key, from) {
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("job-feed .open")]);
  if (!from) {
    // arrows scroll the page until a picture, or a set, has been chosen
    const here = document.activeElement;
    if (!here?.matches("main, .set")) return false;
    const seen = here.matches("main")
      ? all.find((open) => open.getBoundingClientRect().top >= 0)
      : all.find((open) => here.compareDocumentPosition(open) & Node.DOCUMENT_POSITION_FOLLOWING);
    seen?.focus();
    return Boolean(seen);
  }
  const at = all.indexOf(/** @type {HTMLElement} */ (from));
  const step = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const to = key === "ArrowRight" || key === "ArrowLeft" ? all[at + step] : vertical(all, at, step);
  if (!to) return false;
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "nearest" });
  return true;
}

/**
 * The tile above or below: the nearest one, sideways, in the next row.
 * @param {HTMLElement[]} all @param {number} at @param {1|-1} step
 */
function vertical(all, at, step) {
  const here = all[at].getBoundingClientRect();
  const center = here.left + here.width / 2;
  let row = null;
  let best = null;
  let distance = Infinity;
  for (let i = at + step; all[i]; i += step) {
    const box = all[i].getBoundingClientRect();
    if (Math.abs(box.top - here.top) < 1) continue;
    row ??= box.top;
    if (Math.abs(box.top - row) > 1) break;
    const off = Math.abs(box.left + box.width / 2 - center);
    if (off < distance) [best, distance] = [all[i], off];
  }
  return best;
}
