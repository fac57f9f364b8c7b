// @ts-check
/**
 * `<mask-canvas>`: the picture with the mask over it, painted by mouse, pen, finger or keyboard.
 *
 *     canvas.show({url, rough, width, height, label}, history);
 *     canvas.tool = "eraser";  canvas.size = 64;
 *     canvas.undo();  canvas.invert();  await canvas.toPng();
 *
 * With the attribute `draws` it is a drawing in `colour` in place of a mask.
 *
 * Events: `mask` {said}: it is another mask, in words for who does not see it; `brush-size` {size}.
 *
 * The mask itself has the size of the picture; what is seen of it is drawn from it.
 *
 * @typedef {import("../mask-strokes.js").History} History
 * @typedef {import("../mask-strokes.js").Stroke} Stroke
 * @typedef {import("../mask-strokes.js").Point} Point
 * @typedef {"brush"|"eraser"|"lasso"} Tool
 * @typedef {{url: string, rough: string, width: number, height: number, label: string}} Picture
 *   `rough`: the address of a small version that is there at once
 */
import { wish } from "../dom.js";
import { greyPng } from "../mask-png.js";
import { add, draw, isBlank, NOTHING, redo, render, undo } from "../mask-strokes.js";
import { fit, pan, toPicture, zoom } from "../mask-view.js";
import { MaskInk } from "./mask-ink.js";
import { PenInk } from "./pen-ink.js";

/** A brush of this size is as wide as the longer side of the picture. */
const WHOLE = 1024;
export const SIZES = { min: 1, max: 200, usual: 64 };
/** Of a pen that draws. */
export const PEN_SIZES = { min: 1, max: 50, usual: 8 };
/** Units: parts of the longer side for one press of an arrow key, and with Shift. */
const STEP = 1 / 128;
const LEAP = 1 / 16;
/** More than half covered is painted. */
const OPAQUE = 128;
/** Rows that are read at once. */
const BAND = 256;

const MARKUP = `<div class="easel" tabindex="0" role="application"><img alt="" draggable="false"><canvas class="ink"></canvas><span class="brush" hidden></span></div>`;

export class MaskCanvas extends HTMLElement {
  /** @type {Tool} */ tool = "brush";
  /** Of what is drawn; "" where a mask is painted. */ colour = "";
  #size = SIZES.usual; // until it is known what for
  /** @type {Picture} */ #picture = { url: "", rough: "", width: 1, height: 1, label: "" };
  /** @type {History} */ #history = NOTHING;
  /** What is being painted. @type {Extract<Stroke, {points: Point[]}>|null} */ #stroke = null;
  /** Fingers on the glass, by id, in CSS px of the easel. @type {Map<number, {x: number, y: number}>} */ #fingers = new Map();
  /** Two fingers have moved the picture: until all are gone nothing is painted. */ #pinched = false;
  #mask = document.createElement("canvas");
  /** @type {MaskInk|PenInk|null} */ #ink = null;
  #room = { width: 0, height: 0 };
  #view = { scale: 1, x: 0, y: 0 };
  /** Where the brush is, in the picture. @type {Point} */ #at = [0, 0];
  #resized = new ResizeObserver(() => this.#fit());

  connectedCallback() {
    if (this.firstElementChild) return;
    this.innerHTML = MARKUP;
    this.#size = this.sizes.usual;
    const Ink = this.hasAttribute("draws") ? PenInk : MaskInk;
    this.#ink = new Ink(/** @type {HTMLCanvasElement} */ (this.querySelector("canvas")), this.#mask);
    const easel = this.#easel;
    easel.addEventListener("pointerdown", (event) => this.#down(event));
    easel.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) easel.addEventListener(end, (event) => this.#up(/** @type {PointerEvent} */ (event)));
    easel.addEventListener("pointerleave", () => this.#showBrush(this.#stroke !== null));
    easel.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    easel.addEventListener("keydown", (event) => this.#key(event));
    easel.addEventListener("keyup", (event) => event.key === " " && this.#end());
    easel.addEventListener("focus", () => this.#showBrush(easel.matches(":focus-visible")));
    easel.addEventListener("blur", () => {
      this.#end();
      this.#showBrush(false);
    });
    this.#resized.observe(easel);
  }

  /** @param {Picture} picture @param {History} history */
  show(picture, history) {
    this.#picture = picture;
    const { width, height } = picture;
    this.#at = [width / 2, height / 2];
    [this.#mask.width, this.#mask.height] = [width, height];
    const image = /** @type {HTMLImageElement} */ (this.querySelector("img"));
    image.src = picture.rough;
    const full = new Image();
    full.src = picture.url;
    full.decode().then(() => { if (this.#picture === picture) image.src = full.src; }).catch(() => {}); // gone: the small one stays
    this.#easel.setAttribute("aria-label", `${picture.label}. The arrow keys move the brush, Space paints.`);
    this.#showBrush(false);
    this.#fit();
    this.#set(history, null);
  }

  get history() {
    return this.#history;
  }

  get size() {
    return this.#size;
  }

  get sizes() {
    return this.hasAttribute("draws") ? PEN_SIZES : SIZES;
  }

  /** The diameter of the brush, of which 1024 is the longer side of the picture. */
  set size(size) {
    const { min, max } = this.sizes;
    this.#size = Math.max(min, Math.min(max, Math.round(size)));
    this.#placeBrush();
  }

  undo() {
    if (this.#history.done.length) this.#set(undo(this.#history), "Undone.");
  }

  redo() {
    if (this.#history.undone.length) this.#set(redo(this.#history), "Done again.");
  }

  invert() {
    this.#set(add(this.#history, { kind: "invert" }), "Inverted.");
  }

  clear() {
    if (!isBlank(this.#history)) this.#set(add(this.#history, { kind: "clear" }), "Cleared.");
  }

  /** Add a mask of one's own, of the size of the picture. @param {CanvasImageSource} image opaque where it paints */
  place(image) {
    this.#set(add(this.#history, { kind: "file", image }), "The mask is in place.");
  }

  /** Is anything painted? Only the pixels tell: a stroke may lie beside the picture, or be erased again. */
  get painted() {
    if (isBlank(this.#history)) return false;
    for (const { data } of this.#bands()) {
      for (let at = 3; at < data.length; at += 4) if (data[at] >= OPAQUE) return true;
    }
    return false;
  }

  /** White is painted anew, black is kept. */
  toPng() {
    const { width, height } = this.#mask;
    const pixels = new Uint8Array(width * height);
    let to = 0;
    for (const { data } of this.#bands()) {
      for (let at = 3; at < data.length; at += 4, to += 1) pixels[to] = data[at] >= OPAQUE ? 255 : 0;
    }
    return greyPng(width, height, pixels);
  }

  /** Stop what is being painted, as if it had not begun. Was something? */
  cancel() {
    if (!this.#stroke) return false;
    this.#stroke = null;
    this.#set(this.#history, null);
    return true;
  }

  /** The pixels of the mask, some rows at a time; read from copies, so that the mask itself stays quick to draw on. */
  *#bands() {
    const { width, height } = this.#mask;
    for (let y = 0; y < height; y += BAND) {
      const rows = Math.min(BAND, height - y);
      yield pixels(width, rows, (context) => context.drawImage(this.#mask, 0, -y));
    }
  }

  // The mask.

  /** @param {History} history @param {string|null} said what was done to it; null: nothing that is told */
  #set(history, said) {
    this.#history = history;
    render(this.#paper, history, this.#mask.width, this.#mask.height);
    this.#ink?.draw();
    this.#tell(said);
  }

  /** @param {string|null} said */
  #tell(said) {
    wish(this, "mask", { said: said && `${said} ${this.#covered()}` });
  }

  /** How much is painted, as a person would say it. */
  #covered() {
    const { data } = pixels(64, 64, (context) => {
      context.imageSmoothingQuality = "high";
      context.drawImage(this.#mask, 0, 0, 64, 64);
    });
    let sum = 0;
    for (let at = 3; at < data.length; at += 4) sum += data[at];
    const percent = Math.round(sum / 255 / 40.96);
    if (percent < 1) return this.painted ? "Less than 1 % is painted." : "Nothing is painted.";
    return `About ${percent} % is painted.`;
  }

  /** @param {Point} at */
  #begin(at) {
    const { tool } = this;
    const points = [at];
    const colour = this.colour && tool !== "eraser" ? { colour: this.colour } : {};
    this.#stroke = tool === "lasso" ? { kind: tool, points, ...colour } : { kind: tool, size: this.#diameter, points, ...colour };
    this.#drawNew(0);
  }

  /** @param {readonly Point[]} points */
  #extend(points) {
    const stroke = this.#stroke;
    if (!stroke) return;
    const from = stroke.points.length;
    stroke.points.push(...points);
    this.#drawNew(from);
  }

  /** Draw what is new of the line. @param {number} from */
  #drawNew(from) {
    const stroke = this.#stroke;
    if (!stroke) return;
    if (stroke.kind === "lasso") return this.#ink?.draw(undefined, stroke.points);
    draw(this.#paper, stroke, this.#mask.width, this.#mask.height, from);
    const fresh = stroke.points.slice(Math.max(0, from - 1));
    const [xs, ys] = [0, 1].map((axis) => fresh.map((point) => point[axis]));
    const half = stroke.size / 2;
    this.#ink?.draw({
      left: Math.min(...xs) - half, top: Math.min(...ys) - half, right: Math.max(...xs) + half, bottom: Math.max(...ys) + half,
    });
  }

  #end() {
    const stroke = this.#stroke;
    if (!stroke) return;
    this.#stroke = null;
    this.#history = add(this.#history, stroke);
    if (stroke.kind === "lasso") {
      draw(this.#paper, stroke, this.#mask.width, this.#mask.height);
      this.#ink?.draw();
    }
    this.#tell(stroke.kind === "eraser" ? "Erased." : "A stroke more.");
  }

  // Pointers.

  /** @param {MouseEvent} event @returns {{x: number, y: number}} in CSS px of the easel */
  #place({ clientX, clientY }) {
    const { left, top } = this.#easel.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    this.#easel.focus({ preventScroll: true });
    // what a script dispatches has no pointer to capture
    if (event.isTrusted) this.#easel.setPointerCapture(event.pointerId);
    const place = this.#place(event);
    if (event.pointerType === "touch") this.#fingers.set(event.pointerId, place);
    if (this.#fingers.size > 1) {
      this.cancel();
      this.#pinched = true;
      return this.#showBrush(false);
    }
    this.#at = toPicture(this.#view, place);
    this.#showBrush(true);
    this.#begin(this.#at);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const place = this.#place(event);
    if (this.#fingers.has(event.pointerId)) {
      if (this.#fingers.size > 1) return this.#pinch(event.pointerId, place);
      this.#fingers.set(event.pointerId, place);
      if (this.#pinched) return;
    }
    this.#at = toPicture(this.#view, place);
    this.#showBrush(true);
    if (!this.#stroke) return;
    const all = event.getCoalescedEvents?.() ?? [];
    this.#extend((all.length ? all : [event]).map((each) => toPicture(this.#view, this.#place(each))));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    this.#fingers.delete(event.pointerId);
    if (event.type === "pointercancel") this.cancel();
    else this.#end();
    if (!this.#fingers.size) this.#pinched = false;
    if (event.pointerType === "touch") this.#showBrush(false);
  }

  /** Two fingers move the picture and bring it closer. @param {number} id @param {{x: number, y: number}} to */
  #pinch(id, to) {
    const from = this.#fingers.get(id);
    const other = [...this.#fingers].find(([each]) => each !== id)?.[1];
    if (!from || !other) return;
    this.#fingers.set(id, to);
    const spread = (/** @type {{x: number, y: number}} */ one) => Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
    const middle = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
    const moved = pan(this.#view, (to.x - from.x) / 2, (to.y - from.y) / 2, this.#room, this.#picture);
    this.#look(zoom(moved, spread(to) / spread(from), middle, this.#room, this.#picture));
  }

  /** The wheel sizes the brush; with Ctrl, as a pinch on a touchpad has it, it brings the picture closer. @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    if (event.ctrlKey) {
      return this.#look(zoom(this.#view, Math.exp(-event.deltaY / 200), this.#place(event), this.#room, this.#picture));
    }
    this.size += event.deltaY < 0 ? Math.max(1, this.#size / 12) : -Math.max(1, this.#size / 12);
    wish(this, "brush-size", { size: this.#size });
  }

  // The keyboard.

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) this.#step(way, event.shiftKey ? LEAP : STEP);
    else if (event.key === " ") {
      this.#showBrush(true);
      if (!event.repeat && !this.#stroke) this.#begin(this.#at);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number[]} way @param {number} part of the longer side */
  #step(way, part) {
    const { width, height } = this.#picture;
    const far = Math.max(width, height) * part;
    /** @param {number} axis @param {number} most */
    const next = (axis, most) => Math.max(0, Math.min(most, this.#at[axis] + way[axis] * far));
    this.#at = [next(0, width), next(1, height)];
    this.#showBrush(true);
    this.#extend([this.#at]);
  }

  // What is seen.

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#easel;
    this.#room = { width, height };
    if (width && height) this.#look(fit(this.#room, this.#picture));
  }

  /** @param {import("../mask-view.js").View} view */
  #look(view) {
    this.#view = view;
    const { width, height } = this.#picture;
    const { style } = /** @type {HTMLImageElement} */ (this.querySelector("img"));
    style.inlineSize = `${width * view.scale}px`;
    style.blockSize = `${height * view.scale}px`;
    style.translate = `${view.x}px ${view.y}px`;
    this.#ink?.look(view, this.#room);
    this.#placeBrush();
  }

  get #diameter() {
    return (this.#size * Math.max(this.#picture.width, this.#picture.height)) / WHOLE;
  }

  /** @param {boolean} shown */
  #showBrush(shown) {
    const { classList } = this.#easel;
    classList.toggle("aiming", shown);
    this.#brush.hidden = !shown;
    this.#placeBrush();
  }

  #placeBrush() {
    const { scale, x, y } = this.#view;
    const brush = this.#brush;
    // a lasso has a tip, not a width
    const across = this.tool === "lasso" ? 8 : Math.max(4, this.#diameter * scale);
    brush.style.inlineSize = brush.style.blockSize = `${across}px`;
    brush.style.translate = `${this.#at[0] * scale + x - across / 2}px ${this.#at[1] * scale + y - across / 2}px`;
  }

  get #paper() {
    return /** @type {CanvasRenderingContext2D} */ (this.#mask.getContext("2d"));
  }

  get #easel() {
    return /** @type {HTMLElement} */ (this.firstElementChild);
  }

  get #brush() {
    return /** @type {HTMLElement} */ (this.querySelector(".brush"));
  }
}

/** @param {number} width @param {number} height @param {(context: CanvasRenderingContext2D) => void} act */
function pixels(width, height, act) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  act(context);
  return context.getImageData(0, 0, width, height);
}
