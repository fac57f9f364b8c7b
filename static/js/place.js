// @ts-check
// Where the page is, as the part of the address after #: the view, the search, the open picture. Pure.

/**
 * @typedef {{view: import("./store.js").View, q: string, picture: {job: string, index: number}|null}} Place
 */

const VIEWS = ["all", "starred", "active", "failed", "trash"];

/** @param {string} hash @returns {Place} */
export function fromHash(hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const view = asked.get("view") ?? "all";
  const [, job, index] = /^([\w-]+)\.(\d+)$/.exec(asked.get("picture") ?? "") ?? [];
  return {
    view: /** @type {import("./store.js").View} */ (VIEWS.includes(view) ? view : "all"),
    q: asked.get("q") ?? "",
    picture: job ? { job, index: Number(index) } : null,
  };
}

/** @param {Place} place */
export function toHash({ view, q, picture }) {
  const asked = new URLSearchParams();
  if (view !== "all") asked.set("view", view);
  if (q) asked.set("q", q);
  if (picture) asked.set("picture", `${picture.job}.${picture.index}`);
  return `#${asked}`;
}
