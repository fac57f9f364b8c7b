// @ts-check
// <picture-picker>: one of the gallery's recent pictures, or of its clips or sounds, for whoever asks.
//   const picture = await picker.pick("image");   // null: none was taken

import * as api from "../api.js";
import { playsWhenPointed } from "../clip-play.js";
import { icon, part, say, template } from "../dom.js";
import { splitPrompt } from "../format.js";
import { fromGallery } from "../form-files.js";
import { pictureLink } from "../links.js";
import { chipOf, kindOf } from "../media.js";
import { mediaElement } from "../media-view.js";
import { alt } from "../set-view.js";
import { thumbnail } from "./picture-tile.js";

/** @typedef {import("../form-values.js").Picture} Picture */

/** @typedef {"image"|"video"|"audio"} Kind */

/** Clips and sounds are rare, so they are looked for among more sets. */
const SETS = { image: "40", video: "200", audio: "200" };
const MOST_CLIPS = 60;
const NAMES = { image: "pictures", video: "clips", audio: "sounds" };
const BODY = template(`<dialog class="note-dialog picker" tabindex="-1" aria-labelledby="picker-name"><div class="head"><h2 id="picker-name"></h2>
  <button type="button" class="ib" data-do="close" aria-label="Close (Esc)">${icon("close")}</button></div><div class="picker-grid"></div><p role="status"></p></dialog>`);
const CHIP = template('<span class="badge plain"></span>');
const SOUND = template(`<span class="picker-sound">${icon("sound")}<span></span></span>`);

export class PicturePicker extends HTMLElement {
  /** @param {Kind} kind @returns {Promise<Picture|null>} */
  async pick(kind) {
    const dialog = /** @type {HTMLDialogElement} */ (BODY());
    say(part(dialog, "h2"), `Recent ${NAMES[kind]}`);
    this.replaceChildren(dialog);
    dialog.showModal();
    dialog.focus();
    /** @type {Picture|null} */
    let picked = null;
    const closed = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    dialog.addEventListener("click", ({ target }) => {
      if (target === dialog || (target instanceof Element && target.closest("[data-do=close]"))) dialog.close();
    });
    this.#fill(dialog, kind, (picture) => {
      picked = picture;
      dialog.close();
    });
    await closed;
    dialog.remove();
    return picked;
  }

  /** @param {HTMLElement} dialog @param {Kind} kind @param {(picture: Picture) => void} take */
  async #fill(dialog, kind, take) {
    const status = part(dialog, "[role=status]");
    try {
      const { jobs } = await api.jobs({ state: "succeeded", limit: SETS[kind] });
      const buttons = jobs.flatMap((job) => job.images.filter(kind === "image" ? isPicture : (one) => kindOf(one) === kind).map((image) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...(kind === "image" ? [small(job, image)] : withChip(kind === "video" ? clip(job, image) : sound(job), image)));
        if (kind === "video") playsWhenPointed(button);
        button.addEventListener("click", () => take(fromGallery(pictureLink(job.id, image.index), job, image)));
        return button;
      }));
      part(dialog, ".picker-grid").replaceChildren(...(kind === "image" ? buttons : buttons.slice(0, MOST_CLIPS)));
      status.textContent = buttons.length ? "" : `There are no ${NAMES[kind]} yet.`;
    } catch (error) {
      status.textContent = error instanceof api.ApiError ? error.error.message : String(error);
    }
  }
}

/** @param {api.Job} job @param {api.JobImage} image */
function small(job, image) {
  const picture = new Image();
  return Object.assign(picture, { loading: "lazy", alt: alt(job, image.index), src: thumbnail(image.thumbnail, 160) });
}

/** @param {api.Job} job @param {api.JobImage} image */
const clip = (job, image) => mediaElement(image, alt(job, image.index));

/** A sound is told from others by its words. @param {api.Job} job */
function sound(job) {
  const element = SOUND();
  say(part(element, "span"), splitPrompt(job).words || `Set ${job.number}`);
  return element;
}

/** @param {HTMLElement} element @param {api.JobImage} image */
function withChip(element, image) {
  const chip = CHIP();
  say(chip, chipOf(image));
  return [element, chip];
}

/** @param {api.JobImage} image */
const isPicture = (image) => Boolean(image.thumbnail) && image.media_type.startsWith("image/");
