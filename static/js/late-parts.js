// @ts-check
// Parts of the page that are fetched when they are first asked for: what few need does not make it slower for all.

import * as api from "./api.js";

/**
 * @typedef {import("./components/mask-painter.js").MaskPainter} MaskPainter
 * @typedef {import("./components/redesign-desk.js").RedesignDesk} RedesignDesk
 * @typedef {import("./components/toast-line.js").ToastLine} ToastLine
 */

/** @param {string} name @param {CustomElementConstructor} component */
function define(name, component) {
  if (!customElements.get(name)) customElements.define(name, component);
}

/** @param {string} name */
function find(name) {
  const found = /** @type {HTMLElement & {api: typeof api}} */ (document.querySelector(name));
  found.api = api;
  return found;
}

/** @returns {Promise<MaskPainter>} */
async function painter() {
  const [{ MaskCanvas }, { MaskPainter }] = await Promise.all([
    import("./components/mask-canvas.js"), import("./components/mask-painter.js"),
  ]);
  define("mask-canvas", MaskCanvas);
  define("mask-painter", MaskPainter);
  return /** @type {any} */ (find("mask-painter"));
}

/** @returns {Promise<RedesignDesk>} */
async function desk() {
  const [{ MaskCanvas }, { RedesignDesk }, { RedesignSlot }, { DrawingMaker }] = await Promise.all([
    import("./components/mask-canvas.js"), import("./components/redesign-desk.js"), import("./components/redesign-slot.js"),
    import("./components/drawing-maker.js"),
  ]);
  define("mask-canvas", MaskCanvas);
  define("drawing-maker", DrawingMaker);
  define("redesign-slot", RedesignSlot);
  define("redesign-desk", RedesignDesk);
  return /** @type {any} */ (find("redesign-desk"));
}

/**
 * Fetches a part once, and uses it; what is out of reach is fetched again.
 * @template T
 * @param {() => Promise<T>} fetched @param {ToastLine} toast @returns {(use: (part: T) => void) => Promise<void>}
 */
function late(fetched, toast) {
  /** @type {Promise<T>|null} */
  let found = null;
  return async function open(use) {
    let part;
    try {
      part = await (found ??= fetched());
    } catch {
      found = null;
      return toast.say("The server does not answer.", { verb: "Try again", act: () => open(use) });
    }
    use(part);
  };
}

/** @param {ToastLine} toast */
export const lateParts = (toast) => ({ painter: late(painter, toast), desk: late(desk, toast) });
