// @ts-check
// <check-list>: each hop between the page, the disk and the engine, whether it works, and what to do where it does not.
//   list.show(checks);  list.say("…");

import { icon, part, reconcile, say, template } from "../dom.js";

const ICONS = { ok: "check", warning: "info", failed: "alert", skipped: "info" };
const WORDS = { ok: "works", warning: "could be better", failed: "does not work", skipped: "was not checked" };
const ROW = template(`<li>${icon("")}<div><h3></h3><p></p><p class="fix"></p></div></li>`);

export class CheckList extends HTMLElement {
  connectedCallback() {
    if (!this.firstElementChild) this.append(document.createElement("p"), document.createElement("ul"));
  }

  /** @param {string} sentence */
  say(sentence) {
    say(part(this, "p"), sentence);
  }

  /** What does not work first. @param {readonly import("../api.js").Check[]} checks */
  show(checks) {
    const order = ["failed", "warning", "ok", "skipped"];
    const sorted = [...checks].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
    const failed = checks.filter(({ status }) => status === "failed").length;
    this.say(failed ? (failed === 1 ? "One thing does not work." : `${failed} things do not work.`) : "Everything works.");
    reconcile(part(this, "ul"), sorted.map(({ id }, at) => `${id} ${at}`), () => ROW(), (row, _, at) => {
      const { title, status, message, fix } = sorted[at];
      row.dataset.status = status;
      part(row, "use").setAttribute("href", `#i-${ICONS[status]}`);
      say(part(row, "h3"), `${title} ${WORDS[status]}`);
      say(part(row, "p"), message);
      say(part(row, ".fix"), fix ?? "");
      part(row, ".fix").hidden = !fix;
    });
  }
}
