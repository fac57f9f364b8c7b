// @ts-check
// The words of the prompt bar, made from what the server answered.

import { about, plural } from "./format.js";

/**
 * "4 pictures · 1344×768 · about 12 s", or "12 pictures in 3 sets · about 40 s"; "" when the
 * answer names no job.
 * @param {{count?: number, eta_s?: number|null, jobs?: any[]}|null|undefined} parsed body of /api/parse
 * @param {boolean} [grows] from a picture: then its size and time are not those of the words alone
 */
export function estimate(parsed, grows = false) {
  const jobs = parsed?.jobs ?? [];
  if (!jobs.length) return "";
  const count = parsed?.count ?? jobs.length;
  const known = jobs.reduce((sum, job) => sum + Number(job.parameters?.batch_size ?? 1), 0);
  const pictures = plural(Math.round((known / jobs.length) * count), "picture");
  const time = parsed?.eta_s == null || grows ? [] : [about(parsed.eta_s)];
  if (count > 1) return [`${pictures} in ${plural(count, "set")}`, ...time].join(" · ");
  return [pictures, grows ? "" : size(jobs[0]), ...time].filter(Boolean).join(" · ");
}

/** "1344×768" of a planned job; "" when it is not known. @param {{width?: number|null, height?: number|null}|null|undefined} job */
export const size = (job) => (job?.width && job.height ? `${job.width}×${job.height}` : "");

/**
 * A sentence cut at its flags, so that they can be set apart.
 * @param {string} sentence @returns {{text: string, flag: boolean}[]}
 */
export function withFlags(sentence) {
  return sentence
    .split(/(--\p{L}[\p{L}\p{N}_-]*)/u)
    .map((text, index) => ({ text, flag: index % 2 === 1 }))
    .filter((part) => part.text);
}

/** Flags in a sentence stand out, and do not break. @param {Element} place @param {string} sentence */
export function writeSentence(place, sentence) {
  if (place.textContent === sentence) return;
  place.replaceChildren(...withFlags(sentence).map(({ text, flag }) => {
    if (!flag) return document.createTextNode(text);
    const code = document.createElement("code");
    code.textContent = text;
    return code;
  }));
}

/**
 * What the server said about a prompt that it did not take, and what to do next.
 * @param {{message?: string, status?: number, retryAfter?: number|null, error?: {hint?: string|null}}} reason
 */
export function refusal(reason) {
  const message = reason.message || "The server did not take it.";
  const said = /try again/i.test(message);
  const wait = reason.retryAfter && !said ? `Try again in ${about(reason.retryAfter)}.` : null;
  const again = reason.status ? null : "Press Enter to send it again.";
  return [message, reason.error?.hint ?? wait ?? again].filter(Boolean).join(" ");
}
