import { heard, readPreview } from "../../static/js/live.js";
import { equal, test } from "./check.js";

const frame = (...bytes) => new Uint8Array(bytes).buffer;
const ID = [1, 0x98, 2, 3, 4, 5, 0x76, 7, 8, 9, 10, 11, 12, 13, 14, 15];

test("a preview frame names its job, its picture and its type", async () => {
  const { job, image, blob } = readPreview(frame(1, 3, 0, 2, ...ID, 0xaa, 0xbb));
  equal([job, image, blob.type, blob.size], ["01980203-0405-7607-0809-0a0b0c0d0e0f", 2, "image/webp", 2]);
});

test("a preview of a whole batch shows its first picture", () => equal(readPreview(frame(1, 1, 255, 255, ...ID, 1)).image, 0));

test("a frame of another version, an unknown format or no picture is dropped", () =>
  equal([frame(2, 1, 0, 0, ...ID, 1), frame(1, 9, 0, 0, ...ID, 1), frame(1, 1, 0, 0, ...ID)].map(readPreview), [null, null, null]));

test("a gap is resumed from the last change that the socket told", () => {
  const after = (...messages) => messages.reduce(heard, { since: 0, start: 0 }).since;
  const hello = (sequence, resumed) => ({ type: "hello", sequence, resumed });
  const snapshot = { type: "snapshot", jobs: [{ id: "a", sequence: 14 }] };
  const job = (sequence) => ({ type: "job", job: { id: "a", sequence } });
  equal(after(hello(12, false)), 0); // lost before the snapshot came
  equal(after(hello(12, false), snapshot), 12); // a change before that of sequence 14 may not be told yet
  equal(after(hello(12, false), snapshot, job(13), { type: "removed", job: "b", sequence: 15 }), 15);
  equal(after(hello(12, false), snapshot, job(13), hello(40, true), job(14)), 14); // lost on the way to 40
  equal(after(hello(40, false), snapshot, hello(7, false), snapshot), 7); // another database
});
