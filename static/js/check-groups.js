// @ts-check
// The checks of GET /api/diagnostics as a person reads them: what is wrong first, what was skipped for one reason once. Pure.

import { plural } from "./format.js";

/**
 * @typedef {import("./api.js").Check} Check
 * @typedef {{status: Check["status"], title: string, where: string, message: string, fix: string, count: number}} Row
 *   `where` is the engine, when there are several
 */

/** @param {readonly Check[]} checks @returns {{troubles: Row[], working: Row[], unknown: Row[]}} */
export function checkGroups(checks) {
  const several = new Set(checks.map(engineOf).filter(Boolean)).size > 1;
  const rows = checks.map((check) => ({
    status: check.status, title: check.title, where: several && !check.message.includes(engineOf(check)) ? engineOf(check) : "", message: check.message, fix: check.fix ?? "", count: 1,
  }));
  const having = (/** @type {Check["status"]} */ status) => rows.filter((row) => row.status === status);
  return { troubles: [...having("failed"), ...having("warning")], working: having("ok"), unknown: together(having("skipped")) };
}

/** @param {Check} check */
const engineOf = ({ details }) => String(details?.engine ?? "");

/** What was not looked at for the same reason, as one. @param {Row[]} rows */
function together(rows) {
  /** @type {Map<string, Row>} */
  const merged = new Map();
  for (const row of rows) {
    const key = `${row.where}\n${row.message}`;
    const known = merged.get(key);
    merged.set(key, known ? { ...known, title: `${known.title}, ${row.title}`, count: known.count + 1 } : row);
  }
  return [...merged.values()];
}

/** @param {readonly Check[]} checks */
export function checkSummary(checks) {
  const count = (/** @type {Check["status"]} */ status) => checks.filter((check) => check.status === status).length;
  const [failed, better] = [count("failed"), count("warning")];
  const wrong = failed ? `${plural(failed, "thing")} ${failed === 1 ? "does" : "do"} not work` : "Everything works";
  const rest = better ? `, and ${better} could be better` : "";
  return `${wrong}${rest}.`.replace(/^1 thing/, "One thing").replace("and 1 could", "and one could");
}
