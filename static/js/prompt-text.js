// @ts-check
/**
 * Pure helpers over the text of a prompt: offsets, flags, and the spans that the mirror paints.
 * They know how a flag looks, not which flags exist; the server's parser decides what is right.
 * Apart from the lens so that they can be tested without a page.
 *
 * Units: the server counts Unicode code points, JavaScript counts UTF-16 units. Everything here
 * is in UTF-16 units unless a name says otherwise.
 *
 * @typedef {{start: number, end: number, kind: string, meaning?: string}} Token  on the wire: code points
 * @typedef {{parameter?: string|null, value?: string|null, allowed?: string|null, start?: number|null,
 *   end?: number|null, suggestion?: string|null, message?: string|null}} Detail  on the wire: code points
 * @typedef {{start: number, end: number, kind: string}} Span  in UTF-16 units
 * @typedef {{name: string, start: number, nameEnd: number, valueStart: number, valueEnd: number}} Flag
 *   `name` in lower case without dashes; the value runs to the next flag, its edges trimmed
 * @typedef {{kind: "flag"|"value", name: string, start: number, end: number, query: string}} Spot
 *   what stands under the caret: `start`–`end` is what a completion replaces
 */

// Two dashes of any kind or one long dash, at the start of a word and directly before a letter:
// phones turn "--" into one long dash.
const DASHES = String.raw`(^|[\s{,])([-\u2010-\u2015\u2212]{2}|[\u2012-\u2015])`;
const NAME = String.raw`[\p{L}\p{N}_-]*`;
const FLAG = new RegExp(`${DASHES}(\\p{L}${NAME})`, "gu");
const OPENING = new RegExp(`${DASHES}(${NAME})$`, "u");
const NAME_REST = new RegExp(`^${NAME}`, "u");
const FLAG_START = /^([-\u2010-\u2015\u2212]{2}|[\u2012-\u2015])\p{L}/u;

/**
 * The UTF-16 offset of each code point, and the length of the text as the last entry.
 * @param {string} text
 */
export function unitOffsets(text) {
  const offsets = [0];
  for (const character of text) offsets.push(offsets[offsets.length - 1] + character.length);
  return offsets;
}

/**
 * Wire positions (code points) as UTF-16 units; what lies outside the text is cut off.
 * @template {{start?: number|null, end?: number|null}} T
 * @param {string} text
 * @param {readonly T[]} marks
 * @returns {(T & {start: number, end: number})[]}  without those that have no place
 */
export function toUnits(text, marks) {
  const offsets = unitOffsets(text);
  const last = offsets.length - 1;
  const at = (/** @type {number} */ point) => offsets[Math.max(0, Math.min(last, point))];
  return marks.flatMap((mark) =>
    mark.start == null || mark.end == null
      ? []
      : [{ ...mark, start: at(mark.start), end: at(mark.end) }],
  );
}

/**
 * Every flag of the text, in order.
 * @param {string} text
 * @returns {Flag[]}
 */
export function findFlags(text) {
  const starts = [...text.matchAll(FLAG)].map((match) => {
    const start = match.index + match[1].length;
    return { name: match[3].toLowerCase(), start, nameEnd: match.index + match[0].length };
  });
  return starts.map((flag, index) => {
    const limit = starts[index + 1]?.start ?? text.length;
    const rest = text.slice(flag.nameEnd, limit);
    const lead = /^(\s*=\s*|\s+)?/.exec(rest)?.[0].length ?? 0;
    const valueStart = flag.nameEnd + lead;
    const valueEnd = Math.max(valueStart, flag.nameEnd + rest.trimEnd().length);
    return { ...flag, valueStart, valueEnd };
  });
}

/**
 * Where the first word of a flag's value ends; a quoted one ends at its quote.
 * @param {string} text
 * @param {Flag} flag
 */
function firstWordEnd(text, flag) {
  const value = text.slice(flag.valueStart, flag.valueEnd);
  const word = /^("[^"]*"|\{[^}]*\}|\S+)?/.exec(value);
  return flag.valueStart + (word?.[0].length ?? 0);
}

/**
 * What a flag covers: its name alone, its first value word, or everything up to the next flag.
 * @param {string} text
 * @param {Flag} flag
 * @param {"none"|"word"|"all"} takes
 */
function flagEnd(text, flag, takes) {
  if (takes === "none") return flag.nameEnd;
  const end = takes === "word" ? firstWordEnd(text, flag) : flag.valueEnd;
  return end > flag.valueStart ? end : flag.nameEnd;
}

/**
 * The value of the first of these flags as it is written; "" for a bare flag, null when none stands there.
 * @param {string} text
 * @param {readonly string[]} names  without dashes
 * @param {"none"|"word"|"all"} takes
 */
export function readFlag(text, names, takes = "word") {
  const flag = findFlags(text).find((each) => names.includes(each.name));
  if (!flag) return null;
  return flag.nameEnd === flagEnd(text, flag, takes)
    ? ""
    : text.slice(flag.valueStart, flagEnd(text, flag, takes));
}

/**
 * The flags with these names as they are written, in the order of the text.
 * @param {string} text
 * @param {readonly {names: readonly string[], takes: "none"|"word"|"all"}[]} rules
 */
export function writtenFlags(text, rules) {
  return findFlags(text).flatMap((flag) => {
    const rule = rules.find((each) => each.names.includes(flag.name));
    return rule ? [text.slice(flag.start, flagEnd(text, flag, rule.takes))] : [];
  });
}

/**
 * The text without these flags and without the gap that they leave.
 * @param {string} text
 * @param {readonly string[]} names
 * @param {"none"|"word"|"all"} takes
 */
export function removeFlag(text, names, takes = "word") {
  let result = text;
  for (const flag of findFlags(text).reverse()) {
    if (!names.includes(flag.name)) continue;
    const before = result.slice(0, flag.start).replace(/[^\S\n]+$/u, "");
    const after = result.slice(flagEnd(text, flag, takes)).replace(/^[^\S\n]+/u, "");
    result = before && after && !/^\n/.test(after) ? `${before} ${after}` : before + after;
  }
  return result;
}

/**
 * The text with this flag written: in place of the first flag with one of the names (further ones
 * go), else at the end. Without words it leaves the place before it for them.
 * @param {string} text
 * @param {readonly string[]} names
 * @param {string} written  such as "--ar 16:9"
 * @param {"none"|"word"|"all"} takes
 */
export function writeFlag(text, names, written, takes = "word") {
  const first = findFlags(text).find((each) => names.includes(each.name));
  if (!first) {
    return `${text.trimEnd()} ${written}`;
  }
  const end = flagEnd(text, first, takes);
  const tail = removeFlag(text.slice(end), names, takes);
  const gap = tail && !/^\s/.test(tail) ? " " : "";
  return text.slice(0, first.start) + written + gap + tail;
}

/**
 * What the caret stands in: a flag's name being typed, the value of a flag, or neither.
 * @param {string} text
 * @param {number} caret
 * @returns {Spot|null}
 */
export function spotAt(text, caret) {
  const before = text.slice(0, caret);
  const opening = OPENING.exec(before);
  if (opening) {
    const start = opening.index + opening[1].length;
    const rest = NAME_REST.exec(text.slice(caret))?.[0] ?? "";
    const query = opening[3].toLowerCase();
    return { kind: "flag", name: query, start, end: caret + rest.length, query };
  }
  const flag = findFlags(before).at(-1);
  if (!flag || flag.valueStart === flag.nameEnd) return null;
  const lead = before.slice(flag.valueStart);
  const rest = /^\S*/.exec(text.slice(caret))?.[0] ?? "";
  return {
    kind: "value", name: flag.name, start: flag.valueStart, end: caret + rest.length, query: lead,
  };
}

/**
 * What the mirror paints: the parser's tokens, the problems that are told, and noted flags marked.
 * Spans are in order and do not overlap; what lies between is plain text.
 * @param {string} text
 * @param {readonly Token[]} tokens
 * @param {readonly Detail[]} told
 * @param {ReadonlySet<string>} noted  names (long or as typed) of flags that carry a note
 * @returns {Span[]}
 */
export function paintSpans(text, tokens, told, noted) {
  const wrong = toUnits(text, told).filter((each) => each.end > each.start && !isWhole(text, each));
  const painted = toUnits(text, tokens).map(({ start, end, kind }) => {
    if (kind !== "error" || wrong.some((each) => overlap(each, { start, end }))) return { start, end, kind };
    // Not told yet, because it is still being typed.
    return { start, end, kind: FLAG_START.test(text.slice(start, end)) ? "flag" : "value" };
  });
  const errors = painted.filter(({ kind }) => kind === "error");
  const flags = findFlags(text).filter((flag) => noted.has(flag.name));
  return flatten([
    ...painted,
    ...flags.map((flag) => ({ start: flag.start, end: flag.nameEnd, kind: "note" })),
    ...errors,
    // What the parser took and the engine did not, such as a model that is not installed.
    ...wrong.filter((each) => !errors.some((error) => overlap(each, error)))
      .map(({ start, end }) => ({ start, end, kind: "error" })),
  ]);
}

/** @param {{start: number, end: number}} one @param {{start: number, end: number}} other */
const overlap = (one, other) => one.start < other.end && other.start < one.end;

/** Is it about the prompt as a whole, not about a place in it? @param {string} text @param {{start: number, end: number}} place */
export const isWhole = (text, { start, end }) => start === 0 && end >= text.trimEnd().length;

/** Layers of spans as one: the later one lies on top. @param {readonly Span[]} layers @returns {Span[]} */
function flatten(layers) {
  const edges = [...new Set(layers.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  /** @type {Span[]} */
  const spans = [];
  for (const [index, end] of edges.slice(1).entries()) {
    const start = edges[index];
    const kind = layers.findLast((each) => each.start <= start && each.end >= end)?.kind;
    const last = spans.at(-1);
    if (!kind || kind === "text") continue;
    if (last?.end === start && last.kind === kind && kind === "error") last.end = end;
    else spans.push({ start, end, kind });
  }
  return spans;
}

/**
 * The spans of a text after an edit, until the parser has answered: those before it stay, those
 * behind it move, the one that was typed in grows.
 * @param {readonly Span[]} spans
 * @param {string} before
 * @param {string} after
 * @returns {Span[]}
 */
export function shiftSpans(spans, before, after) {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const cut = before.length - tail;
  const delta = after.length - before.length;
  const typed = /^\S*/.exec(after.slice(head, after.length - tail))?.[0].length ?? 0;
  return spans.flatMap(({ start, end, kind }) => {
    if (end < head || (end === head && cut > head)) return [{ start, end, kind }];
    if (end === head) return [{ start, end: end + typed, kind }];
    if (start >= cut) return [{ start: start + delta, end: end + delta, kind }];
    const moved = { start: Math.min(start, head), end: Math.max(head, end + delta), kind };
    return moved.end > moved.start ? [moved] : [];
  });
}

/**
 * The text without the flags that are wrong; null when something else is wrong too.
 * @param {string} text
 * @param {readonly Detail[]} errors
 */
export function withoutWrongFlags(text, errors) {
  const places = toUnits(text, errors);
  const bad = findFlags(text).filter((flag) =>
    places.some((place) => overlap(place, { start: flag.start, end: Math.max(flag.nameEnd, flag.valueEnd) })));
  const inFlags = places.every((place) => bad.some((flag) => flag.start <= place.start && place.end <= Math.max(flag.nameEnd, flag.valueEnd)));
  if (!inFlags || places.length < errors.length) return null;
  return bad.reduceRight((rest, flag) => rest.slice(0, flag.start) + rest.slice(Math.max(flag.nameEnd, flag.valueEnd)), text);
}

/**
 * Are there flags and nothing else? Then the words are still to come.
 * @param {string} text
 */
export function isWordless(text) {
  const [first] = findFlags(text);
  return first !== undefined && text.slice(0, first.start).trim() === "";
}

/**
 * Is a problem only that the flag under the caret is not typed to its end?
 * @param {string} text
 * @param {number} caret
 * @param {boolean} offered  a completion list is open for what stands under the caret
 * @param {Detail} detail
 */
export function isUnfinished(text, caret, offered, detail) {
  const [place] = toUnits(text, [detail]);
  if (!place || place.start > caret) return false;
  const flag = findFlags(text.slice(0, caret)).at(-1);
  if (offered) {
    const spot = spotAt(text, caret);
    const from = spot?.kind === "value" && flag ? flag.start : spot?.start;
    return spot !== null && from !== undefined && place.start <= spot.end && place.end >= from;
  }
  // A known flag whose value comes next; an unknown one has no `allowed`.
  if (!flag || detail.allowed == null || place.end < flag.start) return false;
  return flag.valueEnd === flag.valueStart && caret > flag.nameEnd;
}

/**
 * The replacement that a problem's suggestion stands for. A suggestion for a value leaves the
 * flag before it alone.
 * @param {string} text
 * @param {Detail} detail
 * @returns {{start: number, end: number, text: string}|null}
 */
export function suggestedEdit(text, detail) {
  const suggestion = detail.suggestion;
  const [place] = toUnits(text, [detail]);
  if (suggestion == null || !place) return null;
  const marked = text.slice(place.start, place.end);
  const [flag] = findFlags(marked);
  if (flag?.start === 0 && !FLAG_START.test(suggestion) && flag.valueEnd > flag.valueStart) {
    return {
      start: place.start + flag.valueStart, end: place.start + flag.valueEnd, text: suggestion,
    };
  }
  return { start: place.start, end: place.end, text: suggestion };
}
