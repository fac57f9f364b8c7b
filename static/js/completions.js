// @ts-check
/**
 * Which rows the completion list offers for what is typed: flags by name and alias, values from
 * the catalog, from a flag's choices, or usual ones. Pure.
 *
 * @typedef {{name: string, flag: string, aliases: string[], type: string, min: number|null,
 *   max: number|null, default: any, choices: string[]|null, meaning: string, range: string,
 *   example?: string|null, group: string, ours?: boolean}} Parameter  a row of /api/parameters
 * @typedef {{models?: {name: string, label: string, default?: boolean}[], loras?: string[],
 *   samplers?: string[], schedulers?: string[]}} Catalog
 * @typedef {{label: string, range: string, meaning: string, insert: string}} Row
 */
import { findFlags, spotAt } from "./prompt-text.js";

export const ROWS = 8;

/** The flags that people use most, in that order: offered first when several match alike. */
const USUAL = ["aspect", "stylize", "chaos", "no", "seed", "model", "batch", "lora", "cfg", "steps"];
const GROUPS = ["workflow", "image", "engine", "reference", "queue", "video", "legacy"];

/** @type {readonly (readonly [string, string])[]} */
const RATIOS = [
  ["1:1", "Square"], ["16:9", "Wide"], ["3:2", "Landscape photo"], ["2:3", "Portrait photo"],
  ["9:16", "Phone"], ["4:3", "Landscape"], ["4:5", "Portrait"], ["21:9", "Cinema"],
];

/** The names under which a flag may be typed, without dashes. @param {Parameter} row */
export const namesOf = (row) =>
  [row.name, row.flag, ...row.aliases].map((each) => each.replace(/^-+/, "").toLowerCase());

/**
 * How well a query fits a name: 0 exact, 1 its start, 2 the start of a later word, 3 its letters
 * in order, 4 the same from another first letter; null if not at all.
 * @param {string} query @param {string} name
 */
export function fit(query, name) {
  if (name === query) return 0;
  if (name.startsWith(query)) return 1;
  if (name.split(/[\s._/-]+/).some((word) => word.startsWith(query))) return 2;
  let from = 0;
  for (const letter of query) {
    from = name.indexOf(letter, from) + 1;
    if (!from) return null;
  }
  if (name[0] === query[0]) return query.length > 1 ? 3 : null;
  return query.length > 2 ? 4 : null;
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => readonly (number|null)[]|null} rank  smaller is better; null leaves it out
 * @returns {T[]}
 */
function best(items, rank) {
  return items
    .flatMap((item) => {
      const order = rank(item);
      return order ? [{ item, order }] : [];
    })
    .sort((one, other) => {
      const at = one.order.findIndex((value, index) => value !== other.order[index]);
      return at < 0 ? 0 : Number(one.order[at]) - Number(other.order[at]);
    })
    .slice(0, ROWS)
    .map(({ item }) => item);
}

/**
 * @param {readonly Parameter[]} parameters
 * @param {string} query  what stands behind the dashes
 * @param {ReadonlySet<string>} present  names of the flags that the prompt has already
 * @returns {Row[]}
 */
export function flagRows(parameters, query, present) {
  const place = (/** @type {readonly string[]} */ list, /** @type {string} */ name) =>
    list.includes(name) ? list.indexOf(name) : list.length;
  const chosen = best(parameters, (row) => {
    const fits = namesOf(row).map((name) => fit(query, name)).filter((each) => each !== null);
    if (!fits.length || (row.group === "legacy" && query.length < 2)) return null;
    const again = namesOf(row).some((name) => present.has(name)) ? 1 : 0;
    const own = row.group === "workflow" ? 0 : 1;
    return [Math.min(...fits), again, own, place(USUAL, row.name), place(GROUPS, row.group), row.name.length];
  });
  return chosen.map((row) => ({
    label: row.flag, range: shortRange(row), meaning: row.meaning, insert: row.flag,
  }));
}

/** @type {Record<string, string>} What a range is called that is too long for its column. */
const SHORT = {
  ratio: "W:H", size: "W×H", list: "words", weighted_list: "names", choice: "word", text: "name",
  version: "version", int: "number", number: "number", flag: "", switch: "on, off",
};

/** @param {Parameter} row */
const shortRange = (row) => (row.type !== "flag" && row.range.length <= 8 ? row.range : SHORT[row.type] ?? "");

/**
 * Values for a flag; none when its value is free or typed to the end already.
 * @param {Parameter|undefined} row
 * @param {Catalog|null} catalog
 * @param {string} query
 * @returns {Row[]}
 */
export function valueRows(row, catalog, query) {
  const wanted = query.replace(/^"/, "").toLowerCase();
  const all = row ? valuesOf(row, catalog) : [];
  if (all.some((each) => each.insert.toLowerCase() === wanted)) return [];
  return best(all, (each) => {
    if (!wanted) return [0];
    const fits = [each.insert, each.meaning].map((text) => fit(wanted, text.toLowerCase()));
    const order = Math.min(...fits.map((found) => found ?? 9));
    return order < 3 ? [order] : null;
  });
}

/**
 * What to offer at the caret.
 * @param {string} text
 * @param {number} caret
 * @param {readonly Parameter[]} parameters
 * @param {Catalog|null} catalog
 * @returns {{label: string, rows: Row[]}}
 */
export function offer(text, caret, parameters, catalog) {
  const spot = spotAt(text, caret);
  if (spot?.kind === "flag") {
    // A lone long dash is punctuation until a letter follows.
    if (!spot.query && text.slice(spot.start, caret) !== "--") return { label: "Flags", rows: [] };
    const present = findFlags(text).filter((flag) => flag.start !== spot.start).map(({ name }) => name);
    return { label: "Flags", rows: flagRows(parameters, spot.query, new Set(present)) };
  }
  if (!spot) return { label: "Flags", rows: [] };
  const row = parameters.find((each) => namesOf(each).includes(spot.name));
  return { label: "Values", rows: valueRows(row, catalog, spot.query) };
}

/** The workflow that a prompt names, once its name is typed to the end. @param {string} text @returns {string|null} */
export function workflowOf(text) {
  const flag = findFlags(text).find(({ name }) => name === "workflow");
  const word = flag && /^[a-z0-9][a-z0-9_-]{0,63}(?=\s)/i.exec(text.slice(flag.valueStart));
  return word ? word[0].toLowerCase() : null;
}

/** @param {Parameter} row @param {Catalog|null} catalog @returns {Row[]} */
function valuesOf(row, catalog) {
  const plain = (/** @type {readonly string[]} */ values) =>
    values.map((value) => ({ label: value, range: "", meaning: "", insert: value }));
  switch (row.group === "workflow" && row.choices?.length ? "" : row.name) {
    case "aspect":
      return RATIOS.map(([value, meaning]) => ({ label: value, range: "", meaning, insert: value }));
    case "model":
      return (catalog?.models ?? []).map(({ name, label }) => ({
        label: name, range: "", meaning: label === name ? "" : label, insert: name,
      }));
    case "lora":
      return plain(catalog?.loras ?? []);
    case "sampler":
      return plain(catalog?.samplers ?? row.choices ?? []);
    case "scheduler":
      return plain(catalog?.schedulers ?? row.choices ?? []);
    default:
      return plain((row.choices ?? []).map(String));
  }
}
