// @ts-check
// Every request of the page. An answer that is not 2xx becomes an Error that carries the server's
// error object as `.error` ({code, message, hint, request_id, details}) and the HTTP `.status`
// (0 when the server could not be reached).

/**
 * @typedef {{parameter: string|null, value: string|null, allowed: string|null, start: number|null,
 *   end: number|null, suggestion: string|null, message: string|null}} Detail
 * @typedef {{code: string, message: string, hint?: string|null, request_id?: string|null, details: Detail[]}} ErrorBody
 * @typedef {{parameter: string|null, level: "info"|"warning", message: string}} Note
 * @typedef {{index: number, url: string, thumbnail: string|null, width: number|null, height: number|null,
 *   media_type: string, bytes: number, seed: number|null, duration_s?: number|null}} JobImage
 * @typedef {{value: number, step: number, steps: number, image: number|null, eta_s: number|null}} Progress
 * @typedef {"queued"|"running"|"succeeded"|"failed"|"canceled"|"expired"} JobState
 * @typedef {"submitted"|"loading"|"sampling"|"decoding"|"saving"} Stage
 * @typedef {{id: string, number: number, batch: string, kind: string, state: JobState, stage: Stage|null,
 *   sequence: number, prompt: string, canonical: string, text: string, parameters: Record<string, any>,
 *   notes: Note[], progress: Progress, position: number|null, images: JobImage[], error: ErrorBody|null,
 *   parents: {job: string, image: number}[], favorites: number[], engine: string|null, prompt_id: string|null,
 *   attempt: number, created_at: string, started_at: string|null, finished_at: string|null,
 *   deleted_at: string|null}} Job
 * @typedef {Record<string, number>} Counts
 * @typedef {{kind: "comfyui"|"sketch"|null, state: "starting"|"ready"|"down", reason: string|null,
 *   url: string|null, previews: boolean|null, version: string|null, running: number, waiting: number}} Engine
 * @typedef {{code: string, message: string, hint: string|null, by_hand: boolean}} Pause why nothing is begun now
 * @typedef {{running: number, waiting: number, paused: boolean, reason: Pause|null,
 *   positions: Record<string, number>, starts: Record<string, number>}} Queue
 * @typedef {Engine & {name: string, model: string|null}} OneEngine one of several
 * @typedef {{id: string, title: string, status: "ok"|"warning"|"failed"|"skipped", message: string,
 *   fix: string|null, details?: {engine?: string}}} Check
 * @typedef {{jobs: Job[], next: string|null, counts: Counts}} Page
 * @typedef {{batch: string, jobs: Job[], warnings: Note[]}} Submitted
 * @typedef {{id: string, link: string, url: string, width: number|null, height: number|null, media_type: string,
 *   bytes: number, kind?: "image"|"video"|"audio", duration_s?: number|null}} Upload
 * @typedef {{action: string, image?: number, strength?: string, factor?: number, direction?: string,
 *   mask?: string, aspect?: string, prompt?: string}} Action what is done with picture `image` of a set
 */

/** The path under which the server is shown; the addresses of pictures come with it. */
export const base = document.documentElement.dataset.base ?? "";

/** What went wrong with a request, in the server's own words. */
export class ApiError extends Error {
  /** @param {number} status @param {ErrorBody} error @param {number|null} [retryAfter] seconds, if the server says so */
  constructor(status, error, retryAfter = null) {
    super(error.message);
    this.retryAfter = retryAfter;
    this.name = "ApiError";
    this.status = status;
    this.error = error;
  }
}

const UNREACHED = { code: "unreachable", message: "The server does not answer.", details: [] };

/**
 * @param {string} method @param {string} path
 * @param {{body?: unknown, signal?: AbortSignal, headers?: Record<string, string>}} [how]
 * @returns {Promise<any>}
 */
export async function request(method, path, { body, signal, headers = {} } = {}) {
  /** @type {RequestInit} */
  const init = { method, signal, headers: { Accept: "application/json", ...headers } };
  if (body instanceof FormData) init.body = body;
  else if (body !== undefined) {
    init.headers = { ...init.headers, "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(base + path, init);
  } catch (reason) {
    if (signal?.aborted) throw reason;
    throw new ApiError(0, UNREACHED);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  throw refusal(response.status, answer, response.headers.get("Retry-After"));
}

/** @param {number} status @param {any} answer @param {string|null} [retryAfter] */
function refusal(status, answer, retryAfter) {
  const fallback = { code: "internal_error", message: `The server answered ${status}.`, details: [] };
  return new ApiError(status, answer?.error ?? fallback, Number(retryAfter) || null);
}

/** @param {string|undefined} key */
const once = (key) => (key ? { "Idempotency-Key": key } : undefined);

/** @param {string} id @param {string} [verb] */
const jobPath = (id, verb) => `/api/jobs/${encodeURIComponent(id)}${verb ? `/${verb}` : ""}`;

/** What a prompt would do, without doing it. @param {string} prompt @param {AbortSignal} [signal] */
export const parse = (prompt, signal) => request("POST", "/api/parse", { body: { prompt }, signal });

/**
 * Submits a prompt. The same key again gives the same sets, so that a lost answer may be asked for twice.
 * @param {{prompt: string, options?: Record<string, unknown>}} body @param {{key?: string}} [how]
 * @returns {Promise<Submitted>}
 */
export const imagine = (body, { key } = {}) => request("POST", "/api/imagine", { body, headers: once(key) });

/** A run of a workflow. @param {string} id @param {object} body @param {{key?: string}} [how] @returns {Promise<Submitted>} */
export const run = (id, body, { key } = {}) => request("POST", `/api/workflows/${encodeURIComponent(id)}`, { body, headers: once(key) });

/** A workflow. @param {string} id @returns {Promise<{parameters: {name: string}[]}>} */
export const workflow = (id) => request("GET", `/api/workflows/${encodeURIComponent(id)}`);

/**
 * Makes a new set from a finished picture.
 * @param {string} id of its set @param {Action} body @param {{key?: string}} [how] @returns {Promise<Submitted>}
 */
export const act = (id, body, { key } = {}) =>
  request("POST", jobPath(id, "actions"), { body, headers: once(key) });

/**
 * The sets that a set grew from and those that grew from it.
 * @param {string} id @returns {Promise<import("./lineage.js").Family>}
 */
export const family = (id) => request("GET", jobPath(id, "family"));

/**
 * Stores a file of this device. Not by fetch(), which does not tell how far it is.
 * @param {Blob} file @param {{progress?: (part: number) => void, signal?: AbortSignal}} [how] `part` is 0–1
 * @returns {Promise<Upload>}
 */
export function upload(file, { progress, signal } = {}) {
  const form = new FormData();
  form.append("image", file);
  const sending = new XMLHttpRequest();
  sending.open("POST", `${base}/api/uploads`);
  sending.responseType = "json";
  sending.upload.onprogress = ({ loaded, total }) => progress?.(total ? loaded / total : 0);
  signal?.addEventListener("abort", () => sending.abort());
  return new Promise((resolve, reject) => {
    sending.onload = () => {
      if (sending.status < 300) resolve(sending.response);
      else reject(refusal(sending.status, sending.response, sending.getResponseHeader("Retry-After")));
    };
    sending.onerror = () => reject(new ApiError(0, UNREACHED));
    sending.onabort = () => reject(signal?.reason);
    sending.send(form);
  });
}

/** Every flag of a prompt; with a workflow, those of a prompt that names it. @param {string|null} [workflow] */
export const parameters = (workflow = null) =>
  request("GET", `/api/parameters${workflow === null ? "" : `?workflow=${encodeURIComponent(workflow)}`}`);

/** Models, LoRAs, samplers and schedulers that are installed. */
export const catalog = () => request("GET", "/api/catalog");

/** @param {Record<string, string>} query @param {AbortSignal} [signal] @returns {Promise<Page>} */
export const jobs = (query, signal) => request("GET", `/api/jobs?${new URLSearchParams(query)}`, { signal });

/** @param {string} id @returns {Promise<Job>} */
export const job = (id) => request("GET", jobPath(id));

/** @param {string} id @param {{favorites?: number[], priority?: "next"}} change @returns {Promise<Job>} */
export const patch = (id, change) => request("PATCH", jobPath(id), { body: change });

/** Puts a finished set into the trash. @param {string} id @returns {Promise<Job>} */
export const remove = (id) => request("DELETE", jobPath(id));

/** @param {string} id @returns {Promise<Job>} */
export const restore = (id) => request("POST", jobPath(id, "restore"));

/** @param {string} id @returns {Promise<Job>} */
export const cancel = (id) => request("POST", jobPath(id, "cancel"));

/** @param {string} id @returns {Promise<Job>} */
export const retry = (id) => request("POST", jobPath(id, "retry"));

/** Stops what is active of all that one request made. @param {string} batch @returns {Promise<{jobs: string[]}>} */
export const cancelBatch = (batch) => request("POST", `/api/batches/${encodeURIComponent(batch)}/cancel`);

/** @returns {Promise<{engine: Engine, engines: OneEngine[]}>} */
export const health = () => request("GET", "/api/health");

/** @returns {Promise<Queue>} */
export const queue = () => request("GET", "/api/queue");

/** What runs goes on, what waits waits. @returns {Promise<Queue>} */
export const pause = () => request("POST", "/api/queue/pause");

/** @returns {Promise<Queue>} */
export const resume = () => request("POST", "/api/queue/resume");

/** Cancels all that wait. @returns {Promise<{jobs: string[]}>} */
export const clear = () => request("POST", "/api/queue/clear");

/** Each hop to the engine and the disk. @returns {Promise<{checks: Check[]}>} */
export const diagnostics = () => request("GET", "/api/diagnostics");
