// @ts-check
// <engine-state>: the engine in words at the right of the header, its details and the queue in a popover, and the
// safelight of the logo (html[data-engine]).
//   state.update(store);
// Wishes: `queue` {what: "pause"|"resume"|"clear"|"engines"}, `page-dialog` {name: "checks"}. "engines" is answered by
//   state.engines([...]);

import { icon, part, reconcile, say, template, wish } from "../dom.js";
import { plural } from "../format.js";
import { popover } from "../pop.js";
import { engineDetails, engineLine, engineLines } from "../set-view.js";

const BODY = template(`<div><button type="button" class="engine" aria-haspopup="dialog">
  <span class="lamp"></span><span class="says"><b></b> <span></span></span></button>
  <div class="pop" role="dialog" aria-label="Engine and queue" hidden>
    <section><h2></h2><div class="facts"></div></section>
    <div class="queue cmds"><button type="button" data-do="pause">${icon("pause")}<span></span></button>
      <button type="button" data-do="clear">${icon("stop")}<span></span></button>
      <button type="button" data-do="checks" aria-haspopup="dialog">${icon("check")}<span>Check every connection</span></button></div></div></div>`);

export class EngineState extends HTMLElement {
  /** @type {readonly import("../api.js").OneEngine[]} */ #engines = [];
  /** @type {import("../store.js").State|null} */ #state = null;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(...BODY().children);
    const [button, panel] = this.children;
    const show = popover(this, /** @type {HTMLButtonElement} */ (button), /** @type {HTMLElement} */ (panel),
      () => wish(this, "queue", { what: "engines" }));
    panel.addEventListener("click", ({ target }) => {
      const what = target instanceof Element && target.closest("button")?.dataset.do;
      if (!what) return;
      show(false);
      if (what === "checks") wish(this, "page-dialog", { name: "checks" });
      else wish(this, "queue", { what });
    });
  }

  /** @param {readonly import("../api.js").OneEngine[]} engines */
  engines(engines) {
    this.#engines = engines;
    if (this.#state) this.update(this.#state);
  }

  /** @param {import("../store.js").State} state */
  update(state) {
    this.#state = state;
    const { engine, queue, online } = state;
    const { lamp, name, words } = engineLine(engine, queue, online);
    document.documentElement.dataset.engine = lamp;
    const [button, panel] = this.children;
    say(part(button, "b"), name);
    say(part(button, "b + span"), words);
    button.setAttribute("aria-label", `Engine and queue: ${name} ${words}`.trim());
    say(part(panel, "h2"), `${name} ${words}`.trim());
    const details = [...engineDetails(engine, queue, online), ...(online ? engineLines(this.#engines) : [])];
    reconcile(part(panel, ".facts"), details, () => document.createElement("p"), (line, sentence) => say(line, sentence));
    part(panel, ".queue").hidden = !online;
    const pause = part(panel, "[data-do=pause], [data-do=resume]");
    pause.dataset.do = queue.paused ? "resume" : "pause";
    pause.hidden = queue.paused && queue.reason?.by_hand === false;
    say(part(pause, "span"), queue.paused ? "Resume the queue" : "Pause the queue");
    part(pause, "use").setAttribute("href", queue.paused ? "#i-play" : "#i-pause");
    const clear = part(panel, "[data-do=clear]");
    clear.hidden = !queue.waiting;
    say(part(clear, "span"), `Cancel ${plural(queue.waiting, "set")} that ${queue.waiting === 1 ? "waits" : "wait"}`);
  }
}
