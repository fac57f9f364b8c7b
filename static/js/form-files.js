// @ts-check
// What the fields for files take, and what does not fit, told before anything is sent; and the files of a set, back for
// its form.

import * as api from "./api.js";
import { isFile } from "./form-values.js";
import { readPicture, readUpload } from "./links.js";

/**
 * @typedef {import("./form-values.js").Picture} Picture
 * @typedef {import("./form-values.js").Parameter} Parameter
 * @typedef {"image"|"video"|"audio"} Kind
 * @typedef {{kind: Kind, one: string, glyph: string, accept: string}} Takes
 *   `accept`: as a file input knows it
 */

const THUMBNAIL = 320;

const SOUNDS = ".wav,.mp3,.flac,.ogg,audio/wav,audio/x-wav,audio/mpeg,audio/flac,audio/ogg";
/** @type {Takes} */
const PICTURE = { kind: "image", one: "a picture", glyph: "picture", accept: "image/*" };
/** By the type of a parameter. @type {Record<string, Takes>} */
export const TAKES = {
  image: PICTURE,
  mask: PICTURE,
  video: { kind: "video", one: "an MP4 or WebM video", glyph: "clip", accept: "video/mp4,video/webm" },
  audio: { kind: "audio", one: "a WAV, MP3, FLAC or Ogg sound", glyph: "sound", accept: SOUNDS },
};
const UNTOLD = "application/octet-stream";
/** Some systems tell no type of a file. @type {Record<string, string>} */
const TYPES = {
  mp4: "video/mp4", webm: "video/webm", mov: "video/quicktime", mkv: "video/x-matroska", avi: "video/x-msvideo",
  wav: "audio/wav", mp3: "audio/mpeg", flac: "audio/flac", ogg: "audio/ogg", m4a: "audio/mp4", aac: "audio/aac",
};
/** The same by other names. @type {Record<string, string>} */
const ALIASES = {
  "audio/vnd.wave": "audio/wav", "audio/wave": "audio/wav", "audio/mp3": "audio/mpeg", "audio/x-flac": "audio/flac",
  "audio/opus": "audio/ogg", "application/ogg": "audio/ogg", "video/ogg": "audio/ogg",
};
const NAMES = { image: "a picture", video: "a video", audio: "a sound" };

/** @param {{name: string, type: string}} file */
function typeOf({ name, type }) {
  const given = type.toLowerCase().split(";")[0];
  const told = (given !== UNTOLD && given) || TYPES[name.split(".").at(-1)?.toLowerCase() ?? ""] || "";
  return ALIASES[told] ?? told;
}

/** @param {{name: string, type: string}} file @returns {Kind|null} null for what is none of them, or not told */
export function kindOfFile(file) {
  const [kind] = typeOf(file).split("/");
  return kind === "image" || kind === "video" || kind === "audio" ? kind : null;
}

/**
 * Why a file is not for a field, as far as it can be told from outside; "" when it may be. The server has the last word.
 * @param {{name: string, type: string}} file @param {Pick<Parameter, "type"|"label">} parameter
 */
export function misfit(file, { type, label }) {
  const { kind, one, accept } = TAKES[type];
  const given = kindOfFile(file);
  if (given === kind && (kind === "image" || accept.split(",").includes(typeOf(file)))) return "";
  if (!given && (kind === "image" || !typeOf(file))) return "";
  const what = given && given !== kind ? `is ${NAMES[given]}` : "is of another kind";
  return `${file.name || "The file"} ${what}. ${label} takes ${one}.`;
}

/** Why a file that was taken in is not for a field after all; "" when it is. @param {api.Upload} upload @param {string} name @param {Pick<Parameter, "type"|"label">} parameter */
export function mistaken({ kind = "image" }, name, { type, label }) {
  return kind === TAKES[type].kind ? "" : `${name || "The file"} is ${NAMES[kind]}. ${label} takes ${TAKES[type].one}.`;
}

/** @param {api.Upload} upload @param {string} [name] of the file @returns {Picture} */
export function fromUpload({ id, link, kind = "image", width, height, duration_s: length = null }, name = "") {
  const url = `${api.base}/api/uploads/${id}`;
  const size = { width: width ?? 0, height: height ?? 0 };
  if (kind === "image") return { link, url, thumbnail: `${url}?w=${THUMBNAIL}`, ...size };
  return { link, url, thumbnail: "", ...size, duration_s: length, name };
}

/** A file of the gallery. @param {string} link @param {api.Job} job @param {api.JobImage} image @returns {Picture} */
export function fromGallery(link, job, image) {
  const { url, thumbnail, width, height, duration_s: length = null } = image;
  if (image.media_type.startsWith("image/")) {
    return { link, url, thumbnail: thumbnail ? `${thumbnail}?w=${THUMBNAIL}` : "", width: width ?? 1, height: height ?? 1 };
  }
  return { link, url, thumbnail: "", width: width ?? 0, height: height ?? 0, duration_s: length, name: `Set ${job.number}` };
}

/**
 * The files that a set was made from, as its form holds them; those that are gone are left out.
 * @param {import("./form-values.js").Workflow} workflow @param {Record<string, any>} parameters of the set
 * @returns {Promise<import("./form-values.js").Values>}
 */
export async function filesOf(workflow, parameters) {
  const named = workflow.parameters.filter((parameter) => isFile(parameter) && typeof parameters[parameter.name] === "string");
  const found = await Promise.all(named.map(async ({ name, type }) => {
    const file = await known(parameters[name], type).catch(() => null);
    return file ? [[name, [file]]] : [];
  }));
  return Object.fromEntries(found.flat());
}

/** @param {string} link @param {string} type of the parameter @returns {Promise<Picture|null>} */
async function known(link, type) {
  const of = readPicture(link);
  if (of) {
    const job = await api.job(of.job);
    const image = job.images.find(({ index }) => index === of.image);
    return image ? fromGallery(link, job, image) : null;
  }
  const id = readUpload(link);
  if (!id) return null;
  const upload = { id, link, url: "", kind: TAKES[type].kind, width: 0, height: 0, media_type: "", bytes: 0 };
  const file = fromUpload(upload);
  if (!file.thumbnail) return file; // it tells its length and its size itself, once it is shown
  const picture = new Image();
  picture.src = file.url;
  await picture.decode();
  return { ...file, width: picture.naturalWidth, height: picture.naturalHeight };
}
