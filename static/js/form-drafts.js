// @ts-check
// What was set in the forms of this tab, by workflow: it outlives a reload. Storage may be off: then as long as the page.

/** @typedef {import("./form-values.js").Values} Values */

const KEY = "imagine.form.";
/** @type {Map<string, Values>} */
const drafts = new Map();

/** @param {string} id @returns {Values} */
export function readForm(id) {
  const known = drafts.get(id);
  if (known) return known;
  /** @type {Values} */
  let values = {};
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY + id) ?? "{}");
    if (kept && typeof kept === "object" && !Array.isArray(kept)) values = kept;
  } catch {
    // nothing is kept
  }
  drafts.set(id, values);
  return values;
}

/** @param {string} id @param {Values} values */
export function writeForm(id, values) {
  drafts.set(id, values);
  try {
    sessionStorage.setItem(KEY + id, JSON.stringify(values));
  } catch {
    // as long as the page
  }
}
