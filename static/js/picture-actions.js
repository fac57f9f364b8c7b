// @ts-check
// What can be done with a picture or a set, as data: the rows of the menu, the panel and the bar, their keys, and
// what each asks of POST /api/jobs/{id}/actions. Pure; actions.js does it.

import { inWords } from "./format.js";
import { isStill } from "./media.js";
import { pictureCount } from "./set-view.js";
import { isActive } from "./store.js";

/**
 * @typedef {import("./api.js").Job} Job
 * @typedef {import("./api.js").JobImage} JobImage
 * @typedef {{action: string, strength?: string, factor?: number, direction?: string, aspect?: string,
 *   prompt?: string}} Asked the body of the request, but for the picture
 * @typedef {{what: string, icon: string, label: string, key?: string}} Row `what` is the wish
 */

/** What is asked at once. @type {Record<string, Asked>} */
export const ASKED = {
  "vary-subtle": { action: "variation", strength: "subtle" },
  "vary-strong": { action: "variation", strength: "strong" },
  upscale: { action: "upscale", strength: "subtle" },
  "upscale-creative": { action: "upscale", strength: "creative" },
  square: { action: "square" },
  enhance: { action: "enhance" },
  single: { action: "single" },
  reroll: { action: "reroll" },
};

/** What needs a choice first, each on a page of the menu. */
export const PAGES = ["zoom", "pan", "reshape", "use"];

/** What can be done with a set in the trash, too. */
export const EVEN_IN_TRASH =
  ["open", "menu", "compare", "download", "download-all", "file", "prompt", "copy-prompt", "copy-seed", "again", "restore", "trash"];

/** @type {Record<string, string>} */
const KEYS = {
  v: "vary-subtle", u: "upscale", z: "zoom", p: "pan-by-arrow", e: "repaint", r: "reroll", i: "use", s: "star",
  d: "download", t: "prompt", c: "compare", m: "menu",
};

/** The wish of a key on a picture, or undefined. @param {Pick<KeyboardEvent, "key"|"shiftKey"|"repeat">} event */
export function keyed({ key, shiftKey, repeat }) {
  if (repeat) return undefined; // a key held down asks once
  const letter = key.toLowerCase();
  return letter === "v" && shiftKey ? "vary-strong" : KEYS[letter];
}

export const SHAPES = ["1:1", "4:5", "2:3", "9:16", "4:3", "3:2", "16:9", "21:9"];

/** Width over height. @param {string} shape */
export function shapeRatio(shape) {
  const [width, height] = shape.split(":").map(Number);
  return width / height;
}

/** The shape that a picture has, when it is one of those offered. @param {JobImage} image */
export const shapeOf = ({ width, height }) =>
  SHAPES.find((shape) => width && height && Math.abs(Math.log((width / height) / shapeRatio(shape))) < 0.02) ?? null;

/** Reroll all four. @param {Job} job */
function rerollLabel(job) {
  const n = pictureCount(job);
  return n === 1 ? "Reroll" : n === 2 ? "Reroll both" : `Reroll all ${inWords(n)}`;
}

/** @param {string} what @param {string} icon @param {string} label @param {string} [key] @returns {Row} */
const row = (what, icon, label, key) => ({ what, icon, label, key });

/** What makes more of a picture; an action that would change nothing is left out. @param {Job} job @param {JobImage} image */
export function makingRows(job, image) {
  if (job.deleted_at) return [];
  const again = [row("reroll", "reroll", rerollLabel(job), "R"), row("remix", "remix", "Remix…")];
  if (!isStill(image)) return again;
  const rows = [
    row("vary-subtle", "subtle", "Vary, subtle", "V"),
    row("vary-strong", "strong", "Vary, strong", "⇧V"),
    row("upscale", "upscale", "Upscale 2×", "U"),
    row("upscale-creative", "creative", "Upscale, creative"),
    row("zoom", "zoom", "Zoom out", "Z"),
    row("pan", "pan", "Pan", "P"),
    row("repaint", "region", "Repaint a part", "E"),
    row("redesign", "edit", "Draw and redesign…"),
  ];
  if (image.width !== image.height) rows.push(row("square", "square", "Make square"));
  rows.push(row("reshape", "shape", "Change shape…"));
  if (job.parameters.draft) rows.push(row("enhance", "enhance", "Enhance"));
  if (pictureCount(job) > 1 && job.kind !== "workflow") rows.push(row("single", "single", "Picture alone"));
  return [...rows, ...again, row("use", "use", "Use as…", "I")];
}

/** What keeps a picture. @param {Job} job @param {JobImage} image @returns {Row[]} */
export const keepingRows = (job, image) => [
  ...(job.deleted_at ? [] : [row("star", "star", job.favorites.includes(image.index) ? "Remove star" : "Star", "S")]),
  row("download", "down", "Download", "D"),
];

/**
 * What else there is, for a picture or, without one, for the set.
 * @param {Job} job @param {JobImage|null} image @returns {Row[]}
 */
export function otherRows(job, image) {
  const rows = [row("copy-prompt", "copy", "Copy prompt")];
  if (image && seed(job, image) !== undefined) rows.push(row("copy-seed", "copy", "Copy seed"));
  if (image) rows.push(row("file", "open", "Open the file"));
  if (!isActive(job)) rows.push(job.deleted_at ? row("restore", "undo", "Restore") : row("trash", "trash", "Move to trash"));
  return rows;
}

/**
 * The rows of the menu: what makes more, and the rest.
 * @param {Job} job @param {number|null} index one picture, or the whole set @returns {Row[][]}
 */
export function menuRows(job, index) {
  const image = job.images.find((one) => one.index === index) ?? null;
  const making = image ? makingRows(job, image) : setRows(job);
  const saving = job.images.length ? [row("download-all", "down", "Download all")] : [];
  const prompt = row("prompt", "prompt", "Use this prompt", image ? "T" : undefined);
  const again = isActive(job) ? [] : [row("again", "again", "Make again")];
  const rest = [...(image ? keepingRows(job, image) : saving), prompt, ...again, ...otherRows(job, image)];
  return [making, rest].filter((rows) => rows.length);
}

/** @param {Job} job */
const setRows = (job) =>
  (job.images.length && !job.deleted_at ? [row("reroll", "reroll", rerollLabel(job)), row("remix", "remix", "Remix…")] : []);

/** @param {Job} job @param {JobImage} image */
export const seed = (job, image) => image.seed ?? job.parameters.seed;
