// @ts-check
// The library as the page knows it: looked at again while the page is seen, so that a changed file or engine shows; and
// workflows that are added to it, or taken out.

import { ApiError } from "./api.js";
import * as workflows from "./workflow-api.js";

const LOOK_EVERY_MS = 5_000;

/** @typedef {import("./components/workflow-form.js").Verdict} Verdict */

export class WorkflowShelf {
  /** @type {workflows.Library|null} */ library = null;
  /** What was just added, until its form is left. @type {{id: string, verdict: Verdict}|null} */ #added = null;
  #page;

  /**
   * @param {{toast: import("./components/toast-line.js").ToastLine, changed: () => void, arrive: (id: string) => void}} page
   *   `arrive`: open the form of a workflow; "" for the list
   */
  constructor(page) {
    this.#page = page;
  }

  /** @param {string} id @returns {Verdict|null} */
  verdictOf(id) {
    return this.#added?.id === id ? this.#added.verdict : null;
  }

  /** @param {string} now the form that is open instead */
  leave(now) {
    if (this.#added && this.#added.id !== now) this.#added = null;
  }

  /** Ask, and show what has changed. */
  async look() {
    try {
      const library = await workflows.library();
      if (!library) return;
      this.library = library;
      this.#page.changed();
    } catch (error) {
      // out of reach for now: the socket says so, and this is asked again
      if (!this.library) setTimeout(() => this.look(), LOOK_EVERY_MS);
    }
  }

  watch() {
    const look = () => {
      if (!document.hidden) this.look();
    };
    setInterval(look, LOOK_EVERY_MS);
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
  }

  /** @param {readonly File[]} files */
  async add(files) {
    for (const file of files) {
      try {
        const { workflow, notes } = await workflows.add(file);
        await this.look();
        this.#added = { id: workflow.id, verdict: { notes } };
        this.#page.arrive(workflow.id);
        this.#page.changed();
        this.#page.toast.say(`${workflow.name} is added.`, { verb: "Undo", act: () => this.#take(workflow.id) });
      } catch (error) {
        this.#sorry(error, `${file.name || "The file"} was not added:`);
      }
    }
  }

  /** @param {import("./form-values.js").Workflow} workflow */
  async remove({ id, name }) {
    if (!(await this.#take(id))) return;
    this.#page.toast.say(`${name} is removed.`, { verb: "Undo", act: () => this.#putBack(id) });
  }

  /** @param {string} id */
  async #take(id) {
    try {
      await workflows.remove(id);
    } catch (error) {
      this.#sorry(error);
      return false;
    }
    this.#page.arrive("");
    await this.look();
    return true;
  }

  /** @param {string} id */
  async #putBack(id) {
    try {
      await workflows.restore(id);
      await this.look();
      this.#page.arrive(id);
    } catch (error) {
      this.#sorry(error);
    }
  }

  /** @param {unknown} error @param {string} [what] */
  #sorry(error, what = "") {
    if (!(error instanceof ApiError)) throw error;
    this.#page.toast.say([what, error.error.message, error.error.hint].filter(Boolean).join(" "));
  }
}
