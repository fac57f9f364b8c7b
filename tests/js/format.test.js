import { about, bytes, columns, day, dayInside, ordinal, ratioClass, spent, splitPrompt, tileWidth } from "../../static/js/format.js";
import { equal, test } from "./check.js";

test("a time to come is rounded as a person would", () =>
  equal([0.2, 7.6, 12.4, 23, 57, 59, 61, 125, 3000, 5400].map(about),
    ["about 1 s", "about 8 s", "about 12 s", "about 25 s", "about 55 s", "about 1 min", "about 1 min", "about 2 min", "about 50 min", "about 1.5 h"]));

test("a time that has passed is told exactly", () =>
  equal([0.04, 3.14, 9.97, 12.4, 59.6, 120, 125, 3700].map(spent), ["0.1 s", "3.1 s", "10 s", "12 s", "1 min", "2 min", "2 min 5 s", "1 h 1 min"]));

test("places in line are ordinals", () =>
  equal([1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111].map(ordinal), ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"]));

test("days have the names that people give them", () => {
  const now = new Date(2026, 10, 20, 0, 5);
  const at = (...parts) => new Date(...parts).toISOString();
  equal([at(2026, 10, 20, 0, 1), at(2026, 10, 19, 23, 59), at(2026, 10, 18, 12), at(2025, 2, 3)].map((iso) => day(iso, now)),
    ["Today", "Yesterday", "18 November", "3 March 2025"]);
  equal(dayInside(at(2026, 10, 19, 12), now), "yesterday");
});

test("bytes are told in the unit that fits", () => equal([900, 640_000, 1_834_201].map(bytes), ["1 kB", "640 kB", "1.8 MB"]));

test("ratio classes begin where the table says", () =>
  equal([0.79, 0.8, 1.19, 1.2, 2.2, 2.21, 5, 5.1].map(ratioClass), [0, 1, 1, 2, 2, 3, 3, 4]));

test("columns follow the table by count, shape and window", () => {
  equal(columns(1.78, 4), [4, 2, 2]);
  equal(columns(0.67, 4), [4, 4, 2]);
  equal(columns(2.33, 4), [2, 2, 1]);
  equal(columns(14, 4), [1, 1, 1]);
  equal(columns(1, 9), [5, 3, 3]);
  equal(columns(1.5, 16), [4, 4, 4]);
});

test("one picture takes half of the wall, other counts the next row of the table and no more columns than pictures", () => {
  equal(columns(1.78, 1), [2, 1, 1]);
  equal(columns(0.67, 5), [5, 5, 3]);
  equal(columns(0.67, 7), [5, 5, 3]);
  equal(columns(0.67, 10), [8, 8, 4]);
  equal(columns(0.67, 40), [8, 8, 4]);
});

test("a tile is as wide as its column, and no taller than the window allows", () => {
  equal(tileWidth(1.75, 4, 1440, 900), 267);
  equal(tileWidth(1, 4, 390, 844), 194);
  equal(tileWidth(0.07, 4, 1440, 900), 41);
});

test("words and flags are told apart as they were typed", () => {
  equal(splitPrompt({ prompt: "a red fox —ar 16:9 --seed 42", text: "a red fox" }), { words: "a red fox", flags: "—ar 16:9 --seed 42" });
  equal(splitPrompt({ prompt: "well-known --no snow--men", text: "well-known" }), { words: "well-known", flags: "--no snow--men" });
  equal(splitPrompt({ prompt: "no flags at all - none", text: "no flags at all - none" }), { words: "no flags at all - none", flags: "" });
  equal(splitPrompt({ prompt: "https://x.y/z.png --iw 2", text: "" }), { words: "https://x.y/z.png", flags: "--iw 2" });
});

test("pictures that are here have a short name in a set's words and flags", () => {
  const [a, b] = [`upload:${"a".repeat(64)}`, "picture:0190f1d2-0000-7000-8000-00000000000a/3"];
  equal(splitPrompt({ prompt: `${a} ${b} --ar 3:2`, text: "" }), { words: "2 pictures, blended", flags: "--ar 3:2" });
  equal(splitPrompt({ prompt: `${a} --workflow text_to_3d --seed 4`, text: "" }), { words: "Text to 3D", flags: "--workflow text_to_3d --seed 4" });
  equal(splitPrompt({ prompt: `--workflow dance --video ${a} --audio-2 ${b} --image ${a}`, text: "" }), { words: "Dance", flags: "--workflow dance --video video --audio-2 sound --image picture" });
  equal(splitPrompt({ prompt: `${a} a fox --sref ${b}::2 7 --raw`, text: "a fox" }), { words: "a fox", flags: "--sref picture::2 7 --raw" });
});
