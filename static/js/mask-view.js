// @ts-check
/**
 * Where the picture stands in the window of the painter: to fit at first, then as two fingers say.
 * Pure. Units: `scale` is CSS px for each pixel of the picture; `x` and `y` are its corner in CSS px.
 *
 * @typedef {{scale: number, x: number, y: number}} View
 * @typedef {{width: number, height: number}} Size
 */

const CLOSEST = 8;

/** As large as fits, in the middle. @param {Size} room @param {Size} picture @returns {View} */
export function fit(room, picture) {
  const scale = Math.min(room.width / picture.width, room.height / picture.height);
  return centered({ scale, x: 0, y: 0 }, room, picture);
}

/**
 * Closer or further, with what lies under a point staying there; never smaller than it fits.
 * @param {View} view @param {number} factor @param {{x: number, y: number}} at @param {Size} room @param {Size} picture
 * @returns {View}
 */
export function zoom(view, factor, at, room, picture) {
  const { scale: least } = fit(room, picture);
  const scale = Math.max(least, Math.min(least * CLOSEST, view.scale * factor));
  const by = scale / view.scale;
  return centered({ scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by }, room, picture);
}

/** @param {View} view @param {number} dx @param {number} dy @param {Size} room @param {Size} picture @returns {View} */
export const pan = (view, dx, dy, room, picture) => centered({ ...view, x: view.x + dx, y: view.y + dy }, room, picture);

/** In the middle where there is room to spare, else without a gap at a side. @param {View} view @param {Size} room @param {Size} picture */
function centered({ scale, x, y }, room, picture) {
  /** @param {number} at @param {number} space @param {number} length */
  const place = (at, space, length) =>
    length <= space ? (space - length) / 2 : Math.min(0, Math.max(space - length, at));
  return { scale, x: place(x, room.width, picture.width * scale), y: place(y, room.height, picture.height * scale) };
}

/** A place in the window as a place in the picture. @param {View} view @param {{x: number, y: number}} at @returns {[number, number]} */
export const toPicture = ({ scale, x, y }, at) => [(at.x - x) / scale, (at.y - y) / scale];
