// @ts-check
// <filter-line>: All, Starred, Active, Failed … Trash, with counts, the words searched for, and the way to the workflows.
//   line.update(store);
// Wishes: `find` {q: ""}; the views are links (#view=starred).

import { base } from "../api.js";
import { icon, reconcile, say, template, wish } from "../dom.js";
import { count } from "../format.js";
import { toHash } from "../place.js";

/** @type {Map<import("../store.js").View, string>} */
const NAMES = new Map([["all", "All"], ["starred", "Starred"], ["active", "Active"], ["failed", "Failed"], ["trash", "Trash"]]);
const ALWAYS = ["all", "starred"];
const BODY = template('<nav class="filters" aria-label="Filters"></nav>');
const LINK = template("<a> <span></span></a>");
const WORKFLOWS = template('<a class="end">Workflows</a>');
const ASKED = template(`<button type="button" class="asked"><span class="sr">Clear search</span><b></b>${icon("close")}</button>`);

export class FilterLine extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    this.addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest(".asked")) wish(this, "find", { q: "" });
    });
  }

  /** @param {import("../store.js").State} state */
  update({ counts, filter, loaded }) {
    const nav = /** @type {HTMLElement} */ (this.firstElementChild);
    // those at zero are left out, but All and Starred, and the one that is shown
    /** @type {string[]} */
    const keys = [...NAMES.keys()].filter((view) => ALWAYS.includes(view) || counts[view] || view === filter.view);
    const last = keys.includes("trash") ? -1 : keys.length;
    keys.splice(last, 0, ...(filter.q ? ["asked"] : []), "workflows");
    reconcile(nav, keys, (key) => (key === "asked" ? ASKED() : key === "workflows" ? WORKFLOWS() : LINK()), (element, key) => {
      if (key === "workflows") return element.setAttribute("href", `${base}/workflows`);
      if (key === "asked") return say(/** @type {Element} */ (element.querySelector("b")), `“${filter.q}”`);
      const view = /** @type {import("../store.js").View} */ (key);
      element.setAttribute("href", toHash({ view, q: filter.q, picture: null }));
      if (view === filter.view) element.setAttribute("aria-current", "page");
      else element.removeAttribute("aria-current");
      /** @type {Text} */ (element.firstChild).data = `${NAMES.get(view)} `;
      say(/** @type {Element} */ (element.lastElementChild), counts[view] === undefined ? "" : count(counts[view]));
    });
    nav.hidden = loaded && !counts.all && !counts.trash && filter.view === "all" && !filter.q;
  }
}
