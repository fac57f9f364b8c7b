// @ts-check
/**
 * `<shape-picker>`: the shape of the pictures, as a frame with its true size whose corner can be
 * dragged, and as eight glyphs of equal area.
 *
 *     picker.show("16:9", "1344×768");
 *     picker.addEventListener("shape", ({detail}) => write(detail.ratio));
 */
import { RadioRow } from "./radio-row.js";

const GLYPHS = ["1:1", "4:5", "2:3", "9:16", "4:3", "3:2", "16:9", "21:9"];
/** Where the corner rests, from tall to wide. */
const STOPS = [
  "9:21", "1:2", "9:16", "2:3", "3:4", "4:5", "1:1", "5:4", "4:3", "3:2", "16:9", "2:1", "21:9",
];
const FRAME = 120;

const MARKUP = `<div class="frame"><div class="outline"></div><span class="num"></span>
<span class="corner" role="slider" tabindex="0" aria-label="Shape" aria-valuemin="0" aria-valuemax="${STOPS.length - 1}"></span></div>
<div class="ratios" role="radiogroup" aria-label="Shape">${GLYPHS.map((ratio) =>
  `<button type="button" role="radio" data-value="${ratio}"><i></i><span class="num">${ratio}</span></button>`).join("")}</div>`;

/** Width over height; 1 for what is no ratio. @param {string} ratio */
function valueOf(ratio) {
  const [width, height] = ratio.split(":").map(Number);
  return width > 0 && height > 0 ? width / height : 1;
}

/** @param {number} value */
const distance = (value) => (/** @type {string} */ stop) => Math.abs(Math.log(valueOf(stop) / value));

/** @param {number} value */
function nearest(value) {
  const far = distance(value);
  return STOPS.reduce((best, stop) => (far(stop) < far(best) ? stop : best));
}

export class ShapePicker extends HTMLElement {
  #ratio = "1:1";
  /** @type {RadioRow|null} */
  #glyphs = null;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.innerHTML = MARKUP;
    for (const glyph of this.querySelectorAll("button")) {
      const value = Math.sqrt(valueOf(glyph.dataset.value ?? ""));
      glyph.style.setProperty("--w", value.toFixed(2));
      glyph.style.setProperty("--h", (1 / value).toFixed(2));
    }
    this.#glyphs = new RadioRow(this.#part(".ratios"), (ratio) => this.#pick(ratio));
    const corner = this.#part(".corner");
    corner.addEventListener("pointerdown", (event) => this.#drag(corner, event));
    corner.addEventListener("keydown", (event) => this.#step(event));
    this.show("1:1", "");
  }

  /**
   * @param {string} ratio  "16:9"
   * @param {string} size  "1344×768"; "" while it is not known
   */
  show(ratio, size) {
    this.#ratio = ratio;
    const value = valueOf(ratio);
    const outline = this.#part(".frame");
    outline.style.setProperty("--fw", `${FRAME * Math.min(1, value)}px`);
    outline.style.setProperty("--fh", `${FRAME * Math.min(1, 1 / value)}px`);
    this.#part(".frame .num").textContent = size || ratio;
    const corner = this.#part(".corner");
    corner.setAttribute("aria-valuenow", String(STOPS.indexOf(nearest(value))));
    corner.setAttribute("aria-valuetext", size ? `${ratio}, ${size}` : ratio);
    if (this.#glyphs) this.#glyphs.value = ratio;
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }

  /** @param {string} ratio */
  #pick(ratio) {
    if (ratio === this.#ratio) return;
    this.show(ratio, "");
    this.dispatchEvent(new CustomEvent("shape", { bubbles: true, detail: { ratio } }));
  }

  /** @param {HTMLElement} corner @param {PointerEvent} down */
  #drag(corner, down) {
    down.preventDefault();
    corner.focus();
    corner.setPointerCapture(down.pointerId);
    const box = this.#part(".frame").getBoundingClientRect();
    const over = new AbortController();
    const { signal } = over;
    corner.addEventListener("pointermove", (event) => {
      const across = Math.abs(event.clientX - (box.left + box.width / 2));
      const along = Math.abs(event.clientY - (box.top + box.height / 2));
      this.#pick(nearest(Math.max(4, across) / Math.max(4, along)));
    }, { signal });
    for (const end of ["pointerup", "pointercancel"]) {
      corner.addEventListener(end, () => over.abort(), { signal });
    }
  }

  /** @param {KeyboardEvent} event */
  #step(event) {
    const at = STOPS.indexOf(nearest(valueOf(this.#ratio)));
    const to = {
      ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, ArrowDown: at + 1,
      Home: 0, End: STOPS.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#pick(STOPS[Math.max(0, Math.min(STOPS.length - 1, to))]);
  }
}
