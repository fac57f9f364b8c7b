// @ts-check
// <page-dialog>: two small dialogs, all keys and how to connect ComfyUI.
//   dialog.open("keys" | "connect");

import { icon, template } from "../dom.js";

const CLOSE = `<button type="button" class="ib" aria-label="Close (Esc)">${icon("close")}</button>`;

/** @type {Record<string, [string, string][]>} */
const KEYS = {
  "On a picture": [
    ["V", "Vary, subtle"],
    ["Shift V", "Vary, strong"],
    ["U", "Upscale 2×"],
    ["Z", "Zoom out"],
    ["P, then an arrow", "Pan to that side"],
    ["E", "Repaint a part"],
    ["R", "Reroll the set"],
    ["I", "Use it as a reference"],
    ["S", "Star it"],
    ["D", "Download it"],
    ["T", "Use its prompt"],
    ["C", "Compare it"],
    ["M", "More"],
  ],
  Everywhere: [
    ["N", "Write a prompt"],
    ["Enter", "Make it, while writing"],
    ["Shift Enter", "A new line"],
    ["← → ↑ ↓", "Walk from picture to picture"],
    ["Enter or Space", "Open it; Space again for the next"],
    ["/", "Search"],
    ["?", "These keys"],
    ["Esc", "Back"],
  ],
  "While repainting": [
    ["B", "Brush"],
    ["X", "Eraser"],
    ["L", "Lasso"],
    ["[ and ]", "Smaller, larger"],
    ["I", "Invert"],
    ["Ctrl Z", "Undo"],
    ["Ctrl Shift Z", "Redo"],
    ["← → ↑ ↓", "Move the brush; with Shift farther"],
    ["Space", "Paint; hold it to draw a line"],
  ],
};

/** @param {[string, string][]} keys */
const list = (keys) => `<dl class="keys-list">${keys.map(([key, words]) => `<dt>${key}</dt><dd>${words}</dd>`).join("")}</dl>`;

const DIALOGS = {
  keys: template(`<dialog class="note-dialog all-keys" tabindex="-1" aria-labelledby="keys-name"><div class="head"><h2 id="keys-name">All keys</h2>${CLOSE}</div>
    <div class="keys-parts">${Object.entries(KEYS).map(([name, keys]) => `<section><h3>${name}</h3>${list(keys)}</section>`).join("")}</div></dialog>`),
  connect: template(`<dialog class="note-dialog" tabindex="-1" aria-labelledby="connect-name"><div class="head"><h2 id="connect-name">Connect ComfyUI</h2>${CLOSE}</div>
    <p>Imagine looks for ComfyUI all the time. As soon as one answers, new sets are made by it; there is nothing to press.</p>
    <ol><li><span>Start ComfyUI on this computer. It is found at its usual address:</span><code>http://127.0.0.1:8188</code></li>
    <li><span>If it runs elsewhere, start Imagine with its address:</span><code>imagine --comfyui-url http://192.168.1.20:8188</code></li>
    <li><span>Or keep the address in the environment:</span><code>IMAGINE_COMFYUI_URL=http://192.168.1.20:8188</code></li></ol>
    <p>The sketches that you have made stay.</p></dialog>`),
  checks: template(`<dialog class="note-dialog" tabindex="-1" aria-labelledby="checks-name"><div class="head"><h2 id="checks-name">Every connection</h2>${CLOSE}</div>
    <check-list></check-list></dialog>`),
};

export class PageDialog extends HTMLElement {
  /** @param {keyof typeof DIALOGS} name @returns {HTMLElement} */
  open(name) {
    const dialog = /** @type {HTMLDialogElement} */ (DIALOGS[name]());
    this.replaceChildren(dialog);
    dialog.addEventListener("click", ({ target }) => {
      if (target === dialog || (target instanceof Element && target.closest("button"))) dialog.close();
    });
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    dialog.focus();
    return dialog;
  }
}
