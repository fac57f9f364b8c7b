import { keyed, makingRows, menuRows, otherRows, shapeOf } from "../../static/js/picture-actions.js";
import { equal, test } from "./check.js";
import { images, job } from "./jobs.js";

const done = (changes = {}) => job({ state: "succeeded", images: images(0, 1, 2, 3), ...changes });
const labels = (changes = {}, picture = {}) => makingRows(done(changes), { ...images(0)[0], ...picture }).map(({ label }) => label);

test("the rows stand in one order wherever they are shown", () =>
  equal(labels(), ["Vary, subtle", "Vary, strong", "Upscale 2×", "Upscale, creative", "Zoom out", "Pan", "Repaint a part",
    "Draw and redesign…", "Make square", "Change shape…", "Picture alone", "Reroll all four", "Remix…", "Use as…"]));

test("what would change nothing is not offered", () => {
  equal(labels({}, { width: 768 }).includes("Make square"), false);
  equal(labels({ images: images(0), parameters: { batch_size: 1 } }).filter((label) => /alone|Reroll/.test(label)), ["Reroll"]);
  equal(labels({ parameters: { batch_size: 2, draft: true }, images: images(0, 1) }).filter((label) => /Enhance|Reroll/.test(label)), ["Enhance", "Reroll both"]);
});

test("a set in the trash can be kept or brought back, and no more", () => {
  const gone = done({ deleted_at: "2026-11-20T12:00:00Z" });
  equal(makingRows(gone, gone.images[0]), []);
  equal(menuRows(gone, 0).flat().map(({ what }) => what), ["download", "prompt", "again", "copy-prompt", "copy-seed", "file", "restore"]);
});

test("the menu of a set tells what goes for all its pictures", () => {
  equal(menuRows(done(), null).map((rows) => rows.map(({ what }) => what)),
    [["reroll", "remix"], ["download-all", "prompt", "again", "copy-prompt", "trash"]]);
  equal(menuRows(job(), null).flat().map(({ what }) => what), ["prompt", "copy-prompt"]);
  equal(otherRows(done(), null).map(({ what }) => what), ["copy-prompt", "trash"]);
});

test("keys ask once, whatever their case, and Shift makes a variation strong", () => {
  const press = (key, shiftKey = false, repeat = false) => keyed({ key, shiftKey, repeat });
  equal([press("v"), press("V", true), press("V"), press("u"), press("P", true), press("x") ?? null, press("v", false, true) ?? null],
    ["vary-subtle", "vary-strong", "vary-subtle", "upscale", "pan-by-arrow", null, null]);
});

test("a size has the shape that it comes near to", () =>
  equal([[1344, 768], [1024, 1024], [832, 1248], [1000, 700]].map(([width, height]) => shapeOf({ width, height })), ["16:9", "1:1", "2:3", null]));
