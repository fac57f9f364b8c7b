import { greyPng } from "../../static/js/mask-png.js";
import { add, draw, isBlank, NOTHING, redo, render, undo } from "../../static/js/mask-strokes.js";
import { fit, pan, toPicture, zoom } from "../../static/js/mask-view.js";
import { equal, test } from "./check.js";

const BRUSH = { kind: "brush", size: 10, points: [[1, 2], [3, 4]] };
const LASSO = { kind: "lasso", points: [[0, 0], [9, 0], [9, 9]] };
const ERASER = { ...BRUSH, kind: "eraser" };
const CLEAR = { kind: "clear" };
const INVERT = { kind: "invert" };
const history = (...strokes) => strokes.reduce(add, NOTHING);

/** Writes down what is drawn on it. */
function paper() {
  const calls = [];
  return new Proxy({ calls }, {
    get: (target, name) => target[name] ?? ((...values) => calls.push([name, ...values])),
    set: (target, name, value) => calls.push([name, value]) > 0,
  });
}
const drawn = (act) => {
  const context = paper();
  act(context);
  return context.calls;
};

test("strokes are undone and redone one by one, and a new one ends what could be redone", () => {
  const two = history(BRUSH, LASSO);
  equal(undo(two), { done: [BRUSH], undone: [LASSO] });
  equal(undo(undo(two)), { done: [], undone: [BRUSH, LASSO] });
  equal(redo(undo(undo(two))), { done: [BRUSH], undone: [LASSO] });
  equal([undo(NOTHING), redo(two)], [NOTHING, two]);
  equal(add(undo(two), ERASER), { done: [BRUSH, ERASER], undone: [] });
});

test("clearing can be undone too", () => equal(undo(history(BRUSH, CLEAR)).done, [BRUSH]));

test("a mask is blank until something paints, and when it was cleared", () => {
  equal([NOTHING, history(ERASER), history(BRUSH, CLEAR), history(BRUSH, CLEAR, ERASER)].map(isBlank), [true, true, true, true]);
  equal([history(BRUSH), history(INVERT), history(CLEAR, LASSO), history(BRUSH, ERASER)].map(isBlank), [false, false, false, false]);
});

test("a mask is drawn from where it was empty last", () => {
  const calls = drawn((context) => render(context, history(LASSO, CLEAR, BRUSH), 20, 20));
  equal(calls.filter(([name]) => name === "fill"), []);
  equal(calls.filter(([name]) => name === "stroke").length, 1);
});

test("an eraser takes away, an inversion swaps, and a single point is a dot", () => {
  const operation = (stroke) => drawn((context) => draw(context, stroke, 20, 20))[0][1];
  equal([BRUSH, ERASER, INVERT].map(operation), ["source-over", "destination-out", "xor"]);
  const dot = drawn((context) => draw(context, { ...BRUSH, points: [[5, 6]] }, 20, 20));
  equal(dot.find(([name]) => name === "arc").slice(0, 4), ["arc", 5, 6, 5]);
});

test("of a line that grows only the new part is drawn, from where it was", () => {
  const long = { ...BRUSH, points: [[0, 0], [1, 1], [2, 2], [3, 3]] };
  const calls = drawn((context) => draw(context, long, 20, 20, 3));
  equal(calls.filter(([name]) => /To$/.test(String(name))), [["lineTo", 2, 2], ["lineTo", 3, 3]]);
});

const ROOM = { width: 400, height: 300 };
const WIDE = { width: 1000, height: 500 };

test("a picture fits at first, in the middle", () => {
  equal(fit(ROOM, WIDE), { scale: 0.4, x: 0, y: 50 });
  equal(toPicture(fit(ROOM, WIDE), { x: 200, y: 150 }), [500, 250]);
});

test("what lies under the fingers stays there, and no gap opens", () => {
  const near = zoom(fit(ROOM, WIDE), 4, { x: 100, y: 150 }, ROOM, WIDE);
  equal(toPicture(near, { x: 100, y: 150 }).map(Math.round), [250, 250]);
  equal(pan(near, 9999, 9999, ROOM, WIDE), { ...near, x: 0, y: 0 });
  equal(zoom(near, 0.001, { x: 0, y: 0 }, ROOM, WIDE), fit(ROOM, WIDE));
  equal(zoom(near, 1000, { x: 0, y: 0 }, ROOM, WIDE).scale, 3.2);
});

test("a mask is written as a greyscale PNG", async () => {
  const pixels = Uint8Array.from({ length: 12 }, (_, at) => (at % 5 ? 0 : 255));
  const bytes = new Uint8Array(await (await greyPng(4, 3, pixels)).arrayBuffer());
  equal([...bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  equal([...bytes.subarray(16, 29)], [0, 0, 0, 4, 0, 0, 0, 3, 8, 0, 0, 0, 0]);
  const length = new DataView(bytes.buffer).getUint32(33);
  const stream = new Blob([bytes.subarray(41, 41 + length)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const rows = new Uint8Array(await new Response(stream).arrayBuffer());
  equal([...rows], [0, 255, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 255, 0]);
});
