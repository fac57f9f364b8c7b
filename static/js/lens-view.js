// @ts-check
// What the prompt bar shows, derived from its text, the newest answer about it and the state of
// the server. Pure.

/**
 * @typedef {import("./prompt-text.js").Detail} Detail
 * @typedef {import("./prompt-text.js").Span} Span
 * @typedef {import("./prompt-reader.js").Parsed} Parsed
 * @typedef {import("./completions.js").Parameter} Parameter
 * @typedef {{text: string, references?: readonly unknown[], message: string, details: Detail[]}} Refused what the server said to a submission, and the text and the pictures that it is shown with
 * @typedef {{text: string, caret: number, answer: {text: string, parsed: Parsed}|null,
 *   sound: Parsed|null, refused: Refused|null, typing: boolean, offering: boolean, choosing: boolean, awake: boolean, online: boolean,
 *   engineDown: boolean, kept: number, underWay: boolean, references: number, uploading: number,
 *   complaint: string|null, grows: boolean}} Facts
 *   `typing`: the caret is in the text and Enter was not pressed on it; `offering`: a completion list
 *   is open; `choosing`: the settings are, which say themselves what does not go; `awake`: the focus is in the bar; `underWay`: this text is being sent;
 *   `references`: pictures beside the text, with those that are still `uploading`; `complaint`: why one could not be taken;
 *   `grows`: what is made of the words grows from a picture, which decides its size
 * @typedef {{level: "error"|"note", message: string, fixable: boolean}} Problem
 * @typedef {{state: "rest"|"typing"|"error"|"offline", problem: Problem|null, says: string|null,
 *   hints: boolean, blocked: boolean}} View `says` null: no such line
 */
import { namesOf } from "./completions.js";
import { plural } from "./format.js";
import { estimate } from "./lens-words.js";
import { isUnfinished, paintSpans } from "./prompt-text.js";

/**
 * The problems of the text; those of the text before until the new answer is there.
 * @param {Facts} facts @returns {Detail[]}
 */
export function errors({ refused, answer }) {
  return refused?.details.length ? refused.details : answer?.parsed.errors ?? [];
}

/** Those that it is time to tell: a flag that is still being typed is not wrong yet. @param {Facts} facts */
export function told(facts) {
  const all = errors(facts);
  if (!facts.typing) return all;
  return all.filter((error) => !isUnfinished(facts.text, facts.caret, facts.offering, error));
}

/** Is the newest answer about the text as it is now? @param {Facts} facts */
export const isCurrent = ({ text, refused, answer }) => refused?.text === text || answer?.text === text;

/** @param {Facts} facts @returns {View} */
export function view(facts) {
  const problem = problemOf(facts);
  const state = stateOf(facts, problem);
  return {
    state,
    problem: state === "rest" ? null : problem,
    says: saysOf(facts, state),
    hints: state !== "offline" && facts.kept === 0,
    blocked: facts.uploading > 0 || (isFilled(facts) && facts.online && (errors(facts).length > 0 || facts.underWay)),
  };
}

/** Is there anything to send? @param {Facts} facts */
const isFilled = ({ text, references }) => text !== "" || references > 0;

/**
 * What the mirror paints; null while the answer is about another text.
 * @param {Facts} facts @param {readonly Parameter[]} parameters
 * @returns {Span[]|null}
 */
export function paint(facts, parameters) {
  const { text, answer } = facts;
  if (answer?.text !== text) return null;
  const noted = notes(facts).flatMap(({ parameter }) => {
    const row = parameters.find((each) => each.name === parameter);
    return row ? namesOf(row) : parameter ?? [];
  });
  return paintSpans(text, answer.parsed.tokens, told(facts), new Set(noted));
}

/** @param {Facts} facts */
function notes({ answer }) {
  const all = answer ? [...answer.parsed.warnings, ...answer.parsed.jobs.flatMap((job) => job.notes ?? [])] : [];
  return all.filter((note, at) => all.findIndex((other) => other.message === note.message) === at);
}

/** @param {Facts} facts @returns {Problem|null} */
function problemOf(facts) {
  const [error] = told(facts);
  const fixable = error?.suggestion != null && error.start != null;
  if (facts.complaint) return { level: "error", message: facts.complaint, fixable: false };
  if (facts.refused) return { level: "error", message: facts.refused.message, fixable };
  if (!facts.online) return null;
  if (error) return { level: "error", message: error.message ?? "", fixable };
  const [note, ...more] = facts.choosing ? [] : notes(facts).filter((each) => each.level === "warning");
  if (!note) return null;
  const others = more.length ? ` ${plural(more.length, "more note")}.` : "";
  return { level: "note", message: note.message + others, fixable: false };
}

/** @param {Facts} facts @param {Problem|null} problem @returns {View["state"]} */
function stateOf(facts, problem) {
  if (!facts.online) return "offline";
  if (problem?.level === "error") return "error";
  return isFilled(facts) && facts.awake ? "typing" : "rest";
}

/** @param {Facts} facts @param {View["state"]} state */
function saysOf({ kept, engineDown, sound, uploading, grows }, state) {
  if (uploading) return uploading === 1 ? "One picture is on its way." : `${uploading} pictures are on their way.`;
  if (state === "offline") return "Offline. Press Enter and it is sent when the server is back.";
  if (state === "rest") return kept ? "Sending what was kept." : null;
  if (engineDown) return "ComfyUI does not answer. New sets wait in line and start when it is back.";
  return estimate(sound, grows);
}
