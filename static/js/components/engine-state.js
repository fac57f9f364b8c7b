// @ts-check
// <engine-state>: the engine in words at the right of the header, its details in a popover, and the
// safelight of the logo (html[data-engine]).
//   state.update(store);

import { part, reconcile, say, template } from "../dom.js";
import { popover } from "../pop.js";
import { engineDetails, engineLine } from "../set-view.js";

const BODY = template(`<div><button type="button" class="engine" aria-haspopup="dialog">
  <span class="lamp"></span><span class="says"><b></b> <span></span></span></button>
  <div class="pop" role="dialog" aria-label="Engine and queue" hidden><div><h2></h2><div></div></div></div></div>`);

export class EngineState extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(...BODY().children);
    const [button, panel] = this.children;
    popover(this, /** @type {HTMLButtonElement} */ (button), /** @type {HTMLElement} */ (panel));
  }

  /** @param {import("../store.js").State} state */
  update({ engine, queue, online }) {
    const { lamp, name, words } = engineLine(engine, queue, online);
    document.documentElement.dataset.engine = lamp;
    const [button, panel] = this.children;
    say(part(button, "b"), name);
    say(part(button, "b + span"), words);
    button.setAttribute("aria-label", `Engine and queue: ${name} ${words}`.trim());
    say(part(panel, "h2"), `${name} ${words}`.trim());
    const details = engineDetails(engine, online);
    reconcile(part(panel, "h2 + div"), details, () => document.createElement("p"), (line, sentence) => say(line, sentence));
  }
}
