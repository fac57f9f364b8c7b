// @ts-check
// <family-tree>: the pictures that a set grew from, itself, and what grew from it, each under the one before.
//   tree.update(family, jobs, { job, image });
// Wishes: `go` {picture: {job, index}}.

import { part, reconcile, say, template, wish } from "../dom.js";
import { kin } from "../lineage.js";
import { thumbnail } from "./picture-tile.js";

const BODY = template('<section class="family"><h3>Family</h3><ol></ol></section>');
const ROW = template('<li><button type="button"><span class="thumb"></span><span class="deed"></span><span class="set-name"></span></button></li>');

export class FamilyTree extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    this.addEventListener("click", ({ target }) => {
      const row = target instanceof Element && target.closest("button:not([aria-disabled=true])");
      if (row instanceof HTMLElement) wish(this, "go", { picture: { job: row.dataset.job, index: Number(row.dataset.index) } });
    });
  }

  /**
   * @param {import("../lineage.js").Family|null} family null while it is not known
   * @param {ReadonlyMap<string, import("../api.js").Job>} jobs @param {import("../lineage.js").Picture} here
   */
  update(family, jobs, here) {
    const rows = family ? kin(family, jobs, here) : [];
    this.hidden = rows.length < 2;
    reconcile(part(this, "ol"), rows.map(({ job }) => job.id), () => ROW(), (item, _id, at) => {
      const { job, image, depth, name, place, here: current } = rows[at];
      const row = part(item, "button");
      const picture = job.images.find(({ index }) => index === image) ?? null;
      item.style.setProperty("--depth", String(Math.min(depth, 4)));
      item.classList.toggle("root", depth === 0);
      row.dataset.job = job.id;
      row.dataset.index = String(image);
      if (current) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
      row.setAttribute("aria-disabled", String(!picture));
      this.#thumb(part(row, ".thumb"), picture?.thumbnail ?? "");
      say(part(row, ".deed"), name);
      say(part(row, ".set-name"), place);
    });
  }

  /** @param {HTMLElement} holder @param {string} url "" for a picture that is not made yet */
  #thumb(holder, url) {
    if (holder.dataset.url === url) return;
    holder.dataset.url = url;
    if (!url) return holder.replaceChildren();
    const image = new Image();
    image.alt = "";
    image.src = thumbnail(url, 160);
    holder.replaceChildren(image);
  }
}
