// @ts-check
// The links by which a prompt names pictures: those that are here already, and those of the web. Pure.

/** @typedef {{job: string, image: number}} Picture picture `image` of a set */

const UPLOAD = "upload:([0-9a-f]{64})";
const PICTURE = "picture:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9]{1,2})";
const WEB = /^(?:https?:\/\/[^/\s]\S*|s\.mj\.run\/\S+)$/i;

const [isUpload, isPicture] = [UPLOAD, PICTURE].map((link) => new RegExp(`^${link}$`));

/** Links of pictures that are here, wherever they stand in a text. */
export const OWN_LINKS = new RegExp(`(?:${UPLOAD}|${PICTURE})(?![\\w-])`, "g");

/** @param {string} job @param {number} image */
export const pictureLink = (job, image) => `picture:${job}/${image}`;

/** @param {string} link @returns {Picture|null} */
export function readPicture(link) {
  const [, job, image] = isPicture.exec(link) ?? [];
  return job ? { job, image: Number(image) } : null;
}

/** @param {string} link @returns {string|null} the id of an upload */
export const readUpload = (link) => isUpload.exec(link)?.[1] ?? null;

/** Does a link name a picture that is here already? @param {string} link */
export const isOwn = (link) => isUpload.test(link) || isPicture.test(link);

/** Can it be a reference at all? @param {string} link */
export const isLink = (link) => isOwn(link) || WEB.test(link);
