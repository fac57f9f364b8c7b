// @ts-check
// What a finished file is, in words and in what can be done with it. Pure.

/**
 * @typedef {import("./api.js").JobImage} JobImage
 * @typedef {"image"|"video"|"model"|"text"|"file"} Kind
 */

/** @type {[string, Kind][]} */
const KINDS = [["image/", "image"], ["video/", "video"], ["model/", "model"], ["text/", "text"]];

/** @param {JobImage} image @returns {Kind} */
export const kindOf = ({ media_type: type }) => KINDS.find(([start]) => type.startsWith(start))?.[1] ?? "file";

/** Does it have a picture that can be worked on? @param {JobImage} image */
export const isStill = (image) => kindOf(image) === "image" && !image.duration_s;

/** Does it move? @param {JobImage} image */
export const moves = (image) => Boolean(image.duration_s) || kindOf(image) === "video";

/** What one of it is called. @param {JobImage|undefined} image */
export const nameOf = (image) =>
  ({ image: "Picture", video: "Clip", model: "3D model", text: "Text", file: "File" })[image ? kindOf(image) : "image"];

/** What a chip on it says: how long it moves, or what it is; "" for a still picture. @param {JobImage} image */
export function chipOf(image) {
  if (image.duration_s) return image.duration_s < 10 ? `${Math.round(image.duration_s * 10) / 10} s` : clockOf(image.duration_s);
  return { image: "", video: "clip", model: "3D", text: "", file: "file" }[kindOf(image)];
}

/** 12 s, 1:05. @param {number} seconds */
function clockOf(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
