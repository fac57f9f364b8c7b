import { daySizes, engineLine, ownStep, progressLine, standstill, stopped, tiles } from "../../static/js/set-view.js";
import { equal, test } from "./check.js";
import { QUEUE, images, job } from "./jobs.js";

const states = (changes) => tiles(job(changes), QUEUE).map((tile) => tile.state);
const at = (step, image, rest = {}) => ({ progress: { value: step / 100, step, steps: 100, image, eta_s: 8 }, ...rest });

test("pictures of a set are made one by one", () => {
  const set = at(41, 1, { images: images(0) });
  equal(states(set), ["succeeded", "sampling", "waiting", "waiting"]);
  equal(tiles(job(set), QUEUE)[1].chip, "16/25");
  equal(tiles(job(set), QUEUE)[1].ring, 64);
});

test("a picture that is done but not here yet says so", () =>
  equal(states(at(27, 1)), ["saving", "sampling", "waiting", "waiting"]));

test("a latent batch is in work everywhere at once", () =>
  equal(states({ parameters: { ...job({}).parameters, batch_mode: "together" }, progress: { value: 0.4, step: 10, steps: 25, image: null, eta_s: 3 } }), ["sampling", "sampling", "sampling", "sampling"]));

test("a picture stopped early counts the steps that it runs", () =>
  equal(ownStep(job({ ...at(7, 1), progress: { value: 0.3, step: 7, steps: 20, image: 1, eta_s: 3 } })), { step: 2, steps: 5 }));

test("a picture about to begin stands at no step, whatever the one before is doing", () =>
  equal(states(at(25, 0, { stage: "decoding", images: images(0) })), ["succeeded", "sampling", "waiting", "waiting"]));

test("the own step begins at zero when the pictures before are here", () => {
  equal(ownStep(job(at(25, 1, { images: images(0) }))), { step: 0, steps: 25 });
  equal(ownStep(job(at(25, 0, { stage: "decoding" }))), { step: 25, steps: 25 });
  equal(ownStep(job(at(50, 2, { images: images(0) }))), { step: 0, steps: 25 }, "the one before is on its way here");
});

test("a stage keeps its word only where it is true", () => {
  equal(states({ stage: "loading" }), ["loading", "waiting", "waiting", "waiting"]);
  equal(states(at(25, 0, { stage: "decoding" })), ["decoding", "waiting", "waiting", "waiting"]);
  equal(states(at(27, 1, { stage: "loading", images: images(0) })), ["succeeded", "sampling", "waiting", "waiting"]);
});

test("a set in line tells its place at its first tile", () => {
  const queued = job({ state: "queued", stage: null });
  equal(tiles(queued, { ...QUEUE, positions: { a: 2 } }).map((tile) => tile.place), ["2nd", "", "", ""]);
  equal(tiles(queued, { ...QUEUE, positions: { a: 1 } })[0].place, "Next");
});

test("a set that the engine holds ready waits in line too", () => {
  const ready = job({ stage: "submitted" });
  const queue = { ...QUEUE, positions: { a: 1 }, starts: { a: 4 } };
  equal(tiles(ready, queue).map((tile) => tile.state), ["queued", "waiting", "waiting", "waiting"]);
  equal([progressLine(ready, queue, false), progressLine(ready, QUEUE, false)], ["Starts in about 4 s", "Starting"]);
});

test("what has no pictures has no tile of them", () => {
  equal(states({ state: "failed", images: images(0, 1) }), ["succeeded", "succeeded", "failed", "failed"]);
  equal(states({ state: "expired", images: images(0) }), ["expired", "expired", "expired", "expired"]);
});

test("the line of an active set says how far it is", () => {
  const line = (changes, queue = QUEUE, canceling = false) => progressLine(job(changes), queue, canceling);
  equal(line(at(41, 1)), "Picture 2 of 4, about 8 s left");
  equal(line({ stage: "loading" }), "Loading the model");
  equal(line({ state: "queued" }, { ...QUEUE, starts: { a: 21 } }), "Starts in about 20 s");
  equal(line({ state: "queued" }), "Waiting in line");
  equal(line({ state: "queued" }, { ...QUEUE, paused: true }), "The queue is paused");
  equal(line(at(41, 1), QUEUE, true), "Stopping");
  equal(line({ ...at(5, 0), parameters: { batch_size: 1, steps: 25 } }), "About 8 s left");
});

test("where nothing goes on, no time is told", () => {
  const line = (changes, queue, still) => progressLine(job(changes), queue, false, still);
  const around = (changes) => standstill({ engine: { kind: "comfyui", state: "ready" }, queue: QUEUE, online: true, ...changes });
  equal([around({}), around({ online: false }), around({ engine: { kind: "comfyui", state: "down" } })], [null, "", "ComfyUI does not answer"]);
  const queue = { ...QUEUE, starts: { a: 21 } };
  equal(line(at(41, 1), queue, ""), "Picture 2 of 4");
  equal(line({ state: "queued" }, queue, ""), "Waiting in line");
  equal(line({ state: "queued" }, queue, "ComfyUI does not answer"), "ComfyUI does not answer");
  equal(line(at(41, 1), queue, "ComfyUI does not answer"), "ComfyUI does not answer");
  equal(line({ state: "queued" }, { ...queue, paused: true }, "ComfyUI does not answer"), "The queue is paused");
});

test("what stopped a set is told with what is safe and the next step", () => {
  const error = { code: "x", message: "ComfyUI stopped after two pictures.", hint: "Start it again.", details: [] };
  equal(stopped(job({ state: "failed", error, images: images(0, 1) })),
    { calm: false, sentence: error.message, hint: "Your two are safe. Start it again.", verb: "Try again as it is" });
  equal(stopped(job({ state: "canceled" })), { calm: true, sentence: "You canceled this one.", hint: "", verb: "Make it after all" });
  equal(stopped(job({ state: "succeeded" })), null);
});

test("the engine is told in words", () => {
  const line = (engine, queue = {}, online = true) => {
    const { lamp, name, words } = engineLine({ kind: "comfyui", state: "ready", ...engine }, { ...QUEUE, ...queue }, online);
    return `${lamp}: ${name} ${words}`.trim();
  };
  equal([line({}), line({}, { running: 1, waiting: 1 }), line({ kind: "sketch" }), line({ state: "down" }), line({}, {}, false), line({ kind: null, state: "starting" }), line({}, { paused: true, waiting: 3 })],
    ["idle: ComfyUI ready", "working: ComfyUI 1 running, 1 waiting", "idle: Sketch engine ready", "down: ComfyUI does not answer", "down: Server out of reach", "idle: Looking for ComfyUI", "idle: ComfyUI paused, 3 waiting"]);
});

test("a day is counted only when all of it is known", () => {
  equal([...daySizes(["b", "b", "a"], false)], [["b", "2 sets"]]);
  equal([...daySizes(["b", "b", "a"], true)], [["b", "2 sets"], ["a", "1 set"]]);
});
