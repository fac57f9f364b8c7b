// @ts-check
/**
 * <workflow-results>: what a workflow has made, newest first, beside its form; before that, its own picture.
 *
 *     results.update(store, workflow, now);  results.preview({ job, image, blob });
 *
 * Wishes: those of the sets.
 */
import { part, reconcile, say, template } from "../dom.js";
import { progressLine, standstill } from "../set-view.js";
import { isActive } from "../store.js";
import { JobSet } from "./job-set.js";

/** @typedef {import("../api.js").Job} Job */
/** @typedef {import("../form-values.js").Workflow} Workflow */

const MOST_SETS = 12;
const NOTHING_YET = "What it makes appears here, and in the gallery.";
const EXAMPLE = template('<figure class="wr-example"><img alt=""><figcaption></figcaption></figure>');
const EMPTY = template('<p class="wr-empty"></p>');

/** The sets of a workflow, newest first. @param {import("../store.js").State} state @param {string} id */
export const setsOf = ({ jobs }, id) => [...jobs.values()]
  .filter((job) => job.parameters.workflow === id && !job.deleted_at).sort((a, b) => b.number - a.number);

export class WorkflowResults extends HTMLElement {
  /** The newest preview of each picture in work, for a set drawn later. @type {Map<string, Map<number, Blob>>} */
  #previews = new Map();

  /** @param {import("../store.js").State} state @param {Workflow} workflow @param {Date} now */
  update(state, workflow, now) {
    const jobs = setsOf(state, workflow.id).slice(0, MOST_SETS);
    const byId = new Map(jobs.map((job) => [job.id, job]));
    const keys = jobs.length ? [...byId.keys()] : [workflow.picture ? `example:${workflow.id}` : "empty"];
    const make = (/** @type {string} */ key) => (key === "empty" ? EMPTY() : key.startsWith("example:") ? EXAMPLE() : new JobSet());
    reconcile(this, keys, make, (element, key) => {
      const job = byId.get(key);
      if (element instanceof JobSet && job) this.#set(element, job, state, now);
      else if (key === "empty") say(element, NOTHING_YET);
      else this.#example(element, workflow);
    });
    for (const id of this.#previews.keys()) {
      const job = state.jobs.get(id);
      if (!job || !isActive(job)) this.#previews.delete(id);
    }
  }

  /** @param {{job: string, image: number, blob: Blob}} preview */
  preview({ job, image, blob }) {
    const known = this.#previews.get(job) ?? new Map();
    this.#previews.set(job, known.set(image, blob));
    const set = this.querySelector(`job-set[data-key="${CSS.escape(job)}"]`);
    if (set instanceof JobSet) set.preview(image, blob);
  }

  /** @param {JobSet} set @param {Job} job @param {import("../store.js").State} state @param {Date} now */
  #set(set, job, state, now) {
    const { queue } = state;
    const still = standstill(state);
    const canceling = state.canceling.has(job.id);
    const taken = Object.keys(queue.positions ?? {}).filter((id) => state.jobs.get(id)?.state === "running").length;
    const line = job.state === "queued" ? JSON.stringify([queue.positions?.[job.id], taken, progressLine(job, queue, canceling, still)]) : "";
    if (set.job === job && set.line === line && job.state !== "running") return;
    const fresh = set.job === null;
    set.line = line;
    set.update(job, { parent: undefined, queue, taken, still, canceling, hint: "", now, eager: true });
    if (fresh) for (const [index, blob] of this.#previews.get(job.id) ?? []) set.preview(index, blob);
  }

  /** @param {HTMLElement} figure @param {Workflow} workflow */
  #example(figure, workflow) {
    const image = /** @type {HTMLImageElement} */ (part(figure, "img"));
    if (image.getAttribute("src") === workflow.picture) return;
    /** @param {boolean} lost an entry may name a picture that is not there */
    const tell = (lost) => {
      figure.classList.toggle("wr-empty", lost);
      image.hidden = lost;
      say(part(figure, "figcaption"), lost ? NOTHING_YET : "An example. What you make appears here, and in the gallery.");
    };
    tell(false);
    image.onerror = () => tell(true);
    image.src = workflow.picture ?? "";
  }
}
