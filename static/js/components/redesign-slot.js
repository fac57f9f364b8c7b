// @ts-check
/**
 * `<redesign-slot>`: one picture of a redesign: what was drawn on it, and what is said of it.
 *
 *     slot.show({ link, url, rough, width, height, label }, 1);
 *     await slot.link(api);      // of the picture with the drawing on it
 *
 * Events: `slot` {what: "draw" | "remove" | "said"}.
 *
 * @typedef {import("./mask-canvas.js").Picture & {link: string}} Picture `link` names it in a request
 */
import { merged } from "../drawing-file.js";
import { icon, part, say, template, wish } from "../dom.js";
import { isBlank, NOTHING, render } from "../mask-strokes.js";

const BODY = template(`<div class="slot"><div class="well"><img alt=""><canvas></canvas><span class="badge plain"></span>
<button type="button" class="open" data-slot="draw"></button>
<button type="button" class="ib" data-slot="remove">${icon("close")}</button></div>
<label><span class="sr"></span><textarea rows="3" maxlength="1000" placeholder="What should change here?"></textarea></label></div>`);

export class RedesignSlot extends HTMLElement {
  /** @type {Picture|null} */ #picture = null;
  #history = NOTHING;
  /** What was sent of it: asked for again, it is not sent twice. @type {{history: import("../mask-strokes.js").History, link: string}|null} */ #sent = null;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element && target.closest("[data-slot]");
      if (button instanceof HTMLElement) wish(this, "slot", { what: button.dataset.slot });
    });
    this.addEventListener("input", () => wish(this, "slot", { what: "said" }));
  }

  /** @param {Picture} picture @param {number} number from 1 */
  show(picture, number) {
    const name = `Picture ${number}`;
    say(part(this, ".badge"), String(number));
    say(part(this, ".sr"), `What should change in picture ${number}?`);
    part(this, ".open").setAttribute("aria-label", `Draw on ${name.toLowerCase()}`);
    part(this, ".ib").setAttribute("aria-label", `Remove ${name.toLowerCase()}`);
    if (this.#picture === picture) return;
    this.#picture = picture;
    const image = /** @type {HTMLImageElement} */ (part(this, "img"));
    image.src = picture.rough;
    image.alt = picture.label;
    const canvas = this.#canvas;
    [canvas.width, canvas.height] = [picture.width, picture.height];
  }

  get picture() {
    return /** @type {Picture} */ (this.#picture);
  }

  get history() {
    return this.#history;
  }

  set history(history) {
    this.#history = history;
    const { width, height } = this.#canvas;
    render(/** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d")), history, width, height);
  }

  /** What is said of it, and whether anything is drawn. @returns {import("../redesign-words.js").Said} */
  get said() {
    return { note: this.note.value, drawn: !isBlank(this.#history) };
  }

  get note() {
    return /** @type {HTMLTextAreaElement} */ (part(this, "textarea"));
  }

  /** The link of the picture with its drawing, which is stored first. @param {Pick<typeof import("../api.js"), "upload">} api @returns {Promise<string>} */
  async link(api) {
    const history = this.#history;
    if (this.#sent?.history === history) return this.#sent.link;
    const file = await merged(this.picture.url, history);
    const link = file ? (await api.upload(file)).link : this.picture.link;
    this.#sent = { history, link };
    return link;
  }

  get #canvas() {
    return /** @type {HTMLCanvasElement} */ (part(this, "canvas"));
  }
}
