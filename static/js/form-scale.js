// @ts-check
// Where a number stands on its slider. A range such as 1–10,000 with a default of 20 is bent, so that the values in use
// have most of the way. Pure. Units: a place is 0–1.

/** @typedef {Pick<import("./form-values.js").Parameter, "type"|"min"|"max"|"step"|"default">} Scale */

/** A wider range says how many bits a number has, and no slider can serve it. */
const WIDEST = 1e6;
/** A default before this place is moved to the one where it is easy to reach both ways. */
const EARLY = 0.2;
const USUAL_PLACE = 1 / 3;
const FRACTIONS = 100;

/** @param {Scale} scale */
export const hasSlider = ({ min, max }) => min !== null && max !== null && max > min && max - min <= WIDEST;

/** The step of a number; where the file says none, a hundredth of its range, or one. @param {Scale} scale */
export function stepOf({ type, min, max, step }) {
  if (step) return step;
  if (type !== "float") return 1;
  const range = min !== null && max !== null ? max - min : 1;
  return range > FRACTIONS / 10 ? 0.1 : 0.01;
}

/** @param {Scale} scale */
function bend({ min, max, default: usual }) {
  if (min === null || max === null || typeof usual !== "number") return 1;
  const place = (usual - min) / (max - min);
  return place > 0 && place < EARLY ? Math.log(place) / Math.log(USUAL_PLACE) : 1;
}

/** @param {Scale} scale @param {number} value */
export function toPlace(scale, value) {
  const [min, max] = [scale.min ?? 0, scale.max ?? 1];
  const part = Math.max(0, Math.min(1, (value - min) / (max - min)));
  return part ** (1 / bend(scale));
}

/** @param {Scale} scale @param {number} place */
export function fromPlace(scale, place) {
  const [min, max] = [scale.min ?? 0, scale.max ?? 1];
  return snap(scale, min + (max - min) * place ** bend(scale));
}

/** The next value that its steps allow, within the range. @param {Scale} scale @param {number} value */
export function snap(scale, value) {
  const step = stepOf(scale);
  const from = scale.min ?? 0;
  const stepped = from + Math.round((value - from) / step) * step;
  const within = Math.max(scale.min ?? -Infinity, Math.min(scale.max ?? Infinity, stepped));
  const digits = Math.max(decimals(step), decimals(from));
  return Number(within.toFixed(digits));
}

/** @param {number} number */
const decimals = (number) => Math.min(6, (String(number).split(".")[1] ?? "").length);
