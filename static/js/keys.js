// @ts-check
// The keyboard of the page: arrows walk the tiles, letters act on the tile in focus. Never while somebody types.

import { isField } from "./dom.js";

/** @typedef {import("./components/picture-tile.js").PictureTile} PictureTile */

/** @type {Record<string, string>} */
const ON_TILE = { s: "star", d: "download", t: "prompt", m: "menu", " ": "open" };

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
    const letter = event.key.toLowerCase();
    if (tile && ON_TILE[letter]) /** @type {PictureTile} */ (tile).ask(ON_TILE[letter]);
    else if (event.key.startsWith("Arrow") && walk(event.key, open)) { /* walked */ }
    else if (event.key === "/") search();
    else if (event.key === "?") keys();
    else if (letter === "n") prompt();
    else return;
    event.preventDefault();
  });
}

/**
 * To the next picture in a direction; from nowhere, to the first on the screen.
 * @param {string} key @param {Element|null} from
 */
function walk(key, from) {
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("job-feed .open")]);
  if (!from) {
    // arrows scroll the page until a picture has been chosen
    if (document.activeElement !== document.querySelector("main")) return false;
    const seen = all.find((open) => open.getBoundingClientRect().top >= 0);
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
