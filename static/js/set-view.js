// @ts-check
// What a set, its caption and the engine line say, derived from the facts in the store. Pure.

import { about, clock, dayInside, elapsed, inWords, ordinal, plural, spent, splitPrompt } from "./format.js";
import { nameOf } from "./media.js";

/**
 * @typedef {import("./api.js").Job} Job
 * @typedef {import("./api.js").JobImage} JobImage
 * @typedef {import("./api.js").Engine} Engine
 * @typedef {import("./api.js").Queue} Queue
 * @typedef {"waiting"|"queued"|"sampling"|"loading"|"decoding"|"saving"|"succeeded"|"failed"|"canceled"|"expired"} TileState
 * @typedef {{index: number, state: TileState, image: JobImage|null, starred: boolean, place: string,
 *   ring: number|null, chip: string}} Tile
 *   `ring` is 0–100, null when there is no chip; `place` is the place in line of a queued set
 */

/** How many pictures a set has room for. @param {Job} job */
export const pictureCount = (job) => Math.max(1, job.parameters.batch_size ?? 1, job.images.length);

/** Width over height. @param {Job} job */
export function ratio(job) {
  const { width, height } = job.images.find((image) => image.width && image.height) ?? job.parameters;
  return width && height ? width / height : 1;
}

/** Steps of one picture. @param {Job} job @returns {number} */
const stepsEach = (job) => {
  const { steps, batch_size: pictures } = job.parameters;
  // with --stop fewer steps run than are asked for, so what the run itself counts goes first
  return Math.round(job.progress.steps / (together(job) ? 1 : pictures || 1)) || steps || 1;
};

/** The picture's own step: the count of a job runs over all its pictures. @param {Job} job */
export function ownStep(job) {
  const { step } = job.progress;
  const steps = stepsEach(job);
  // at a multiple one picture is just done, or, when all before it are here or it is the one in work, the next one begins
  const done = Math.max(job.images.length, together(job) ? 0 : job.progress.image ?? 0);
  const begins = stageOf(job) === "sampling" && done * steps >= step;
  return { step: step % steps || (begins ? 0 : Math.min(step, steps)), steps };
}

/** A node between two pictures is no loading of a model. @param {Job} job */
const stageOf = ({ stage, progress }) =>
  progress.step > 0 && stage !== "decoding" && stage !== "saving" ? "sampling" : stage;

/** Waits to begin; the next one waits at the engine itself, so that it never idles. @param {Job} job */
const inLine = ({ state, stage, progress }) =>
  state === "queued" || (state === "running" && progress.step === 0 && (stage === "submitted" || stage === null));

/** Made in one latent batch, so that all its pictures are in work at once. @param {Job} job */
const together = ({ parameters }) => parameters.batch_mode === "together";

/** @param {Job} job @param {Queue} queue @returns {Tile[]} */
export function tiles(job, queue) {
  const images = new Map(job.images.map((image) => [image.index, image]));
  const indices = Array.from({ length: pictureCount(job) }, (_, index) => index);
  const said = job.progress.image;
  // the picture that the engine spoke of last may be here already: then the next one is about to begin
  const begins = said !== null && images.has(said);
  const current = said === null || begins ? indices.find((index) => !images.has(index)) ?? 0 : said;
  const all = together(job);
  return indices.map((index) => {
    const image = images.get(index) ?? null;
    const starred = job.favorites.includes(index);
    /** @type {Tile} */
    const tile = { index, state: "waiting", image, starred, place: "", ring: null, chip: "" };
    if (job.state === "expired") return { ...tile, image: null, state: "expired" };
    if (image) return { ...tile, state: "succeeded" };
    if (inLine(job)) return index === 0 ? { ...tile, state: "queued", place: place(job, queue) } : tile;
    if (job.state === "failed" || job.state === "canceled") return { ...tile, state: job.state };
    if (begins && index === current) return { ...tile, state: "sampling", ring: 0, chip: `0/${stepsEach(job)}` };
    if (all || index === current) return working(tile, job);
    // done before the one in work, and on its way here
    return index < current ? { ...tile, state: "saving", ring: 100, chip: "saving" } : tile;
  });
}

/** @param {Tile} tile @param {Job} job @returns {Tile} */
function working(tile, job) {
  const { step, steps } = ownStep(job);
  const stage = stageOf(job);
  switch (stage) {
    case "sampling":
      return { ...tile, state: "sampling", ring: (100 * step) / steps || 0, chip: `${step}/${steps}` };
    case "decoding": case "saving":
      return { ...tile, state: stage, ring: (100 * step) / steps || 0, chip: stage };
    default:
      return { ...tile, state: "loading", ring: 0, chip: "loading" };
  }
}

/** @param {Job} job @param {Queue} queue */
function place(job, queue) {
  const position = queue.positions?.[job.id] ?? job.position;
  if (!position) return "";
  return position === 1 ? "Next" : ordinal(position);
}

/**
 * Why nothing goes on, as far as the page can know; null while it does. Without words when the header alone says it.
 * @param {import("./store.js").State} state @returns {string|null}
 */
export function standstill({ engine, queue, online }) {
  if (!online) return "";
  return engine?.state === "down" ? engineLine(engine, queue, online).name : null;
}

/**
 * The line under the words of an active set. No time is told that nobody keeps.
 * @param {Job} job @param {Queue} queue @param {boolean} canceling @param {string|null} [still] why nothing goes on
 */
export function progressLine(job, queue, canceling, still = null) {
  if (canceling) return "Stopping";
  if (job.state === "queued" && queue.paused) return "The queue is paused"; // the prompt bar says why
  if (still) return still;
  if (inLine(job)) {
    const starts = still === null ? queue.starts?.[job.id] : undefined;
    if (starts !== undefined) return `Starts in ${about(starts)}`;
    return job.state === "running" && still === null ? "Starting" : "Waiting in line";
  }
  const { image } = job.progress;
  const eta = still === null ? job.progress.eta_s : null;
  const stage = stageOf(job);
  if (stage === "loading") return "Loading the model";
  const total = pictureCount(job);
  const left = eta === null || eta === undefined ? "" : `${about(eta)} left`;
  if (total > 1 && image !== null) return [`Picture ${image + 1} of ${total}`, left].filter(Boolean).join(", ");
  if (left) return left[0].toUpperCase() + left.slice(1);
  return total > 1 ? `Making ${inWords(total)} pictures` : "Making the picture";
}

/** 12 s · 14:32, or the time alone for a set that did not succeed. @param {Job} job */
export function metaLine(job) {
  const seconds = job.state === "succeeded" || job.state === "expired" ? elapsed(job) : null;
  return seconds === null ? clock(job.created_at) : `${spent(seconds)} · ${clock(job.created_at)}`;
}

/** Set 128 · today 14:19. @param {Job} job @param {Date} now */
export const heading = (job, now) => `Set ${job.number} · ${dayInside(job.created_at, now)} ${clock(job.created_at)}`;

/** @param {Job} job @param {number} index */
export function alt(job, index) {
  const name = nameOf(job.images.find((image) => image.index === index));
  return `${name} ${index + 1} of ${pictureCount(job)}: ${splitPrompt(job).words}`;
}

/**
 * Why a set has no more pictures, and the words of the button that tries again.
 * @param {Job} job @returns {{calm: boolean, sentence: string, hint: string, verb: string}|null}
 */
export function stopped(job) {
  const here = job.images.length;
  const safe = here === 0 ? "" : here === 1 ? "Your first picture is safe." : `Your ${inWords(here)} are safe.`;
  if (job.state === "canceled") {
    return { calm: true, sentence: "You canceled this one.", hint: safe, verb: "Make it after all" };
  }
  if (job.state !== "failed") return null;
  const hint = [safe, job.error?.hint].filter(Boolean).join(" ");
  return { calm: false, sentence: job.error?.message ?? "This set failed.", hint, verb: "Try again as it is" };
}

/**
 * The engine in words; `lamp` is the state of the safelight.
 * @param {Engine|null} engine @param {Queue} queue @param {boolean} online
 * @returns {{lamp: "working"|"idle"|"down", name: string, words: string}}
 */
export function engineLine(engine, queue, online) {
  if (!online) return { lamp: "down", name: "Server out of reach", words: "" };
  if (!engine) return { lamp: "idle", name: "", words: "" };
  if (!engine.kind && engine.state !== "down") return { lamp: "idle", name: "Looking for ComfyUI", words: "" };
  const name = engine.kind === "sketch" ? "Sketch engine" : "ComfyUI";
  if (engine.state === "down") return { lamp: "down", name: `${name} does not answer`, words: "" };
  if (engine.state === "starting") return { lamp: "idle", name, words: "is starting" };
  const { running, waiting, paused } = queue;
  const numbers = [running && `${running} running`, waiting && `${waiting} waiting`].filter(Boolean).join(", ");
  const words = paused ? ["paused", numbers].filter(Boolean).join(", ") : numbers || "ready";
  return { lamp: running ? "working" : "idle", name, words };
}

/**
 * What the popover of the engine line tells beyond its words.
 * @param {Engine|null} engine @param {Queue} queue @param {boolean} online @returns {string[]}
 */
export function engineDetails(engine, queue, online) {
  if (!online) return ["The page keeps trying and goes on where it was."];
  if (!engine) return [];
  const sentences = [];
  if (engine.kind === "sketch") sentences.push("Quick procedural paintings, made without a model.");
  else if (engine.url) sentences.push(["ComfyUI", engine.version, `at ${engine.url}`].filter(Boolean).join(" "));
  if (engine.reason) sentences.push(engine.reason);
  if (engine.state === "down") sentences.push("New sets wait in line and start when it is back.");
  if (queue.paused) sentences.push(pauseWords(queue));
  if (engine.previews === false) sentences.push(NO_PREVIEWS);
  return sentences;
}

/** Why the queue is paused, and how it goes on. @param {Queue} queue */
export function pauseWords({ reason }) {
  const next = reason?.by_hand ? "What runs goes on, and what waits is safe." : reason?.hint;
  return [reason?.message, next].filter(Boolean).join(" ") || "The queue is paused.";
}

/**
 * Each of several engines in a line; nothing of a single one, which the rest is about.
 * @param {readonly import("./api.js").OneEngine[]} engines @returns {string[]}
 */
export const engineLines = (engines) => (engines.length < 2 ? [] : engines.map(({ name, state, running, model }) =>
  [name, state === "ready" ? (running ? `${running} running` : "ready") : state === "down" ? "does not answer" : "is starting", model]
    .filter(Boolean).join(" · ")));

export const NO_PREVIEWS = "This ComfyUI sends no previews. Start it with --preview-method auto to watch pictures sharpen.";

/**
 * How many sets each day has, where the whole day is known.
 * @param {string[]} days the day of each set, newest first @param {boolean} complete no older set is missing
 */
export function daySizes(days, complete) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  for (const day of days) sizes.set(day, (sizes.get(day) ?? 0) + 1);
  if (!complete && days.length) sizes.delete(days[days.length - 1]);
  return new Map([...sizes].map(([day, size]) => [day, plural(size, "set")]));
}
