// @ts-check
// <job-feed>: the sets under their days, newest first; what stands there when there are none, and the end.
//   feed.update(store, now);  feed.preview({ job, image, blob });  feed.focusPicture(job, index);
// Wishes: `more` when the end comes near, `find` {q: ""}, `unknown` {ids} of sets that others grew from, and those of the sets.

import { part, reconcile, say, template, wish } from "../dom.js";
import { day, dayInside, dayKey } from "../format.js";
import { source } from "../lineage.js";
import { NO_PREVIEWS, daySizes, progressLine, standstill } from "../set-view.js";
import { isActive } from "../store.js";
import { EmptyWelcome } from "./empty-welcome.js";
import { JobSet } from "./job-set.js";

const ABOVE_THE_FOLD = 3;
const NEAR_THE_END = { rootMargin: "1600px" };
const END_WORTH_SAYING = 8;
const HINTED = "imagine.previews-hint";

const BODY = template('<div><div class="feed-list"></div><div class="feed-end"></div></div>');
const DAY = template("<h2 class=\"day\"><b></b><span></span></h2>");
const NOTHING = template(`<div class="row"><span></span><button type="button" class="act">Clear search</button></div>`);

/** @type {Record<import("../store.js").View, string>} */
const NOTHING_HERE = {
  all: "No pictures here.",
  starred: "Nothing is starred. Press S on a picture to keep it here.",
  active: "Nothing is being made.",
  failed: "No set has failed.",
  trash: "The trash is empty.",
};

/**
 * @typedef {import("../api.js").Job} Job
 * @typedef {import("../store.js").State} State
 */

/** @param {import("../store.js").Filter} filter */
const isEverything = ({ view, q }) => view === "all" && !q;

export class JobFeed extends HTMLElement {
  #list = document.createElement("div");
  #end = document.createElement("div");
  /** The newest preview of each picture in work, for a set drawn later. @type {Map<string, Map<number, Blob>>} */
  #previews = new Map();
  /** @type {Map<string, string>} */ #days = new Map();
  #filled = false;
  #length = 0;
  #watch = new IntersectionObserver(([entry]) => entry.isIntersecting && wish(this, "more"), NEAR_THE_END);
  #hinted = "";

  connectedCallback() {
    if (this.firstElementChild) return;
    const [list, end] = BODY().children;
    this.#list = /** @type {HTMLDivElement} */ (list);
    this.#end = /** @type {HTMLDivElement} */ (end);
    this.append(list, end);
    this.#end.addEventListener("click", ({ target }) => {
      if (target instanceof HTMLButtonElement) wish(this, "find", { q: "" });
    });
    this.#watch.observe(this.#end);
  }

  /** @param {State} state @param {Date} now */
  update(state, now) {
    const jobs = state.list.flatMap((id) => state.jobs.get(id) ?? []);
    const byId = new Map(jobs.map((job) => [job.id, job]));
    const days = jobs.map((job) => this.#dayOf(job));
    const sizes = daySizes(days, state.next === null && state.loaded);
    const keys = jobs.flatMap((job, at) => (at && days[at - 1] === days[at] ? [job.id] : [`day:${days[at]}`, job.id]));
    if (state.loaded && !jobs.length && !state.counts.all && isEverything(state.filter)) keys.push("welcome");
    const lost = this.#focusedSet(byId);
    const still = standstill(state);
    // the first in line may be at an engine already, and are passed by nobody
    const taken = Object.keys(state.queue.positions ?? {}).filter((id) => state.jobs.get(id)?.state === "running").length;
    let drawn = 0;
    reconcile(this.#list, keys, (key) => this.#make(key), (element, key) => {
      const job = byId.get(key);
      if (job && element instanceof JobSet) {
        const eager = !this.#filled && drawn < ABOVE_THE_FOLD;
        drawn += 1;
        this.#set(element, job, { state, taken, still, now, eager });
      } else if (key.startsWith("day:")) {
        const date = key.slice("day:".length);
        this.#day(element, day(jobs[days.indexOf(date)].created_at, now), sizes.get(date) ?? "");
      }
    });
    for (const id of this.#previews.keys()) {
      const job = state.jobs.get(id);
      if (!job || !isActive(job)) this.#previews.delete(id);
    }
    if (state.loaded && jobs.length) this.#filled = true;
    this.#ending(state, jobs, now);
    const unknown = jobs.flatMap((job) => source(job)?.job ?? []).filter((id) => !state.jobs.has(id));
    if (unknown.length) wish(this, "unknown", { ids: unknown });
    if (jobs.length !== this.#length) {
      // asks anew whether the end is near, for the case that a page has not moved it far enough
      this.#length = jobs.length;
      this.#watch.unobserve(this.#end);
      this.#watch.observe(this.#end);
    }
    if (lost >= 0) this.#focusAt(lost);
  }

  /** @param {{job: string, image: number, blob: Blob}} preview */
  preview({ job, image, blob }) {
    const known = this.#previews.get(job) ?? new Map();
    this.#previews.set(job, known.set(image, blob));
    this.#find(job)?.preview(image, blob);
  }

  /** @param {string} job @param {number} index */
  focusPicture(job, index) {
    const open = this.#find(job)?.querySelector(`picture-tile[data-key="${index}"] .open`);
    if (open instanceof HTMLElement) open.focus();
  }

  /** @param {string} job */
  focusSet(job) {
    const set = this.#find(job)?.firstElementChild;
    if (set instanceof HTMLElement) set.focus({ preventScroll: true });
  }

  /** Asked for each set at each change, so it is worked out once. @param {Job} job */
  #dayOf(job) {
    const known = this.#days.get(job.id) ?? dayKey(job.created_at);
    this.#days.set(job.id, known);
    return known;
  }

  /** @param {string} job @returns {JobSet|null} */
  #find(job) {
    return this.#list.querySelector(`:scope > job-set[data-key="${CSS.escape(job)}"]`);
  }

  /** @param {string} key @returns {HTMLElement} */
  #make(key) {
    if (key === "welcome") return new EmptyWelcome();
    return key.startsWith("day:") ? DAY() : new JobSet();
  }

  /** @param {JobSet} set @param {Job} job @param {{state: State, taken: number, still: string|null, now: Date, eager: boolean}} around */
  #set(set, job, { state, taken, still, now, eager }) {
    const parent = state.jobs.get(source(job)?.job ?? "");
    const canceling = state.canceling.has(job.id);
    const { queue } = state;
    const line = job.state === "queued" ? JSON.stringify([queue.positions?.[job.id], taken, progressLine(job, queue, canceling, still)]) : "";
    // hundreds may wait while one is worked on: they are left alone unless something concerns them
    if (set.job === job && set.parent === parent && set.line === line && job.state !== "running") return;
    const fresh = set.job === null;
    set.line = line;
    set.update(job, { parent, queue, taken, still, canceling, hint: this.#hint(job, state), now, eager });
    if (fresh) for (const [index, blob] of this.#previews.get(job.id) ?? []) set.preview(index, blob);
  }

  /** Said once, beside the first set that is made without previews. @param {Job} job @param {State} state */
  #hint(job, state) {
    if (state.engine?.previews !== false || !isActive(job)) return "";
    try {
      if (!this.#hinted && localStorage.getItem(HINTED) !== "said") this.#hinted = job.id;
      localStorage.setItem(HINTED, "said");
    } catch {
      this.#hinted ||= job.id;
    }
    return this.#hinted === job.id ? NO_PREVIEWS : "";
  }

  /** @param {HTMLElement} heading @param {string} name @param {string} size */
  #day(heading, name, size) {
    // what is at the top and new needs no heading but for those who listen
    heading.classList.toggle("sr", name === "Today" && heading === this.#list.firstElementChild);
    say(part(heading, "b"), name);
    say(part(heading, "span"), size);
  }

  /** @param {State} state @param {Job[]} jobs @param {Date} now */
  #ending({ loaded, next, filter, counts, paged }, jobs, now) {
    const empty = loaded && !jobs.length && (!isEverything(filter) || counts.all > 0);
    const done = loaded && next === null && (paged || jobs.length > END_WORTH_SAYING);
    const make = (/** @type {string} */ key) => (key === "nothing" ? NOTHING() : document.createElement("p"));
    reconcile(this.#end, empty ? ["nothing"] : done ? ["end"] : [], make, (element, key) => {
      if (key === "end") {
        return say(element, `That is everything, back to ${dayInside(jobs[jobs.length - 1].created_at, now)}.`);
      }
      say(part(element, "span"), filter.q ? `Nothing matches “${filter.q}”.` : NOTHING_HERE[filter.view]);
      part(element, "button").hidden = !filter.q;
    });
  }

  /** The place of the set that holds the focus and is about to go, or -1. @param {Map<string, unknown>} kept */
  #focusedSet(kept) {
    const set = document.activeElement?.closest("job-set");
    if (!(set instanceof JobSet) || !this.contains(set) || kept.has(set.dataset.key ?? "")) return -1;
    return [...this.#list.querySelectorAll("job-set")].indexOf(set);
  }

  /** @param {number} place */
  #focusAt(place) {
    const sets = this.#list.querySelectorAll("job-set");
    const next = sets[Math.min(place, sets.length - 1)]?.querySelector(".open, button") ?? this.closest("main");
    if (next instanceof HTMLElement) next.focus();
  }
}
