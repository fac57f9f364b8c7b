// @ts-check
// A mask that was made elsewhere: white is painted, or, where it has transparency, what is transparent.

const HALF = 128;
/** Of its shape: a mask may be smaller or larger than its picture. */
const TOLERANCE = 0.02;

/**
 * @param {Blob} file @param {{width: number, height: number}} picture
 * @returns {Promise<HTMLCanvasElement>} as large as the picture, opaque where it paints
 */
export async function readMaskFile(file, { width, height }) {
  const image = await createImageBitmap(file).catch(() => {
    throw new Error("That file is no picture that can be read.");
  });
  if (Math.abs((image.width / image.height) * (height / width) - 1) > TOLERANCE) {
    throw new Error(`That mask has another shape: ${image.width}×${image.height} for a picture of ${width}×${height}.`);
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.drawImage(image, 0, 0, width, height);
  image.close();
  const pixels = context.getImageData(0, 0, width, height);
  paint(pixels.data);
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** What is painted becomes opaque, the rest transparent. @param {Uint8ClampedArray} data */
export function paint(data) {
  let transparent = false;
  for (let at = 3; at < data.length && !transparent; at += 4) transparent = data[at] < HALF;
  for (let at = 0; at < data.length; at += 4) {
    const light = data[at] * 0.299 + data[at + 1] * 0.587 + data[at + 2] * 0.114;
    const painted = transparent ? data[at + 3] < HALF : light >= HALF;
    data[at + 3] = painted ? 255 : 0;
  }
}
