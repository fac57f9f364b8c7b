// @ts-check
// What a finished file is, in words and in what can be done with it. Pure.

/**
 * @typedef {import("./api.js").JobImage} JobImage
 * @typedef {"image"|"video"|"audio"|"model"|"text"|"file"} Kind
 */

/** @type {[string, Kind][]} */
const KINDS = [["image/", "image"], ["video/", "video"], ["audio/", "audio"], ["model/", "model"], ["text/", "text"]];

/** @param {JobImage} image @returns {Kind} */
export const kindOf = ({ media_type: type }) => KINDS.find(([start]) => type.startsWith(start))?.[1] ?? "file";

/** Does it have a picture that can be worked on? @param {JobImage} image */
export const isStill = (image) => kindOf(image) === "image" && !image.duration_s;

/** Does it move? @param {JobImage} image */
export const moves = (image) => kindOf(image) === "video" || (kindOf(image) === "image" && Boolean(image.duration_s));

/** What one of it is called. @param {JobImage|undefined} image */
export const nameOf = (image) =>
  ({ image: "Picture", video: "Clip", audio: "Sound", model: "3D model", text: "Text", file: "File" })[image ? kindOf(image) : "image"];

/** What a chip on it says: how long it takes, or what it is; "" for a still picture. @param {JobImage} image */
export function chipOf(image) {
  if (image.duration_s) return image.duration_s < 10 ? `${Math.round(image.duration_s * 10) / 10} s` : lengthOf(image.duration_s);
  return { image: "", video: "clip", audio: "sound", model: "3D", text: "", file: "file" }[kindOf(image)];
}

/** 12 s, 1:05. @param {number} seconds */
function lengthOf(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : clockOf(whole);
}

/** 0:12, 1:05: where a sound is. @param {number} seconds */
export function clockOf(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
