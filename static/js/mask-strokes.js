// @ts-check
/**
 * A mask as the list of what was done to it, so that all of it can be undone, and how each thing is
 * drawn. What is opaque is painted anew. Pure; draws on any canvas context that it is given.
 *
 * Units: pixels of the picture.
 *
 * @typedef {readonly [number, number]} Point
 * @typedef {{kind: "brush"|"eraser", size: number, points: Point[], colour?: string}|{kind: "lasso", points: Point[], colour?: string}
 *   |{kind: "invert"}|{kind: "clear"}|{kind: "file", image: CanvasImageSource}} Stroke
 *   `size` is the diameter, `colour` that of a drawing, which is drawn like a mask; the `image` of a file is as large as the picture and opaque where it paints
 * @typedef {{done: readonly Stroke[], undone: readonly Stroke[]}} History
 * @typedef {Pick<CanvasRenderingContext2D, "globalCompositeOperation"|"fillStyle"|"strokeStyle"|"lineWidth"
 *   |"lineCap"|"lineJoin"|"beginPath"|"lineTo"|"closePath"|"arc"|"stroke"|"fill"|"fillRect"|"clearRect"|"drawImage">} Context
 */

/** @type {History} */
export const NOTHING = { done: [], undone: [] };

/** @param {History} history @param {Stroke} stroke @returns {History} */
export const add = ({ done }, stroke) => ({ done: [...done, stroke], undone: [] });

/** @param {History} history @returns {History} */
export function undo({ done, undone }) {
  const last = done.at(-1);
  return last ? { done: done.slice(0, -1), undone: [last, ...undone] } : { done, undone };
}

/** @param {History} history @returns {History} */
export function redo({ done, undone }) {
  const [next, ...rest] = undone;
  return next ? { done: [...done, next], undone: rest } : { done, undone };
}

/** What was done since the mask was empty. @param {History} history */
const sinceEmpty = ({ done }) => done.slice(done.findLastIndex(({ kind }) => kind === "clear") + 1);

/** Is nothing painted, whatever the pixels are? @param {History} history */
export const isBlank = (history) => sinceEmpty(history).every(({ kind }) => kind === "eraser");

/** Draw a whole mask. @param {Context} context @param {History} history @param {number} width @param {number} height */
export function render(context, history, width, height) {
  context.clearRect(0, 0, width, height);
  for (const stroke of sinceEmpty(history)) draw(context, stroke, width, height);
}

/**
 * Draw one thing over what is there.
 * @param {Context} context @param {Stroke} stroke @param {number} width @param {number} height
 * @param {number} [from] the first point that is new, of a line that is being drawn
 */
export function draw(context, stroke, width, height, from = 0) {
  context.globalCompositeOperation = OPERATION[stroke.kind];
  context.fillStyle = context.strokeStyle = ("colour" in stroke && stroke.colour) || "#fff";
  switch (stroke.kind) {
    case "clear": return context.clearRect(0, 0, width, height);
    case "invert": return context.fillRect(0, 0, width, height);
    case "file": return context.drawImage(stroke.image, 0, 0, width, height);
    case "lasso":
      path(context, stroke.points);
      context.closePath();
      return context.fill();
    default: return line(context, stroke.points.slice(Math.max(0, from - 1)), stroke.size);
  }
}

/** @type {Record<Stroke["kind"], GlobalCompositeOperation>} */
const OPERATION = {
  brush: "source-over", lasso: "source-over", file: "source-over", eraser: "destination-out", invert: "xor", clear: "source-over",
};

/** @param {Context} context @param {readonly Point[]} points @param {number} size */
function line(context, points, size) {
  if (points.length === 1) { // a line without length would not be seen
    context.beginPath();
    context.arc(...points[0], size / 2, 0, 2 * Math.PI);
    return context.fill();
  }
  context.lineWidth = size;
  context.lineCap = context.lineJoin = "round";
  path(context, points);
  return context.stroke();
}

/** @param {Context} context @param {readonly Point[]} points */
function path(context, points) {
  context.beginPath();
  for (const point of points) context.lineTo(...point);
}
