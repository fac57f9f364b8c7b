// @ts-check
// What the page knows, and how each event changes it: `(state, event) → state`, pure.
// An older sequence is ignored, and progress never goes back. The messages of the server
// (docs/protocol.md) are events as they come; the page adds a few of its own.

/**
 * @typedef {import("./api.js").Job} Job
 * @typedef {import("./api.js").Counts} Counts
 * @typedef {import("./api.js").Engine} Engine
 * @typedef {import("./api.js").Queue} Queue
 * @typedef {"all"|"starred"|"active"|"failed"|"trash"} View
 * @typedef {{view: View, q: string}} Filter
 *
 * @typedef {object} State
 * @property {ReadonlyMap<string, Job>} jobs every set the page has heard of
 * @property {readonly string[]} list the sets on show, newest first
 * @property {Filter} filter what the list is asked to show
 * @property {string|null} next the key of the next page
 * @property {boolean} loaded the list was filled for this filter
 * @property {boolean} paged more than one page was read
 * @property {Counts} counts
 * @property {Engine|null} engine null until the server has said hello
 * @property {Queue} queue
 * @property {boolean} online
 * @property {string} version of the server
 * @property {ReadonlySet<string>} canceling sets that were asked to stop and have not yet
 *
 * @typedef {{type: string, [field: string]: any}} Event
 */

/** @type {Record<View, Record<string, string>>} */
const QUERIES = {
  all: {},
  starred: { favorite: "1" },
  active: { state: "active" },
  failed: { state: "failed" },
  trash: { trash: "1" },
};

/** @type {Filter} */
export const EVERYTHING = { view: "all", q: "" };

/** @returns {State} */
export function initial() {
  return {
    jobs: new Map(), list: [], filter: EVERYTHING, next: null, loaded: false, paged: false, counts: {},
    engine: null, queue: { running: 0, waiting: 0, paused: false, reason: null, positions: {}, starts: {} },
    online: true, version: "", canceling: new Set(),
  };
}

/** What to ask GET /api/jobs for a filter. @param {Filter} filter @returns {Record<string, string>} */
export const query = ({ view, q }) => (q ? { ...QUERIES[view], q } : QUERIES[view]);

/** @param {Job} job */
export const isActive = (job) => job.state === "queued" || job.state === "running";

/** Does a set that has just come belong to the list? @param {Job} job @param {Filter} filter */
export function belongs(job, { view, q }) {
  if (Boolean(job.deleted_at) !== (view === "trash")) return false;
  if (view === "starred" && !job.favorites.length) return false;
  if (view === "active" && !isActive(job)) return false;
  if (view === "failed" && job.state !== "failed") return false;
  const prompt = job.prompt.toLowerCase();
  return q.toLowerCase().split(/\s+/).filter(Boolean).every((word) =>
    word.length > 1 && word.startsWith("-") ? !prompt.includes(word.slice(1)) : prompt.includes(word));
}

/** @param {State} state @param {Event} event @returns {State} */
export function reduce(state, event) {
  switch (event.type) {
    case "filter": return { ...state, filter: event.filter, loaded: false };
    case "page": return page(state, event);
    case "hello":
      return { ...state, online: true, engine: event.engine, queue: event.queue ?? state.queue,
        version: event.version };
    case "snapshot": return snapshot(state, event);
    case "job": return put(state, [event.job]);
    case "submitted": return put(state, event.jobs);
    case "progress": return progress(state, event);
    case "removed": return removed(state, event);
    case "queue": {
      const { running, waiting, paused, reason = null, positions, starts } = event;
      const queue = { running, waiting, paused, reason, positions, starts };
      return { ...state, queue, counts: event.counts ?? state.counts };
    }
    case "engine": return { ...state, engine: event.engine };
    case "online": return state.online === event.online ? state : { ...state, online: event.online };
    case "star": return star(state, event);
    case "canceling": {
      const canceling = new Set(state.canceling);
      if (event.on) canceling.add(event.job); else canceling.delete(event.job);
      return { ...state, canceling };
    }
    default: return state; // ping, and what a newer server may say
  }
}

/**
 * Newer facts about some sets: each replaces what was known, joins the list where it belongs, and
 * leaves it only when it went into the trash or came out. A set that merely ended stays in its row.
 * @param {State} state @param {Job[]} incoming @returns {State}
 */
function put(state, incoming) {
  const jobs = new Map(state.jobs);
  const canceling = new Set(state.canceling);
  let { list } = state;
  for (const job of incoming) {
    const known = jobs.get(job.id);
    if (known && known.sequence > job.sequence) continue;
    jobs.set(job.id, known ? keepProgress(known, job) : job);
    if (!isActive(job)) canceling.delete(job.id);
    if (list.includes(job.id)) {
      if (Boolean(job.deleted_at) !== (state.filter.view === "trash")) list = list.filter((id) => id !== job.id);
    } else if (belongs(job, state.filter)) list = insert(list, jobs, job, state.next === null);
  }
  return { ...state, jobs, list, canceling };
}

/** A stored change may carry older progress than was shown. @param {Job} known @param {Job} job @returns {Job} */
function keepProgress(known, job) {
  const same = job.state === "running" && known.state === "running" && known.attempt === job.attempt;
  if (!same || known.progress.value < job.progress.value) return job;
  return { ...job, stage: known.stage, progress: known.progress };
}

/**
 * @param {readonly string[]} list @param {ReadonlyMap<string, Job>} jobs @param {Job} job
 * @param {boolean} complete an older set than the last one belongs here only when there is no next page
 */
function insert(list, jobs, job, complete) {
  const at = list.findIndex((id) => (jobs.get(id)?.number ?? 0) < job.number);
  if (at < 0) return complete || !list.length ? [...list, job.id] : list;
  return [...list.slice(0, at), job.id, ...list.slice(at)];
}

/** A page of GET /api/jobs. @param {State} state @param {Event} event @returns {State} */
function page(state, event) {
  if (event.filter !== state.filter) return state;
  const after = put({ ...state, list: [] }, event.jobs);
  const ids = event.jobs.map((/** @type {Job} */ job) => job.id);
  const kept = event.more ? state.list : [];
  const known = new Set(kept);
  const list = [...kept, ...ids.filter((/** @type {string} */ id) => !known.has(id))];
  return { ...after, list, next: event.next, counts: event.counts ?? state.counts, loaded: true,
    paged: Boolean(event.more) };
}

/**
 * The newest sets after a gap. When they reach into the list the rest of it is still true;
 * otherwise sets may be missing between, and the list starts again.
 * @param {State} state @param {Event} event @returns {State}
 */
function snapshot(state, event) {
  const before = state.list;
  const next = { ...put(state, event.jobs), counts: event.counts ?? state.counts };
  const { view, q } = state.filter;
  if (view !== "all" || q) return next;
  if (event.jobs.some((/** @type {Job} */ job) => before.includes(job.id))) return next;
  return { ...next, list: event.jobs.map((/** @type {Job} */ job) => job.id), next: event.next, loaded: true };
}

/** @param {State} state @param {Event} event @returns {State} */
function progress(state, event) {
  const job = state.jobs.get(event.job);
  if (!job || !isActive(job) || event.sequence < job.sequence) return state;
  if (event.value < job.progress.value) return state;
  const { value, step, steps, image, eta_s, stage } = event;
  const jobs = new Map(state.jobs);
  jobs.set(job.id, { ...job, stage: stage ?? job.stage, progress: { value, step, steps, image, eta_s } });
  return { ...state, jobs };
}

/** @param {State} state @param {Event} event @returns {State} */
function removed(state, event) {
  const known = state.jobs.get(event.job);
  // a set in the trash is known with the sequence of this very event
  const told = known?.deleted_at ? event.sequence - 1 : event.sequence;
  if (known && known.sequence > told) return state;
  const jobs = new Map(state.jobs);
  jobs.delete(event.job);
  return { ...state, jobs, list: state.list.filter((id) => id !== event.job) };
}

/** A star at once, before the server has answered. @param {State} state @param {Event} event @returns {State} */
function star(state, event) {
  const job = state.jobs.get(event.job);
  if (!job) return state;
  const jobs = new Map(state.jobs);
  jobs.set(job.id, { ...job, favorites: event.favorites });
  return { ...state, jobs };
}
