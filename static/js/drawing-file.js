// @ts-check
// A picture and what was drawn on it, as one file of the picture's own size.

import { isBlank, render } from "./mask-strokes.js";

/**
 * @param {string} url @param {import("./mask-strokes.js").History} history
 * @returns {Promise<Blob|null>} null when nothing was drawn
 */
export async function merged(url, history) {
  if (isBlank(history)) return null;
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const { naturalWidth: width, naturalHeight: height } = picture;
  const [whole, drawing] = [sheet(width, height), sheet(width, height)];
  render(drawing, history, width, height);
  whole.drawImage(picture, 0, 0);
  whole.drawImage(drawing.canvas, 0, 0);
  return new Promise((resolve, reject) => {
    whole.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser cannot write the picture."))), "image/png");
  });
}

/** @param {number} width @param {number} height */
function sheet(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}
