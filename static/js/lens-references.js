// @ts-check
/**
 * The pictures beside a prompt: taken out of its text for the row of references, and written back
 * into it when it is read or sent. Pure.
 *
 * Only links of pictures that are here already leave the text; web links that were typed stay in it.
 *
 * @typedef {"image"|"style"|"character"|"edit"} Role
 * @typedef {{link: string, role: Role, weight: number, flag?: string, thumbnail?: string}} Reference
 *   `weight` counts for a style only; `flag`: under which other flag of its role it was written;
 *   `thumbnail`: the path of a small version, when it is known
 */
import { isLink, isOwn } from "./links.js";
import { findFlags } from "./prompt-text.js";

/**
 * What each role is called and does, for who chooses one and for who has chosen it.
 * @type {Record<Role, {name: string, icon: string, gives: string, means: string}>}
 */
export const ROLES = {
  image: { name: "Image", icon: "picture", gives: "What it shows, and its colors", means: "The picture starts from this one. All images share one weight." },
  style: { name: "Style", icon: "style", gives: "How it looks, not what it shows", means: "Only its look is taken." },
  character: { name: "Character", icon: "person", gives: "Who is in it", means: "This person or thing is put into the picture." },
  edit: { name: "Edit", icon: "edit", gives: "Change this picture by words", means: "This picture is changed as the words say." },
};

/** @type {Record<string, Role>} */
const ROLE_OF = { sref: "style", oref: "character", cref: "character", edit: "edit" };

/**
 * The prompt that a text and its references make together; the text stands in it as it is.
 * @param {string} text @param {readonly Reference[]} references
 * @returns {{prompt: string, start: number}} `start`: where the text begins in it, in UTF-16 units
 */
export function merge(text, references) {
  const front = linksOf(references, "image").join(" ");
  const prompt = [front, text, ...flagsOf(references)].filter(Boolean).join(" ");
  return { prompt, start: front && text ? front.length + 1 : front.length };
}

/** @param {readonly Reference[]} references @param {Role} role */
const ofRole = (references, role) => references.filter((each) => each.role === role);

/** @param {readonly Reference[]} references @param {Role} role */
const linksOf = (references, role) => ofRole(references, role).map(({ link }) => link);

/** @param {readonly Reference[]} references */
function flagsOf(references) {
  const styles = ofRole(references, "style").map(({ link, weight }) => (weight === 1 ? link : `${link}::${weight}`));
  const edits = linksOf(references, "edit");
  const characters = ofRole(references, "character");
  // --oref takes one link
  const named = characters.length > 1 ? "cref" : characters[0]?.flag ?? "oref";
  return [["sref", styles], [named, linksOf(characters, "character")], ["edit", edits]]
    .flatMap(([flag, links]) => (links.length ? [`--${flag} ${/** @type {string[]} */ (links).join(" ")}`] : []));
}

/**
 * A prompt as text and references.
 * @param {string} prompt @returns {{text: string, references: Reference[]}}
 */
export function split(prompt) {
  const { text, references } = splitFlags(prompt);
  const front = splitFront(text);
  return { text: front.text, references: [...front.references, ...references] };
}

/** Does a prompt hold pictures that the row can take? @param {string} prompt */
export const hasOwn = (prompt) => split(prompt).references.length > 0;

/** The links before the words. @param {string} prompt */
function splitFront(prompt) {
  /** @type {Reference[]} */
  const references = [];
  let kept = "";
  let rest = prompt;
  for (let found = /^\s*(\S+)(?:\s+|$)/.exec(rest); found && isLink(plain(found[1])); found = /^\s*(\S+)(?:\s+|$)/.exec(rest)) {
    const link = plain(found[1]);
    if (isOwn(link)) references.push({ link, role: "image", weight: 1 });
    else kept += found[0];
    rest = rest.slice(found[0].length);
  }
  return { text: references.length ? kept + rest : prompt, references };
}

/** The links behind flags; what stands in a permutation stays. @param {string} prompt */
function splitFlags(prompt) {
  /** @type {Reference[]} */
  const references = [];
  let text = prompt;
  for (const flag of findFlags(prompt).reverse()) {
    const role = ROLE_OF[flag.name];
    const value = prompt.slice(flag.valueStart, flag.valueEnd);
    if (!role || /[{}]/.test(value) || depth(prompt.slice(0, flag.start)) > 0) continue;
    const { taken, left } = takeItems(value, role, flag.name);
    if (!taken.length) continue;
    references.unshift(...taken);
    const before = prompt.slice(0, flag.start);
    const after = text.slice(flag.valueEnd);
    const kept = left ? prompt.slice(flag.start, flag.valueStart) + left : "";
    text = kept ? before + kept + after : join(before, after);
  }
  return { text, references };
}

/** @param {string} before @param {string} after */
function join(before, after) {
  const [head, tail] = [before.trimEnd(), after.trimStart()];
  return head && tail ? `${head} ${tail}` : head + tail;
}

/** @param {string} value @param {Role} role @param {string} flag */
function takeItems(value, role, flag) {
  /** @type {Reference[]} */
  const taken = [];
  /** @type {string[]} */
  const left = [];
  for (const word of value.split(/\s+/)) {
    const [, link, typed] = /^(.+?)(?:::([0-9]*\.?[0-9]+))?$/.exec(plain(word)) ?? [];
    // only styles have a weight each
    if (!link || !isOwn(link) || (typed && role !== "style")) left.push(word);
    else taken.push({ link, role, weight: Number(typed ?? 1), ...(flag === "cref" ? { flag } : {}) });
  }
  return { taken, left: left.join(" ") };
}

/** A word without the comma behind it. @param {string} word */
const plain = (word) => word.replace(/,+$/, "");

/** How many groups are open at the end of a text. @param {string} text */
const depth = (text) => [...text.replace(/\\./g, "").matchAll(/[{}]/g)]
  .reduce((open, [sign]) => Math.max(0, open + (sign === "{" ? 1 : -1)), 0);

/**
 * Positions in the merged prompt (code points) as positions in the text; what lies beside the text
 * has no place in it.
 * @template {{start?: number|null, end?: number|null}} T
 * @param {readonly T[]} marks @param {number} start where the text begins @param {number} length of the text
 * @returns {T[]}
 */
export function placesInText(marks, start, length) {
  return marks.map((mark) => {
    if (mark.start == null || mark.end == null) return mark;
    const [from, to] = [mark.start, mark.end].map((at) => Math.max(0, Math.min(length, at - start)));
    const outside = from === to && mark.start !== mark.end;
    return outside ? { ...mark, start: null, end: null } : { ...mark, start: from, end: to };
  });
}
