import { paint, told, view } from "../../static/js/lens-view.js";
import { estimate, refusal, withFlags } from "../../static/js/lens-words.js";
import { equal, test } from "./check.js";

const JOB = { width: 1344, height: 768, parameters: { batch_size: 4 }, notes: [] };
const parsed = (more = {}) => ({ ok: true, count: 1, jobs: [JOB], tokens: [], errors: [], warnings: [], eta_s: 11.7, ...more });
const facts = (more = {}) => ({
  text: "fox", caret: 3, answer: null, sound: null, refused: null, typing: true, offering: false, choosing: false,
  awake: true, online: true, engineDown: false, kept: 0, underWay: false, references: 0,
  uploading: 0, complaint: null, grows: false, ...more,
});
const WRONG = { start: 4, end: 8, message: "There is no --xx.", suggestion: "--raw", allowed: null };

test("an estimate tells pictures, size and time, or sets", () => {
  equal(estimate(parsed()), "4 pictures · 1344×768 · about 12 s");
  equal(estimate(parsed({ count: 3, jobs: [JOB, JOB, JOB], eta_s: 38 })), "12 pictures in 3 sets · about 40 s");
  equal(estimate(parsed({ jobs: [{ ...JOB, parameters: { batch_size: 1 } }], eta_s: null })), "1 picture · 1344×768");
  equal([estimate(null), estimate(parsed({ jobs: [] }))], ["", ""]);
  equal(estimate(parsed(), true), "4 pictures");
});

test("the bar rests without words or without focus", () => {
  const state = (more) => view(facts(more)).state;
  equal([state({ text: "" }), state({ awake: false }), state({}), state({ online: false })], ["rest", "rest", "typing", "offline"]);
});

test("an error blocks, and is told once it is no longer being typed", () => {
  const answer = { text: "fox --xx", parsed: parsed({ jobs: [], errors: [WRONG] }) };
  const at = (more) => view(facts({ text: "fox --xx", caret: 8, answer, ...more }));
  equal([at({ offering: true }).state, at({ offering: true }).blocked], ["typing", true]);
  equal(at({}).problem, { level: "error", message: "There is no --xx.", fixable: true });
  equal(told(facts({ text: "fox --xx", caret: 8, answer, offering: true, typing: false })).length, 1);
});

test("a warning is a note, but not over the settings, which say it themselves", () => {
  const warnings = ["a", "b", "b"].map((message) => ({ parameter: null, level: "warning", message }));
  const answer = { text: "fox", parsed: parsed({ warnings }) };
  equal(view(facts({ answer })).problem, { level: "note", message: "a 1 more note.", fixable: false });
  equal(view(facts({ answer, choosing: true })).problem, null);
});

test("an answer about another text is not painted", () => {
  const tokens = [{ start: 0, end: 3, kind: "image" }];
  equal(paint(facts({ answer: { text: "fo", parsed: parsed({ tokens }) } }), []), null);
  equal(paint(facts({ answer: { text: "fox", parsed: parsed({ tokens }) } }), []), [{ start: 0, end: 3, kind: "image" }]);
});

test("offline, a dead engine and kept prompts are said in words", () => {
  const says = (more) => view(facts({ sound: parsed(), ...more })).says;
  equal(says({ online: false }), "Offline. Press Enter and it is sent when the server is back.");
  equal(says({ engineDown: true }), "ComfyUI does not answer. New sets wait in line and start when it is back.");
  equal([says({ text: "" }), says({ text: "", kept: 1 })], [null, "Sending what was kept."]);
});

test("a refusal ends with the next step", () => {
  equal(refusal({ message: "Full.", status: 429, error: { hint: "Wait a minute." } }), "Full. Wait a minute.");
  equal(refusal({ message: "Full.", status: 429, retryAfter: 20 }), "Full. Try again in about 20 s.");
  equal(refusal({ message: "Full. Try again later.", status: 429, retryAfter: 20 }), "Full. Try again later.");
  equal(refusal({ message: "The server does not answer.", status: 0 }), "The server does not answer. Press Enter to send it again.");
});

test("flags in a sentence are set apart", () =>
  equal(withFlags("No --clip-skip, use --s.").filter(({ flag }) => flag).map(({ text }) => text), ["--clip-skip", "--s"]));
