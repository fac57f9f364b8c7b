import {
  findFlags, isUnfinished, isWordless, paintSpans, readFlag, removeFlag, shiftSpans, spotAt,
  suggestedEdit, toUnits, unitOffsets, withoutWrongFlags, writeFlag, writtenFlags,
} from "../../static/js/prompt-text.js";
import { equal, test } from "./check.js";

const AR = ["ar", "aspect"];
const spots = (...texts) => texts.map((text) => {
  const caret = text.indexOf("|");
  const spot = spotAt(text.replace("|", ""), caret);
  return spot && [spot.kind, spot.name, spot.query, spot.start, spot.end];
});

test("offsets of the server count code points, ours UTF-16 units", () => {
  equal(unitOffsets("a🦊b"), [0, 1, 3, 4]);
  equal(toUnits("a🦊 --ar", [{ start: 3, end: 7 }]), [{ start: 4, end: 8 }]);
});

test("a place outside the text is cut off, and none is none", () =>
  equal(toUnits("abc", [{ start: 1, end: 99 }, { start: null, end: null }, {}]), [{ start: 1, end: 3 }]));

test("flags are found at the start of a word only", () => {
  const names = (text) => findFlags(text).map(({ name }) => name);
  equal(names("--ar 1:1 a word--no b -- c - d --raw"), ["ar", "raw"]);
  equal(names("a —ar 1:1 –-chaos 5 — dash, -ar"), ["ar", "chaos"]);
  equal(names("{--ar 1:1,--AR 2:3}"), ["ar", "ar"]);
});

test("the value of a flag is its first word, or all up to the next flag", () => {
  equal(readFlag("fox --ar 16:9 x --s 2", AR), "16:9");
  equal(readFlag("fox --ar=16:9", AR), "16:9");
  equal(readFlag("fox --model my own model --s 2", ["model"], "all"), "my own model");
  equal([readFlag("fox --raw x", ["raw"], "none"), readFlag("fox", AR)], ["", null]);
});

test("a flag is written in place of the one that stands there, by whatever name", () => {
  equal(writeFlag("fox --aspect 1:1 --no a, b", AR, "--ar 3:2"), "fox --ar 3:2 --no a, b");
  equal(writeFlag("fox --no a, b --ar 1:1 --raw --ar 2:3", AR, "--ar 3:2"), "fox --no a, b --ar 3:2 --raw");
  equal(writeFlag("fox --model my own model --s 2", ["model"], "--model b", "all"), "fox --model b --s 2");
});

test("a new flag goes to the end, and leaves room for words that are still to come", () => {
  equal(writeFlag("fox\n", AR, "--ar 3:2"), "fox --ar 3:2");
  equal(writeFlag(writeFlag("", AR, "--ar 3:2"), ["s"], "--s 5"), " --ar 3:2 --s 5");
  equal([isWordless(" --ar 3:2"), isWordless("a --ar 3:2"), isWordless("")], [true, false, false]);
});

test("a flag is removed with its value and its gap", () => {
  equal(removeFlag("fox --draft --ar 3:2", ["draft"], "none"), "fox --ar 3:2");
  equal(removeFlag("fox --ar 3:2 --raw --aspect 1:1", AR), "fox --raw");
  equal(removeFlag("a\nfox --ar 3:2\n--s 3", AR), "a\nfox\n--s 3");
});

test("written flags are told as they were typed", () =>
  equal(writtenFlags("fox --S 250 —ar 3:2 --no a", [{ names: AR, takes: "word" }, { names: ["s"], takes: "word" }]), ["--S 250", "—ar 3:2"]));

test("the spot under the caret is a flag, a value, or nothing", () => equal(
  spots("fox --|", "fox --ch|ao", "fox --chaos 5|0", "fox --no a, b|", "fox|", "fox --chaos|", "a—b|", "a - b|"),
  [
    ["flag", "", "", 4, 6], ["flag", "ch", "ch", 4, 10], ["value", "chaos", "5", 12, 14],
    ["value", "no", "a, b", 9, 13], null, ["flag", "chaos", "chaos", 4, 11], null, null,
  ],
));

test("spans follow the parser, with a note over its flag", () => {
  const tokens = [{ start: 0, end: 3, kind: "text" }, { start: 4, end: 8, kind: "flag" }, { start: 9, end: 12, kind: "value" }];
  equal(paintSpans("fox --ar 1:1", tokens, [], new Set()), [{ start: 4, end: 8, kind: "flag" }, { start: 9, end: 12, kind: "value" }]);
  equal(paintSpans("fox --ar 1:1", tokens, [], new Set(["ar"]))[0].kind, "note");
});

test("an error that is not told yet looks like what it is becoming", () => {
  const tokens = [{ start: 4, end: 7, kind: "error" }, { start: 8, end: 12, kind: "error" }];
  const kinds = (told) => paintSpans("fox --c 16:0", tokens, told, new Set()).map(({ kind }) => kind);
  equal(kinds([]), ["flag", "value"]);
  equal(kinds([{ start: 4, end: 12 }]), ["error", "error"]);
});

test("a problem that the parser did not see is painted too, one of the whole prompt is not", () => {
  equal(paintSpans("fox --lora x", [{ start: 4, end: 10, kind: "flag" }], [{ start: 11, end: 12 }], new Set()).at(-1), { start: 11, end: 12, kind: "error" });
  equal(paintSpans("fox", [], [{ start: 0, end: 3 }], new Set()), []);
});

test("until the answer is there, spans move with the text and grow where it is typed", () => {
  const flag = (start, end) => [{ start, end, kind: "flag" }];
  equal(shiftSpans(flag(4, 7), "fox --c", "fox --ch"), flag(4, 8));
  equal(shiftSpans(flag(4, 7), "fox --c", "fox --c 5"), flag(4, 7));
  equal(shiftSpans(flag(4, 7), "fox --c", "a fox --c"), flag(6, 9));
  equal(shiftSpans(flag(4, 9), "fox --abc", "fox --axbc"), flag(4, 10));
  equal(shiftSpans(flag(4, 7), "fox --c", "fox "), []);
});

test("a suggestion for a value leaves the flag alone, one for a flag replaces it", () => {
  equal(suggestedEdit("🦊 --ar 16:0", { start: 2, end: 11, suggestion: "16:9" }), { start: 8, end: 12, text: "16:9" });
  equal(suggestedEdit("fox --chaos", { start: 4, end: 11, suggestion: "--chaos 25" }), { start: 4, end: 11, text: "--chaos 25" });
  equal(suggestedEdit("fox --x", { start: 4, end: 7, suggestion: null }), null);
});

test("a flag is unfinished while its list is open or its value comes next", () => {
  const missing = { start: 4, end: 8, allowed: "W:H" };
  const unknown = { start: 4, end: 8, allowed: null };
  equal([isUnfinished("fox --ar ", 9, false, missing), isUnfinished("fox --ar ", 9, true, missing)], [true, true]);
  equal([isUnfinished("fox --xx ", 9, false, unknown), isUnfinished("fox --xx", 8, true, unknown)], [false, true]);
  equal(isUnfinished("fox --ar --c", 12, true, missing), false);
});

test("the text without its wrong flags can be asked about", () => {
  equal(withoutWrongFlags("fox --xx 3 --s 5", [{ start: 4, end: 8 }]), "fox  --s 5");
  equal(withoutWrongFlags("fox:: --s 5", [{ start: 0, end: 5 }]), null);
});
