// @ts-check
/**
 * Draws the triangles of a model onto a canvas, each pixel the nearest one: no graphics card is asked, so that a poster
 * looks the same everywhere.
 *
 * Units: angles in radians; `turn` around the upright axis, `tilt` from above.
 */

/** From a little beside and above, as one looks at a thing on a table. */
export const FRONT = { turn: -0.5, tilt: 0.35 };
/** From the upper left, towards the model. */
const LIGHT = [-0.45, 0.75, 0.5];
const SHADE = 0.34;
/** How much of the canvas a model fills. */
const FILLED = 0.86;

/**
 * @param {HTMLCanvasElement} canvas @param {import("./glb.js").Mesh} mesh
 * @param {{turn: number, tilt: number}} [from]
 */
export function drawModel(canvas, mesh, from = FRONT) {
  const { width, height } = canvas;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const picture = context.createImageData(width, height);
  const seen = project(mesh.positions, from, width, height);
  const nearest = new Float32Array(width * height).fill(-Infinity);
  const pixels = new Uint32Array(picture.data.buffer);
  const { indices, colours } = mesh;
  for (let at = 0; at < indices.length; at += 3) {
    const [a, b, c] = [indices[at] * 3, indices[at + 1] * 3, indices[at + 2] * 3];
    const light = lightOf(seen, a, b, c);
    const part = (/** @type {number} */ which) => Math.min(255, 255 * Math.sqrt(Math.max(0, colours[at + which])) * light);
    const colour = (255 << 24 | part(2) << 16 | part(1) << 8 | part(0)) >>> 0;
    raster(seen, a, b, c, width, height, nearest, pixels, colour);
  }
  context.putImageData(picture, 0, 0);
}

/** Points as they are seen: x to the right, y down, z towards the eye. @param {Float32Array} points @param {{turn: number, tilt: number}} from @param {number} width @param {number} height */
function project(points, { turn, tilt }, width, height) {
  const [sinT, cosT, sinP, cosP] = [Math.sin(turn), Math.cos(turn), Math.sin(tilt), Math.cos(tilt)];
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  points.forEach((value, at) => {
    low[at % 3] = Math.min(low[at % 3], value);
    high[at % 3] = Math.max(high[at % 3], value);
  });
  const middle = low.map((value, at) => (value + high[at]) / 2);
  // the same size from every side, so that it does not breathe while it is turned
  const across = Math.hypot(...low.map((value, at) => high[at] - value)) || 1;
  const scale = (Math.min(width, height) / across) * FILLED * 1.2;
  const seen = new Float32Array(points.length);
  for (let at = 0; at < points.length; at += 3) {
    const [x, y, z] = [points[at] - middle[0], points[at + 1] - middle[1], points[at + 2] - middle[2]];
    const [side, depth] = [x * cosT + z * sinT, z * cosT - x * sinT];
    seen[at] = width / 2 + side * scale;
    seen[at + 1] = height / 2 - (y * cosP - depth * sinP) * scale;
    seen[at + 2] = (depth * cosP + y * sinP) * scale;
  }
  return seen;
}

/** @param {Float32Array} p @param {number} a @param {number} b @param {number} c */
function lightOf(p, a, b, c) {
  const [ux, uy, uz] = [p[b] - p[a], p[a + 1] - p[b + 1], p[b + 2] - p[a + 2]];
  const [vx, vy, vz] = [p[c] - p[a], p[a + 1] - p[c + 1], p[c + 2] - p[a + 2]];
  const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const length = Math.hypot(...normal) || 1;
  // what is seen faces the eye, whichever way round its corners are told
  const facing = normal[2] < 0 ? -1 : 1;
  const bright = normal.reduce((sum, part, at) => sum + (part / length) * facing * LIGHT[at], 0);
  return SHADE + (1 - SHADE) * Math.max(0, bright);
}

/**
 * @param {Float32Array} p @param {number} a @param {number} b @param {number} c @param {number} width @param {number} height
 * @param {Float32Array} nearest @param {Uint32Array} pixels @param {number} colour
 */
function raster(p, a, b, c, width, height, nearest, pixels, colour) {
  const area = (p[b] - p[a]) * (p[c + 1] - p[a + 1]) - (p[c] - p[a]) * (p[b + 1] - p[a + 1]);
  if (!area) return;
  const left = Math.max(0, Math.floor(Math.min(p[a], p[b], p[c])));
  const right = Math.min(width - 1, Math.ceil(Math.max(p[a], p[b], p[c])));
  const top = Math.max(0, Math.floor(Math.min(p[a + 1], p[b + 1], p[c + 1])));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(p[a + 1], p[b + 1], p[c + 1])));
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      const v = ((x + 0.5 - p[a]) * (p[c + 1] - p[a + 1]) - (p[c] - p[a]) * (y + 0.5 - p[a + 1])) / area;
      const w = ((p[b] - p[a]) * (y + 0.5 - p[a + 1]) - (x + 0.5 - p[a]) * (p[b + 1] - p[a + 1])) / area;
      if (v < 0 || w < 0 || v + w > 1) continue;
      const depth = p[a + 2] + v * (p[b + 2] - p[a + 2]) + w * (p[c + 2] - p[a + 2]);
      const at = y * width + x;
      if (depth <= nearest[at]) continue;
      nearest[at] = depth;
      pixels[at] = colour;
    }
  }
}
