// @ts-check
/**
 * What is seen of a drawing: the drawing itself, where the picture stands. It takes what `MaskInk` takes.
 *
 * @typedef {import("../mask-view.js").View} View
 */

export class PenInk {
  #canvas;
  #drawing;
  /** @type {View} */ #view = { scale: 1, x: 0, y: 0 };
  #density = 1;
  #due = 0;

  /** @param {HTMLCanvasElement} canvas shows it @param {HTMLCanvasElement} drawing of the size of the picture */
  constructor(canvas, drawing) {
    this.#canvas = canvas;
    this.#drawing = drawing;
  }

  /** Seen from elsewhere. @param {View} view @param {{width: number, height: number}} room in CSS px */
  look(view, room) {
    this.#view = view;
    this.#density = devicePixelRatio || 1;
    const [width, height] = [room.width, room.height].map((side) => Math.round(side * this.#density));
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    this.draw();
  }

  /** It is another drawing; drawn once a frame at most. @param {unknown} [_where] @param {unknown} [_lasso] */
  draw(_where, _lasso) {
    this.#due ||= requestAnimationFrame(() => {
      this.#due = 0;
      const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
      const { scale, x, y } = this.#view;
      context.resetTransform();
      context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
      context.setTransform(scale * this.#density, 0, 0, scale * this.#density, x * this.#density, y * this.#density);
      context.imageSmoothingQuality = "high";
      context.drawImage(this.#drawing, 0, 0);
    });
  }
}
