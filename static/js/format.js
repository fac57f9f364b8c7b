// @ts-check
// Words and measures: times as a person says them, the ratio classes and the table of columns.
// Pure; every function takes all it needs.

import { OWN_LINKS } from "./links.js";

/** @typedef {import("./api.js").Job} Job */

const DAY_MS = 86_400_000;
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September",
  "October", "November", "December"];

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

/** Time of day, such as 14:32. @param {string} iso */
export function clock(iso) {
  const at = new Date(iso);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The local day as a key, such as 2026-11-20. @param {string} iso */
export function dayKey(iso) {
  const at = new Date(iso);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Today, Yesterday, 3 March, 3 March 2025. @param {string} iso @param {Date} now */
export function day(iso, now) {
  const at = new Date(iso);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  if (at.getTime() >= midnight) return "Today";
  // half a day of slack: the day before a clock change is 23 or 25 hours long
  if (dayKey(iso) === dayKey(new Date(midnight - DAY_MS / 2).toISOString())) return "Yesterday";
  const date = `${at.getDate()} ${MONTHS[at.getMonth()]}`;
  return at.getFullYear() === now.getFullYear() ? date : `${date} ${at.getFullYear()}`;
}

/** The same inside a sentence: today, yesterday, 3 March. @param {string} iso @param {Date} now */
export function dayInside(iso, now) {
  const name = day(iso, now);
  return name === "Today" || name === "Yesterday" ? name.toLowerCase() : name;
}

/** A time that has passed: 12 s, 3.1 s, 2 min 5 s. @param {number} seconds */
export function spent(seconds) {
  if (seconds < 9.95) return `${Math.max(0.1, Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time to come, rounded as a person would: about 12 s, about 2 min. @param {number} seconds */
export function about(seconds) {
  if (seconds < 20) return `about ${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 58) return `about ${Math.round(seconds / 5) * 5} s`;
  if (seconds < 3600) return `about ${Math.round(seconds / 60)} min`;
  const hours = Math.round(seconds / 1800) / 2;
  return `about ${hours} h`;
}

/** How long a set took. @param {Job} job @returns {number|null} */
export function elapsed(job) {
  if (!job.started_at || !job.finished_at) return null;
  return Math.max(0, (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000);
}

/** 1st, 2nd, 3rd, 11th, 22nd. @param {number} n */
export function ordinal(n) {
  const teens = n % 100 > 10 && n % 100 < 14;
  return n + (teens ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th");
}

/** 1,284. @param {number} n */
export const count = (n) => n.toLocaleString("en-US");

/** 1 set, 38 sets. @param {number} n @param {string} one */
export const plural = (n, one) => `${count(n)} ${one}${n === 1 ? "" : "s"}`;

/** 640 kB, 1.8 MB. @param {number} n */
export function bytes(n) {
  if (n < 999_500) return `${Math.max(1, Math.round(n / 1000))} kB`;
  return `${(n / 1e6).toFixed(1)} MB`;
}

const SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** One, two, … nine, 10. @param {number} n */
export const inWords = (n) => SMALL[n] ?? String(n);

// A flag begins at two hyphens or the dash that phones make of them, after a space or at the start.
const FLAG = /(^|\s)(--|—|–)\p{L}/u;
/** What makes a set that may have no words. */
const WORKFLOW = /(?:^|\s)(?:--|—|–)workflow\s+(\S+)/;

/**
 * The words of a set and its flags as they were typed. Files that are here have short names: their links are for
 * the server, and 64 digits tell a person nothing.
 * @param {Pick<Job, "prompt"|"text">} job
 */
export function splitPrompt(job) {
  const found = FLAG.exec(job.prompt);
  const at = found ? found.index + found[1].length : job.prompt.length;
  const front = job.prompt.slice(0, at);
  const typed = job.prompt.slice(at).trim();
  const flags = typed.replace(OWN_LINKS, (...found) => called(typed.slice(0, found.at(-2))));
  const workflow = WORKFLOW.exec(flags)?.[1] ?? "";
  const words = job.text || front.replace(OWN_LINKS, "").trim() || asWords(workflow) || blended(front.match(OWN_LINKS)?.length ?? 0);
  return { words, flags };
}

/** An id, a category or a type as words: text_to_image, Text to image. @param {string} name */
export function asWords(name) {
  const words = name.replace(/[_-]+/g, " ").replace(/\b3d\b/, "3D").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The short name of a link. @param {string} before what stands in front of it */
const called = (before) => (/--video\S*\s+$/.test(before) ? "video" : /--audio\S*\s+$/.test(before) ? "sound" : "picture");

/** @param {number} count */
const blended = (count) => (count ? `${plural(count, "picture")}, blended` : "");

/** 0 tall, 1 square, 2 wide, 3 pano, 4 ribbon. @param {number} ratio width / height */
export function ratioClass(ratio) {
  return [0.8, 1.2].filter((edge) => ratio >= edge).length + [2.2, 5].filter((edge) => ratio > edge).length;
}

/** Columns by picture count and ratio class: [from 960, from 600, below]. @type {[number, string[]][]} */
const COLUMNS = [
  [1, ["22211", "11111", "11111"]],
  [2, ["22211", "22211", "22211"]],
  [3, ["33321", "33311", "33211"]],
  [4, ["44421", "44221", "22211"]],
  [6, ["66321", "63321", "33211"]],
  [9, ["55331", "53321", "33321"]],
  [16, ["88442", "84421", "44421"]],
];

/**
 * Columns of a set in a wide, medium and narrow window.
 * @param {number} ratio @param {number} n @returns {[number, number, number]}
 */
export function columns(ratio, n) {
  const [, row] = COLUMNS.find(([most]) => n <= most) ?? COLUMNS[COLUMNS.length - 1];
  const shape = ratioClass(ratio);
  const [wide, medium, narrow] = row.map((digits) => Number(digits[shape]));
  // one picture keeps its half of the wall; otherwise no column stays empty
  const most = n === 1 ? Infinity : n;
  return [Math.min(wide, most), Math.min(medium, most), Math.min(narrow, most)];
}

/**
 * How wide a tile is, for `sizes` (the styles say the same to the browser).
 * @param {number} ratio @param {number} n @param {number} width @param {number} height of the window
 */
export function tileWidth(ratio, n, width, height) {
  const [wide, medium, narrow] = columns(ratio, n);
  const k = width >= 960 ? wide : width >= 600 ? medium : narrow;
  let wall = width;
  if (width >= 2200) wall -= 416 + 32 + 32;
  else if (width >= 1200) wall -= (width >= 1440 ? 320 : 304) + 24 + 24;
  return Math.ceil(Math.min((wall - (k - 1) * 2) / k, 0.64 * height * ratio));
}
