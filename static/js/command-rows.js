// @ts-check
// Rows of commands with their icons and keys, as the menu and the panel show them.

import { icon, part, reconcile, say, template } from "./dom.js";
import { PAGES } from "./picture-actions.js";

const ROW = template(`<button type="button">${icon("")}<span></span><kbd aria-hidden="true"></kbd></button>`);

/** @param {Element} parent @param {readonly import("./picture-actions.js").Row[]} rows the wish of each is its `data-do` */
export function writeRows(parent, rows) {
  reconcile(parent, rows.map(({ what }) => what), () => ROW(), (button, what, at) => {
    const { icon: glyph, label, key = "" } = rows[at];
    button.dataset.do = what;
    if (PAGES.includes(what)) button.setAttribute("aria-haspopup", "dialog");
    button.querySelector("use")?.setAttribute("href", `#i-${glyph}`);
    button.querySelector(".i")?.classList.toggle("on", label === "Remove star");
    say(part(button, "span"), label);
    say(part(button, "kbd"), key);
  });
}
