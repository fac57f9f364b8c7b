// @ts-check
// <picture-picker>: one of the gallery's recent pictures, for whoever asks.
//   const picture = await picker.pick();   // null: none was taken

import * as api from "../api.js";
import { icon, part, template } from "../dom.js";
import { pictureLink } from "../links.js";
import { alt } from "../set-view.js";
import { thumbnail } from "./picture-tile.js";

/** @typedef {import("../form-values.js").Picture} Picture */

const SETS = "40";
const BODY = template(`<dialog class="note-dialog picker" tabindex="-1" aria-labelledby="picker-name"><div class="head"><h2 id="picker-name">Recent pictures</h2>
  <button type="button" class="ib" data-do="close" aria-label="Close (Esc)">${icon("close")}</button></div><div class="picker-grid"></div><p role="status"></p></dialog>`);

export class PicturePicker extends HTMLElement {
  /** @returns {Promise<Picture|null>} */
  async pick() {
    const dialog = /** @type {HTMLDialogElement} */ (BODY());
    this.replaceChildren(dialog);
    dialog.showModal();
    dialog.focus();
    /** @type {Picture|null} */
    let picked = null;
    const closed = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    dialog.addEventListener("click", ({ target }) => {
      if (target === dialog || (target instanceof Element && target.closest("[data-do=close]"))) dialog.close();
    });
    this.#fill(dialog, (picture) => {
      picked = picture;
      dialog.close();
    });
    await closed;
    dialog.remove();
    return picked;
  }

  /** @param {HTMLElement} dialog @param {(picture: Picture) => void} take */
  async #fill(dialog, take) {
    const status = part(dialog, "[role=status]");
    try {
      const { jobs } = await api.jobs({ state: "succeeded", limit: SETS });
      const buttons = jobs.flatMap((job) => job.images.filter(isPicture).map((image) => {
        const button = document.createElement("button");
        button.type = "button";
        const img = new Image();
        Object.assign(img, { loading: "lazy", alt: alt(job, image.index), src: thumbnail(image.thumbnail ?? "", 160) });
        button.append(img);
        button.addEventListener("click", () => take({
          link: pictureLink(job.id, image.index), url: image.url, thumbnail: thumbnail(image.thumbnail ?? "", 320),
          width: image.width ?? 1, height: image.height ?? 1,
        }));
        return button;
      }));
      part(dialog, ".picker-grid").replaceChildren(...buttons);
      status.textContent = buttons.length ? "" : "There are no pictures yet.";
    } catch (error) {
      status.textContent = error instanceof api.ApiError ? error.error.message : String(error);
    }
  }
}

/** @param {api.JobImage} image */
const isPicture = (image) => Boolean(image.thumbnail) && image.media_type.startsWith("image/");
