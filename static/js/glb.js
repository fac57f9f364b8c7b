// @ts-check
/**
 * Reads the triangles of a GLB file: positions where its scene puts them, with a colour each. Pure.
 * What needs more (textures, bones, compression) is left out; a shape is enough for a poster.
 *
 * Source: glTF 2.0 specification (Khronos), chapters 3 and 4.
 *
 * @typedef {{positions: Float32Array, indices: Uint32Array, colours: Float32Array}} Mesh
 *   three numbers a point, three points a triangle, red, green and blue (0–1) a triangle
 * @typedef {Record<string, any>} Json
 * @typedef {number[]} Matrix sixteen numbers, column by column
 */

const MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const TRIANGLES = 4;
/** More than a scene of a person has: nothing here follows a circle. */
const DEEPEST = 64;
/** @type {Record<number, [new (buffer: ArrayBuffer, at: number, count: number) => ArrayLike<number>, number]>} */
const NUMBERS = { 5121: [Uint8Array, 1], 5123: [Uint16Array, 2], 5125: [Uint32Array, 4], 5126: [Float32Array, 4] };
/** @type {Record<string, number>} */
const WIDTHS = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 };
/** @type {Matrix} */
const STILL = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const GREY = [0.72, 0.7, 0.67];

/** @param {ArrayBuffer} buffer @returns {Mesh} */
export function readGlb(buffer) {
  const { gltf, binary } = chunks(buffer);
  /** @type {number[]} */ const positions = [];
  /** @type {number[]} */ const indices = [];
  /** @type {number[]} */ const colours = [];
  const roots = gltf.scenes?.[gltf.scene ?? 0]?.nodes ?? gltf.nodes?.map((/** @type {Json} */ _, /** @type {number} */ at) => at) ?? [];
  /** @param {number} at @param {Matrix} around @param {number} depth */
  const visit = (at, around, depth) => {
    const node = gltf.nodes?.[at];
    if (!node || depth > DEEPEST) return;
    const place = times(around, matrixOf(node));
    for (const primitive of gltf.meshes?.[node.mesh]?.primitives ?? []) add(primitive, place);
    for (const child of node.children ?? []) visit(child, place, depth + 1);
  };
  /** @param {Json} primitive @param {Matrix} place */
  const add = (primitive, place) => {
    if ((primitive.mode ?? TRIANGLES) !== TRIANGLES) return;
    const points = numbers(gltf, binary, primitive.attributes?.POSITION);
    if (!points) return;
    // without indices each three points are a triangle
    const corners = numbers(gltf, binary, primitive.indices) ?? Uint32Array.from({ length: points.length / 3 }, (_, at) => at);
    const base = positions.length / 3;
    for (let at = 0; at < points.length; at += 3) positions.push(...moved(place, points[at], points[at + 1], points[at + 2]));
    const painted = numbers(gltf, binary, primitive.attributes?.COLOR_0);
    const width = WIDTHS[gltf.accessors?.[primitive.attributes?.COLOR_0]?.type] ?? 4;
    const most = painted && painted instanceof Float32Array ? 1 : painted instanceof Uint16Array ? 65535 : 255;
    const plain = gltf.materials?.[primitive.material]?.pbrMetallicRoughness?.baseColorFactor ?? GREY;
    for (let at = 0; at + 2 < corners.length; at += 3) {
      const triangle = [corners[at], corners[at + 1], corners[at + 2]];
      if (triangle.some((corner) => !(corner < points.length / 3))) throw new Error("This GLB names points that it does not have.");
      indices.push(...triangle.map((corner) => base + corner));
      for (let part = 0; part < 3; part += 1) colours.push(painted ? painted[triangle[0] * width + part] / most : plain[part]);
    }
  };
  for (const root of roots) visit(root, STILL, 0);
  return { positions: Float32Array.from(positions), indices: Uint32Array.from(indices), colours: Float32Array.from(colours) };
}

/** @param {ArrayBuffer} buffer @returns {{gltf: Json, binary: ArrayBuffer}} */
function chunks(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < 20 || view.getUint32(0, true) !== MAGIC) throw new Error("This is no GLB.");
  const length = view.getUint32(12, true);
  if (view.getUint32(16, true) !== JSON_CHUNK || 20 + length > buffer.byteLength) throw new Error("This GLB is broken.");
  const gltf = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 20, length)));
  const at = 20 + length;
  const size = at + 8 <= buffer.byteLength ? Math.min(view.getUint32(at, true), buffer.byteLength - at - 8) : 0;
  return { gltf, binary: buffer.slice(at + 8, at + 8 + size) };
}

/** The numbers of an accessor; undefined when it is not in the file. @param {Json} gltf @param {ArrayBuffer} binary @param {number|undefined} index */
function numbers(gltf, binary, index) {
  const accessor = gltf.accessors?.[/** @type {number} */ (index)];
  const view = accessor && gltf.bufferViews?.[accessor.bufferView];
  const [Kind, bytes] = NUMBERS[accessor?.componentType] ?? [];
  if (!view || !Kind || !bytes || view.buffer) return undefined;
  const width = WIDTHS[accessor.type] ?? 1;
  const start = (view.byteOffset ?? 0) + (accessor.byteOffset ?? 0);
  const stride = view.byteStride ?? width * bytes;
  if (start + stride * (accessor.count - 1) + width * bytes > binary.byteLength) throw new Error("This GLB ends too early.");
  if (stride === width * bytes) return new Kind(binary.slice(start, start + accessor.count * stride), 0, accessor.count * width);
  const packed = new Float32Array(accessor.count * width);
  for (let at = 0; at < accessor.count; at += 1) {
    packed.set(/** @type {any} */ (new Kind(binary.slice(start + at * stride, start + at * stride + width * bytes), 0, width)), at * width);
  }
  return packed;
}

/** @param {Json} node @returns {Matrix} */
function matrixOf({ matrix, translation = [0, 0, 0], rotation = [0, 0, 0, 1], scale = [1, 1, 1] }) {
  if (matrix) return matrix;
  const [x, y, z, w] = rotation;
  const turned = [
    [1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)],
    [2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)],
    [2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)],
  ];
  return [...turned.flatMap((column, at) => [...column.map((part) => part * scale[at]), 0]), ...translation, 1];
}

/** @param {Matrix} one @param {Matrix} other @returns {Matrix} */
const times = (one, other) => Array.from({ length: 16 }, (_, at) => {
  const [column, line] = [at >> 2, at & 3];
  return [0, 1, 2, 3].reduce((sum, part) => sum + one[part * 4 + line] * other[column * 4 + part], 0);
});

/** @param {Matrix} m @param {number} x @param {number} y @param {number} z */
const moved = (m, x, y, z) => [0, 1, 2].map((line) => m[line] * x + m[4 + line] * y + m[8 + line] * z + m[12 + line]);
