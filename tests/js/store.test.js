import { EVERYTHING, belongs, initial, query, reduce } from "../../static/js/store.js";
import { equal, test } from "./check.js";
import { images, job } from "./jobs.js";

const after = (...events) => events.reduce(reduce, initial());
const page = (jobs, rest = {}) => ({ type: "page", filter: EVERYTHING, jobs, next: null, counts: {}, more: false, ...rest });
const numbered = (number, changes = {}) => job({ id: `j${number}`, number, sequence: number, state: "succeeded", ...changes });

test("an older sequence is ignored", () => {
  const state = after({ type: "job", job: job({ sequence: 12, state: "succeeded" }) }, { type: "job", job: job({ sequence: 11 }) });
  equal(state.jobs.get("a").state, "succeeded");
});

test("progress is ordered by its value and by the sequence it belongs to", () => {
  const step = (value, sequence = 10) => ({ type: "progress", job: "a", sequence, value, step: value * 100, steps: 100, image: 0, eta_s: 5, stage: "sampling" });
  const value = (...events) => after({ type: "job", job: job() }, ...events).jobs.get("a").progress.value;
  equal([value(step(0.2), step(0.1)), value(step(0.2, 9)), value(step(0.2), step(0.3))], [0.2, 0, 0.3]);
});

test("a finished picture does not set progress back", () => {
  const progress = { type: "progress", job: "a", sequence: 10, value: 0.3, step: 30, steps: 100, image: 1, eta_s: 5, stage: "sampling" };
  const state = after({ type: "job", job: job() }, progress, { type: "job", job: job({ sequence: 11, stage: "submitted", images: images(0) }) });
  equal([state.jobs.get("a").progress.step, state.jobs.get("a").stage], [30, "sampling"]);
});

test("a new attempt starts from nothing", () => {
  const progress = { type: "progress", job: "a", sequence: 10, value: 0.3, step: 30, steps: 100, image: 1, eta_s: 5 };
  const state = after({ type: "job", job: job() }, progress, { type: "job", job: job({ sequence: 11, attempt: 2 }) });
  equal(state.jobs.get("a").progress.value, 0);
});

test("sets stand newest first, wherever they come from", () => {
  const state = after(page([numbered(3), numbered(1)]), { type: "job", job: numbered(2) }, { type: "submitted", jobs: [numbered(4)] });
  equal(state.list, ["j4", "j3", "j2", "j1"]);
});

test("a set older than the page waits for its page", () => {
  const state = after(page([numbered(9), numbered(8)], { next: "8" }), { type: "job", job: numbered(3) });
  equal(state.list, ["j9", "j8"]);
});

test("further pages join at the end without doubles", () => {
  const state = after(page([numbered(9), numbered(8)], { next: "8" }), page([numbered(8), numbered(7)], { more: true }));
  equal([state.list, state.next, state.paged], [["j9", "j8", "j7"], null, true]);
});

test("a page for another filter than the one asked for is dropped", () => {
  const state = after({ type: "filter", filter: { view: "failed", q: "" } }, page([numbered(1)]));
  equal([state.list, state.loaded], [[], false]);
});

test("the trash takes a set out of the list, and gives it back", () => {
  const deleted = numbered(2, { deleted_at: "2026-11-20T12:00:00Z", sequence: 20 });
  const gone = after(page([numbered(3), numbered(2)]), { type: "job", job: deleted }, { type: "removed", job: "j2", sequence: 20 });
  equal(gone.list, ["j3"]);
  equal(reduce(gone, { type: "job", job: numbered(2, { sequence: 21 }) }).list, ["j3", "j2"]);
});

test("a set that ends stays in the row of its view", () => {
  const filter = { view: "active", q: "" };
  const state = after({ type: "filter", filter }, { ...page([job()]), filter }, { type: "job", job: job({ sequence: 11, state: "succeeded" }) });
  equal(state.list, ["a"]);
});

test("a snapshot that reaches into the list keeps the rest of it, another one starts again", () => {
  const old = after(page([numbered(3), numbered(2), numbered(1)]));
  const snapshot = (jobs) => ({ type: "snapshot", jobs, counts: {}, next: "x" });
  equal(reduce(old, snapshot([numbered(4), numbered(3)])).list, ["j4", "j3", "j2", "j1"]);
  equal(reduce(old, snapshot([numbered(9), numbered(8)])).list, ["j9", "j8"]);
});

test("stopping is remembered until the set has stopped", () => {
  const asked = after({ type: "job", job: job() }, { type: "canceling", job: "a", on: true });
  equal([asked.canceling.has("a"), reduce(asked, { type: "job", job: job({ sequence: 11, state: "canceled" }) }).canceling.has("a")], [true, false]);
});

test("a star is shown before the server has answered", () =>
  equal(after({ type: "job", job: job() }, { type: "star", job: "a", favorites: [2] }).jobs.get("a").favorites, [2]));

test("search wants all words and none of those with a minus", () => {
  const finds = (q) => belongs(job({ prompt: "A red fox in the snow" }), { view: "all", q });
  equal(["fox SNOW", "fox -snow", "wolf", "fox -wolf", "-"].map(finds), [true, false, false, true, false]);
});

test("each view asks the server its own question", () =>
  equal([query({ view: "trash", q: "" }), query({ view: "starred", q: "fox" })], [{ trash: "1" }, { favorite: "1", q: "fox" }]));

test("what a newer server says is ignored", () => {
  const state = initial();
  equal(reduce(state, { type: "weather" }) === state, true);
});
