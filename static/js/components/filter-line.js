// @ts-check
// <filter-line>: All, Starred, Active, Failed … Trash, with counts, and the words searched for.
//   line.update(store);
// Wishes: `find` {q: ""}; the views are links (#view=starred).

import { icon, reconcile, say, template, wish } from "../dom.js";
import { count } from "../format.js";
import { toHash } from "../place.js";

/** @type {[import("../store.js").View, string][]} */
const VIEWS = [["all", "All"], ["starred", "Starred"], ["active", "Active"], ["failed", "Failed"]];
const BODY = template('<nav class="filters" aria-label="Filters"></nav>');
const LINK = template("<a> <span></span></a>");
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
    const views = VIEWS.filter(([view]) => view === "all" || view === "starred" || counts[view] || view === filter.view);
    if (counts.trash || filter.view === "trash") views.push(["trash", "Trash"]);
    const keys = views.map(([view]) => view).flatMap((/** @type {string} */ view) => (view === "trash" && filter.q ? ["asked", view] : [view]));
    if (filter.q && !keys.includes("asked")) keys.push("asked");
    const names = new Map(views);
    reconcile(nav, keys, (key) => (key === "asked" ? ASKED() : LINK()), (element, key) => {
      if (key === "asked") return say(/** @type {Element} */ (element.querySelector("b")), `“${filter.q}”`);
      const view = /** @type {import("../store.js").View} */ (key);
      element.classList.toggle("end", view === "trash");
      element.setAttribute("href", toHash({ view, q: filter.q, picture: null }));
      if (view === filter.view) element.setAttribute("aria-current", "page");
      else element.removeAttribute("aria-current");
      /** @type {Text} */ (element.firstChild).data = `${names.get(view)} `;
      say(/** @type {Element} */ (element.lastElementChild), counts[view] === undefined ? "" : count(counts[view]));
    });
    nav.hidden = loaded && !counts.all && !counts.trash && filter.view === "all" && !filter.q;
  }
}
