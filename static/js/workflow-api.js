// @ts-check
// The requests that only the page of the workflows makes.

import { base, request } from "./api.js";
import { withHints } from "./form-values.js";

/**
 * @typedef {import("./form-values.js").Workflow} Workflow
 * @typedef {{file: string, line: number|null, message: string}} Broken
 * @typedef {{workflows: Workflow[], broken: Broken[], categories: string[]}} Library
 * @typedef {{workflow: Workflow, notes: string[]}} Added
 */

/** @param {string} id @param {string} [verb] */
const path = (id, verb) => `/api/workflows/${encodeURIComponent(id)}${verb ? `/${verb}` : ""}`;

/** What was answered last, and its tag. */
let tag = "";

/**
 * Every workflow, or null when nothing has changed since it was last asked for.
 * @returns {Promise<Library|null>}
 */
export async function library() {
  // not by the cache of the browser, which would not tell that nothing has changed
  const response = await fetch(`${base}/api/workflows`, {
    cache: "no-store", headers: { Accept: "application/json", ...(tag ? { "If-None-Match": tag } : {}) },
  });
  if (response.status === 304) return null;
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  const answer = await response.json();
  tag = response.headers.get("ETag") ?? "";
  return { ...answer, workflows: answer.workflows.map(withHints) };
}

/**
 * @param {string} id @param {unknown} body @param {string} key the same again makes nothing new
 * @returns {Promise<import("./api.js").Submitted>}
 */
export const make = (id, body, key) => request("POST", path(id), { body, headers: { "Idempotency-Key": key } });

/** A graph, or a picture that holds one. @param {File} file @returns {Promise<Added>} */
export function add(file) {
  const form = new FormData();
  form.append("file", file);
  return request("POST", "/api/workflows", { body: form });
}

/** @param {string} id */
export const remove = (id) => request("DELETE", path(id));

/** @param {string} id */
export const restore = (id) => request("POST", path(id, "restore"));

/** Where the graph itself is. @param {string} id */
export const graph = (id) => base + path(id, "graph");
