// @ts-check
/**
 * What is seen of a mask: hatched in the accent, with a dark and a light line around it, so that it
 * stands out on any picture. Drawn once a frame at most, and only where something is new.
 *
 * @typedef {import("../mask-view.js").View} View
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box
 */

/** Units: CSS px around the mask. */
const DARK = 3.75;
const LIGHT = 2.25;
const HATCH = 14;
/** A line around a shape is the shape itself, drawn at so many places around it. */
const AROUND = 12;

export class MaskInk {
  #canvas;
  #mask;
  /** The mask as large as it is seen, and a place to mix in. */
  #shape = document.createElement("canvas");
  #mix = document.createElement("canvas");
  /** @type {View} */ #view = { scale: 1, x: 0, y: 0 };
  #density = 1;
  /** In px of the canvas. @type {Box|null} */ #due = null;
  /** The line that a lasso has drawn so far. @type {readonly (readonly [number, number])[]} */ #lasso = [];

  /** @param {HTMLCanvasElement} canvas shows it @param {HTMLCanvasElement} mask of the size of the picture */
  constructor(canvas, mask) {
    this.#canvas = canvas;
    this.#mask = mask;
  }

  /** Seen from elsewhere. @param {View} view @param {{width: number, height: number}} room in CSS px */
  look(view, room) {
    this.#view = view;
    this.#density = devicePixelRatio || 1;
    const [width, height] = [room.width, room.height].map((side) => Math.round(side * this.#density));
    for (const canvas of [this.#canvas, this.#shape, this.#mix]) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    this.draw();
  }

  /**
   * It is another mask.
   * @param {Box} [where] in px of the picture; everywhere when it is left out
   * @param {readonly (readonly [number, number])[]} [lasso]
   */
  draw(where, lasso = []) {
    if (!this.#due) requestAnimationFrame(() => this.#now());
    const all = { left: 0, top: 0, right: this.#canvas.width, bottom: this.#canvas.height };
    const box = where && !lasso.length && !this.#lasso.length ? this.#seen(where) : all;
    const due = this.#due ?? box;
    this.#lasso = lasso;
    this.#due = {
      left: Math.min(due.left, box.left), top: Math.min(due.top, box.top),
      right: Math.max(due.right, box.right), bottom: Math.max(due.bottom, box.bottom),
    };
  }

  /** @param {Box} box in px of the picture @returns {Box} */
  #seen({ left, top, right, bottom }) {
    const { scale, x, y } = this.#view;
    const density = this.#density;
    return {
      left: Math.floor((left * scale + x) * density) - 2, top: Math.floor((top * scale + y) * density) - 2,
      right: Math.ceil((right * scale + x) * density) + 2, bottom: Math.ceil((bottom * scale + y) * density) + 2,
    };
  }

  #now() {
    const due = this.#due;
    this.#due = null;
    if (!due || !this.#canvas.width || !this.#canvas.height) return;
    const margin = Math.ceil(DARK * this.#density) + 2;
    const wide = { left: due.left - margin, top: due.top - margin, right: due.right + margin, bottom: due.bottom + margin };
    const styles = getComputedStyle(this.#canvas);
    const [line, edge] = ["--mask", "--mask-edge"].map((name) => styles.getPropertyValue(name).trim());

    const { scale, x, y } = this.#view;
    on(this.#shape, wide, (shape) => {
      shape.setTransform(scale * this.#density, 0, 0, scale * this.#density, x * this.#density, y * this.#density);
      shape.imageSmoothingQuality = "high";
      shape.drawImage(this.#mask, 0, 0);
    });
    on(this.#canvas, wide, (ink) => {
      for (const [reach, colour] of /** @type {[number, string][]} */ ([[DARK, edge], [LIGHT, line]])) {
        this.#mixed(wide, (mix) => {
          for (let turn = 0; turn < AROUND; turn += 1) {
            const angle = (2 * Math.PI * turn) / AROUND;
            mix.drawImage(this.#shape, Math.cos(angle) * reach * this.#density, Math.sin(angle) * reach * this.#density);
          }
          mix.globalCompositeOperation = "source-in";
          mix.fillStyle = colour;
          fill(mix, wide);
        });
        ink.drawImage(this.#mix, 0, 0);
      }
      ink.globalCompositeOperation = "destination-out";
      ink.drawImage(this.#shape, 0, 0);
      ink.globalCompositeOperation = "source-over";
      this.#mixed(wide, (mix) => {
        // the dark between the lines is what shows them on a light picture
        mix.fillStyle = edge;
        mix.globalAlpha = 0.45;
        fill(mix, wide);
        mix.globalAlpha = 0.85;
        this.#hatch(mix, line, wide);
        mix.globalAlpha = 1;
        mix.globalCompositeOperation = "destination-in";
        mix.drawImage(this.#shape, 0, 0);
      });
      ink.drawImage(this.#mix, 0, 0);
      this.#trace(ink, line, edge);
    });
  }

  /** @param {Box} box @param {(mix: CanvasRenderingContext2D) => void} act */
  #mixed(box, act) {
    on(this.#mix, box, act);
  }

  /** Lines that rise to the right, at the same places wherever it is drawn anew. @param {CanvasRenderingContext2D} context @param {string} colour @param {Box} box */
  #hatch(context, colour, { left, top, right, bottom }) {
    const gap = HATCH * this.#density;
    context.strokeStyle = colour;
    context.lineWidth = gap / 4;
    context.beginPath();
    for (let at = Math.floor((left + top) / gap) * gap; at < right + bottom + gap; at += gap) {
      context.moveTo(at - top + gap, top - gap);
      context.lineTo(at - bottom - gap, bottom + gap);
    }
    context.stroke();
  }

  /** The lasso on its way. @param {CanvasRenderingContext2D} context @param {string} line @param {string} edge */
  #trace(context, line, edge) {
    if (!this.#lasso.length) return;
    const { scale, x, y } = this.#view;
    context.beginPath();
    for (const [px, py] of this.#lasso) context.lineTo((px * scale + x) * this.#density, (py * scale + y) * this.#density);
    context.lineJoin = context.lineCap = "round";
    for (const [width, colour] of /** @type {[number, string][]} */ ([[DARK + LIGHT, edge], [LIGHT, line]])) {
      context.lineWidth = width * this.#density;
      context.strokeStyle = colour;
      context.stroke();
    }
  }
}

/** Draw on an emptied part of a canvas, and only there. @param {HTMLCanvasElement} canvas @param {Box} box @param {(context: CanvasRenderingContext2D) => void} act */
function on(canvas, box, act) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  context.clip();
  context.clearRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  act(context);
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {Box} box */
const fill = (context, { left, top, right, bottom }) => context.fillRect(left, top, right - left, bottom - top);
