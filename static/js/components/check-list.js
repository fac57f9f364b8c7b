// @ts-check
// <check-list>: each hop between the page, the disk and the engines: what does not work, and what to do; the rest folded.
//   list.show(checks);  list.say("…");

import { checkGroups, checkSummary } from "../check-groups.js";
import { icon, part, reconcile, say, template } from "../dom.js";
import { writeSentence } from "../lens-words.js";

const BODY = template(`<div><p role="status"></p><ul class="troubles"></ul>
  <details hidden><summary></summary><ul></ul></details><details hidden><summary></summary><ul></ul></details></div>`);
const ROW = template(`<li>${icon("")}<div><h3></h3><p class="where"></p><p></p><p class="fix"></p></div></li>`);
/** What the icon means, for those who do not see it. */
const ICONS = { ok: "check", warning: "info", failed: "alert", skipped: "info" };
const WORDS = { ok: "", warning: "Could be better: ", failed: "Does not work: ", skipped: "" };

export class CheckList extends HTMLElement {
  connectedCallback() {
    if (!this.firstElementChild) this.append(...BODY().children);
  }

  /** @param {string} sentence */
  say(sentence) {
    say(part(this, "p"), sentence);
  }

  /** @param {readonly import("../api.js").Check[]} checks */
  show(checks) {
    const { troubles, working, unknown } = checkGroups(checks);
    this.say(checkSummary(checks));
    const [works, skipped] = this.querySelectorAll("details");
    fill(part(this, ".troubles"), troubles);
    fold(works, working, working.length === 1 ? "One check is fine" : `${working.length} checks are fine`);
    const count = unknown.reduce((sum, { count }) => sum + count, 0);
    fold(skipped, unknown, count === 1 ? "One was not checked" : `${count} were not checked`);
  }
}

/** @param {HTMLDetailsElement} details @param {readonly import("../check-groups.js").Row[]} rows @param {string} name */
function fold(details, rows, name) {
  details.hidden = !rows.length;
  say(part(details, "summary"), name);
  fill(part(details, "ul"), rows);
}

/** @param {Element} list @param {readonly import("../check-groups.js").Row[]} rows */
function fill(list, rows) {
  reconcile(list, rows.map((_, at) => String(at)), () => ROW(), (row, _, at) => {
    const { status, title, where, message, fix } = rows[at];
    row.dataset.status = status;
    part(row, "use").setAttribute("href", `#i-${ICONS[status]}`);
    const name = part(row, "h3");
    name.replaceChildren(title);
    if (WORDS[status]) {
      const spoken = document.createElement("span");
      spoken.className = "sr";
      spoken.textContent = WORDS[status];
      name.prepend(spoken);
    }
    line(part(row, ".where"), where);
    line(part(row, ".where + p"), message);
    line(part(row, ".fix"), fix);
  });
}

/** @param {HTMLElement} element @param {string} text */
function line(element, text) {
  writeSentence(element, text);
  element.hidden = !text;
}
