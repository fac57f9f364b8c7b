// @ts-check
/**
 * `<reference-row>`: the pictures beside a prompt, each with what it is for, and how much it counts.
 * It uploads files as they come.
 *
 *     row.api = api;  row.find = (id) => state.jobs.get(id);   // where the thumbnails of sets are found
 *     row.references = [{link, role: "image", weight: 1}];      // those that can be sent
 *     row.add({link, role: "style", weight: 1});  row.take(files);
 *     row.show({imageWeight: 1.5});
 *
 * Events: `references` when they changed, `weigh-images` {weight}: the weight that all images share
 * is a flag of the text.
 *
 * @typedef {import("../lens-references.js").Reference} Reference
 * @typedef {import("../api.js").Job} Job
 * @typedef {{upload: typeof import("../api.js").upload, job: (id: string) => Promise<Job>}} Api
 * @typedef {Reference & {id: string, part: number, held?: string, ended: AbortController}} Item
 *   `link` is empty and `part` below 1 until it is uploaded; `held`: the address of its file in this page
 */
import { base } from "../api.js";
import { icon, part, reconcile, say, template, wish } from "../dom.js";
import { ROLES } from "../lens-references.js";
import { readPicture, readUpload } from "../links.js";
import { ReferenceMenu } from "./reference-menu.js";

const BODY = `<ul class="refs" aria-label="Pictures beside the words"></ul><reference-menu></reference-menu><span class="sr" role="status"></span>`;
const CHIP = template(`<li class="ref"><figure><img alt="">${icon("picture")}<svg class="ring" viewBox="0 0 20 20" aria-hidden="true">
  <circle cx="10" cy="10" r="8" pathLength="100"/><circle cx="10" cy="10" r="8" pathLength="100"/></svg></figure>
  <button type="button" class="role" aria-haspopup="dialog" aria-expanded="false"><span></span> <span class="num"></span>${icon("chev")}</button>
  <button type="button" class="ib">${icon("close")}</button></li>`);

export class ReferenceRow extends HTMLElement {
  /** @type {(job: string) => Job|undefined} */ find = () => undefined;
  /** Why a file was not taken. @type {string|null} */ complaint = null;
  /** @type {Api|null} */ #api = null;
  /** @type {Item[]} */ #items = [];
  /** @type {readonly Reference[]} */ #ready = [];
  #imageWeight = 1;
  #number = 0;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.innerHTML = BODY;
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      const item = this.#items.find(({ id }) => id === button?.closest("li")?.dataset.key);
      if (!button || !item) return;
      if (button.classList.contains("role")) this.#menu.toggle(button, item, this.#weightOf(item));
      else this.#remove(item);
    });
    this.addEventListener("menu-role", (event) => this.#change(event, ({ role }) => ({ role, flag: undefined })));
    this.addEventListener("menu-weight", (event) => this.#change(event, ({ weight }) => ({ weight })));
    this.#render();
  }

  /** @param {Api} api */
  set api(api) {
    this.#api = api;
    // thumbnails can be found now
    for (const image of this.querySelectorAll("img:not([src])")) image.removeAttribute("data-of");
    this.#render();
  }

  /** Those that can be sent; the same list until they change. */
  get references() {
    return this.#ready;
  }

  /** @param {readonly Reference[]} references */
  set references(references) {
    for (const item of this.#items) letGo(item);
    this.#items = references.map((reference) => this.#item(reference));
    this.complaint = null;
    this.#changed(false);
  }

  /** All of them, with those that are on their way. */
  get count() {
    return this.#items.length;
  }

  get uploading() {
    return this.#items.filter(({ link }) => !link).length;
  }

  /** Adds one, unless it is there already. @param {Reference} reference */
  add(reference) {
    this.complaint = null;
    const same = this.#items.some(({ link, role }) => link === reference.link && role === reference.role);
    if (!same) this.#items = [...this.#items, this.#item(reference)];
    this.#announce(`${nameOf(reference)} reference added.`);
    this.#changed();
  }

  /** Uploads files, each as an image reference. @param {readonly File[]} files */
  take(files) {
    this.complaint = null;
    for (const file of files) this.#upload(file);
    this.#changed();
  }

  /** Is its menu open? Then Escape is for it. */
  closeMenu() {
    return this.#menu.close();
  }

  /** @param {{imageWeight: number}} facts */
  show({ imageWeight }) {
    if (imageWeight === this.#imageWeight) return;
    this.#imageWeight = imageWeight;
    this.#render();
  }

  /** @param {Reference} reference @returns {Item} */
  #item(reference) {
    this.#number += 1;
    return { ...reference, id: String(this.#number), part: 1, ended: new AbortController() };
  }

  /** @param {File} file */
  async #upload(file) {
    if (!file.type.startsWith("image/")) {
      this.complaint = `${file.name} is not a picture.`;
      return;
    }
    const item = this.#item({ link: "", role: "image", weight: 1 });
    item.part = 0;
    item.held = URL.createObjectURL(file);
    this.#items = [...this.#items, item];
    const progress = (/** @type {number} */ done) => this.#replace(item.id, { part: done });
    try {
      const { link } = await /** @type {Api} */ (this.#api).upload(file, { progress, signal: item.ended.signal });
      const known = this.#items.some((other) => other.id !== item.id && other.link === link && other.role === "image");
      if (known) this.#items = this.#items.filter(({ id }) => id !== item.id);
      else this.#replace(item.id, { link, part: 1 });
      this.#announce("Image reference added.");
    } catch (error) {
      if (item.ended.signal.aborted) return;
      this.#remove(item);
      const { message, error: told } = /** @type {import("../api.js").ApiError} */ (error);
      this.complaint = [`${file.name || "The picture"} was not taken: ${message}`, told?.hint].filter(Boolean).join(" ");
    }
    this.#changed();
  }

  /** @param {string} id @param {Partial<Item>} change */
  #replace(id, change) {
    this.#items = this.#items.map((item) => (item.id === id ? { ...item, ...change } : item));
    this.#render();
  }

  /** @param {Event} event of the menu @param {(detail: any) => Partial<Item>} change */
  #change(event, change) {
    const { id, ...detail } = /** @type {CustomEvent} */ (event).detail;
    const item = this.#items.find((each) => each.id === id);
    if (!item) return;
    if (item.role === "image" && "weight" in detail) wish(this, "weigh-images", detail);
    else {
      this.#replace(id, change(detail));
      this.#changed();
    }
    const now = this.#items.find((each) => each.id === id);
    if (now) this.#menu.show(now, this.#weightOf(now));
  }

  /** @param {Item} item */
  #remove(item) {
    const at = this.#items.findIndex(({ id }) => id === item.id);
    const held = this.contains(document.activeElement);
    letGo(item);
    this.#menu.close();
    this.#items = this.#items.filter(({ id }) => id !== item.id);
    this.complaint = null;
    this.#announce(`${nameOf(item)} reference removed.`);
    this.#changed();
    const next = this.querySelectorAll(".ref .ib")[Math.min(at, this.#items.length - 1)];
    if (held && next instanceof HTMLElement) next.focus();
    else if (held) wish(this, "left-empty");
  }

  /** @param {boolean} [tell] */
  #changed(tell = true) {
    this.#ready = this.#items.filter(({ link }) => link)
      .map(({ link, role, weight, flag, thumbnail }) => ({ link, role, weight, flag, thumbnail }));
    this.#render();
    if (tell) wish(this, "references");
  }

  /** What counts for it, null when nothing does. @param {Reference} item */
  #weightOf({ role, weight }) {
    return role === "image" ? this.#imageWeight : role === "style" ? weight : null;
  }

  #render() {
    this.hidden = this.#items.length === 0;
    reconcile(part(this, "ul"), this.#items.map(({ id }) => id), () => CHIP(), (chip, _id, at) => {
      const item = this.#items[at];
      const weight = this.#weightOf(item);
      const shown = weight === null || weight === 1 ? "" : String(weight);
      chip.classList.toggle("loading", !item.link);
      /** @type {SVGElement} */ (chip.querySelector("circle:last-child")).style.setProperty("--p", String(Math.round(item.part * 100)));
      const [name, number] = chip.querySelectorAll(".role span");
      say(name, nameOf(item));
      say(number, shown);
      part(chip, ".role").setAttribute("aria-label", [`${nameOf(item)} reference`, shown && `weight ${shown}`].filter(Boolean).join(", "));
      part(chip, ".ib").setAttribute("aria-label", `Remove ${nameOf(item).toLowerCase()} reference`);
      this.#picture(/** @type {HTMLImageElement} */ (part(chip, "img")), item);
    });
  }

  /** @param {HTMLImageElement} image @param {Item} item */
  async #picture(image, item) {
    const key = item.held ?? item.link;
    if (image.dataset.of === key) return;
    image.dataset.of = key;
    image.hidden = true;
    image.onload = () => { image.hidden = false; };
    const address = item.held ?? (await this.#thumbnail(item));
    if (address && image.dataset.of === key) image.src = address;
  }

  /** The address of a small version; null when nothing of it can be shown. @param {Item} item @returns {Promise<string|null>} */
  async #thumbnail({ link, thumbnail }) {
    if (thumbnail) return small(thumbnail);
    const upload = readUpload(link);
    if (upload) return `${base}/api/uploads/${upload}`;
    const picture = readPicture(link);
    if (!picture) return null;
    const job = this.find(picture.job) ?? (await this.#api?.job(picture.job).catch(() => undefined));
    const image = job?.images.find(({ index }) => index === picture.image);
    return image?.thumbnail ? small(image.thumbnail) : null;
  }

  /** @param {string} words */
  #announce(words) {
    say(part(this, "[role=status]"), words);
  }

  get #menu() {
    return /** @type {ReferenceMenu} */ (this.querySelector("reference-menu"));
  }
}

/** @param {Reference} reference */
const nameOf = ({ role }) => ROLES[role].name;

/** @param {string} path */
const small = (path) => (path.includes("?") ? path : `${path}?w=160`);

/** @param {Item} item */
function letGo(item) {
  item.ended.abort();
  if (item.held) URL.revokeObjectURL(item.held);
}
