import { readGlb } from "../../static/js/glb.js";
import { chipOf, clockOf, isStill, kindOf, moves, nameOf } from "../../static/js/media.js";
import { makingRows } from "../../static/js/picture-actions.js";
import { alt, ratio } from "../../static/js/set-view.js";
import { equal, test } from "./check.js";
import { images, job } from "./jobs.js";

const file = (media_type, more = {}) => ({ ...images(0)[0], media_type, ...more });
const CLIP = file("video/mp4", { thumbnail: null, width: 832, height: 480, duration_s: 3.24 });
const SOUND = file("audio/flac", { thumbnail: null, width: null, height: null, duration_s: 65 });
const MODEL = file("model/gltf-binary", { thumbnail: null, width: null, height: null });

test("a file is called what it is", () => {
  equal(["image/gif", "video/webm", "model/gltf-binary", "text/plain", "audio/flac", "font/woff"].map((type) => kindOf(file(type))),
    ["image", "video", "model", "text", "audio", "file"]);
  equal([nameOf(CLIP), nameOf(SOUND), nameOf(MODEL), nameOf(undefined)], ["Clip", "Sound", "3D model", "Picture"]);
  equal(alt(job({ images: [CLIP], parameters: { batch_size: 1 } }), 0), "Clip 1 of 1: a red fox");
});

test("a chip says how long it takes, or what it is", () => {
  equal([chipOf(CLIP), chipOf(file("image/gif", { duration_s: 12.4 })), chipOf(file("video/mp4", { duration_s: 65 }))], ["3.2 s", "12 s", "1:05"]);
  equal([chipOf(MODEL), chipOf(file("video/mp4")), chipOf(file("text/plain")), chipOf(file("image/png"))], ["3D", "clip", "", ""]);
  equal([chipOf(SOUND), chipOf(file("audio/wav")), clockOf(0), clockOf(59.9), clockOf(600)], ["1:05", "sound", "0:00", "0:59", "10:00"]);
});

test("only still pictures can be varied, and what moves is known", () => {
  equal([file("image/png"), file("image/webp", { duration_s: 2 }), CLIP, SOUND, MODEL].map(isStill), [true, false, false, false, false]);
  equal([file("image/png"), file("image/webp", { duration_s: 2 }), CLIP, SOUND, MODEL].map(moves), [false, true, true, false, false]);
  equal(makingRows(job({ state: "succeeded", images: [CLIP] }), CLIP).map(({ what }) => what), ["reroll", "remix"]);
});

test("the shape of a set is that of its first file that has one", () => {
  equal(ratio(job({ images: [MODEL, CLIP] })).toFixed(3), (832 / 480).toFixed(3));
  equal(ratio(job({ images: [MODEL], parameters: {} })), 1);
});

/** A GLB of one node with these parts. */
function glb(gltf, floats, corners) {
  const text = new TextEncoder().encode(JSON.stringify(gltf).padEnd(Math.ceil(JSON.stringify(gltf).length / 4) * 4));
  const body = new Uint8Array(floats.length * 4 + corners.length * 2 + (corners.length % 2) * 2);
  body.set(new Uint8Array(Float32Array.from(floats).buffer), 0);
  body.set(new Uint8Array(Uint16Array.from(corners).buffer), floats.length * 4);
  const whole = new DataView(new ArrayBuffer(28 + text.length + body.length));
  [0x46546c67, 2, whole.byteLength, text.length, 0x4e4f534a].forEach((value, at) => whole.setUint32(at * 4, value, true));
  new Uint8Array(whole.buffer).set(text, 20);
  whole.setUint32(20 + text.length, body.length, true);
  whole.setUint32(24 + text.length, 0x004e4942, true);
  new Uint8Array(whole.buffer).set(body, 28 + text.length);
  return whole.buffer;
}
const TRIANGLE = {
  scenes: [{ nodes: [0] }], nodes: [{ mesh: 0, translation: [1, 2, 3], scale: [2, 2, 2] }],
  meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] }],
  accessors: [{ bufferView: 0, componentType: 5126, count: 3, type: "VEC3" }, { bufferView: 1, componentType: 5123, count: 3, type: "SCALAR" }],
  bufferViews: [{ buffer: 0, byteLength: 36 }, { buffer: 0, byteOffset: 36, byteLength: 6 }],
};
const CORNERS = [0, 0, 0, 1, 0, 0, 0, 1, 0];

test("a model is read with its points where the scene puts them", () => {
  const mesh = readGlb(glb(TRIANGLE, CORNERS, [0, 1, 2]));
  equal([...mesh.positions], [1, 2, 3, 3, 2, 3, 1, 4, 3]);
  equal([...mesh.indices], [0, 1, 2]);
});

test("points without indices are triangles, three by three", () => {
  const meshes = [{ primitives: [{ attributes: { POSITION: 0 } }] }];
  equal([...readGlb(glb({ ...TRIANGLE, meshes }, CORNERS, [])).indices], [0, 1, 2]);
});

test("a broken model is refused and does not hang", () => {
  const throws = (act) => { try { act(); return false; } catch { return true; } };
  equal(throws(() => readGlb(new ArrayBuffer(40))), true);
  equal(throws(() => readGlb(glb(TRIANGLE, CORNERS, [0, 1, 7]))), true);
  equal(throws(() => readGlb(glb({ ...TRIANGLE, accessors: TRIANGLE.accessors.map((one) => ({ ...one, count: 900 })) }, CORNERS, [0, 1, 2]))), true);
  const circle = { ...TRIANGLE, nodes: [{ mesh: 0, children: [0] }] };
  equal(readGlb(glb(circle, CORNERS, [0, 1, 2])).indices.length < 400, true);
});
