import { merge, placesInText, split } from "../../static/js/lens-references.js";
import { equal, test } from "./check.js";

const A = `upload:${"a".repeat(64)}`;
const B = `upload:${"b".repeat(64)}`;
const P = "picture:0190f1d2-0000-7000-8000-00000000000a/3";
const image = (link) => ({ link, role: "image", weight: 1 });
const style = (link, weight = 1) => ({ link, role: "style", weight });

test("each role is written where the language wants it", () => {
  const references = [style(A, 2), image(P), { link: B, role: "character", weight: 1 }, { link: A, role: "edit", weight: 1 }];
  equal(merge("a fox --ar 3:2", references), {
    prompt: `${P} a fox --ar 3:2 --sref ${A}::2 --oref ${B} --edit ${A}`, start: P.length + 1,
  });
  equal(merge("", [image(A), image(B)]).prompt, `${A} ${B}`);
  equal(merge("a fox", []), { prompt: "a fox", start: 0 });
});

test("a prompt is split into its words and the pictures that are here", () => {
  equal(split(`${A} ${P}, a fox --sref ${B}::0.5 123 --ar 3:2 --oref ${P}`), {
    text: "a fox --sref 123 --ar 3:2",
    references: [image(A), image(P), style(B, 0.5), { link: P, role: "character", weight: 1 }],
  });
});

test("web links, links in permutations and links in the words stay text", () => {
  for (const prompt of [
    "https://example.com/a.png a fox --sref https://example.com/b.png", `{${A}, ${B}} a fox`,
    `a fox --sref {${A}, ${B}}`, `a fox {--sref ${A}, --raw}`, `a fox ${A}`, `${A}::2 a fox`, `a fox --dref ${A}`,
  ]) equal(split(prompt), { text: prompt, references: [] });
  equal(split(`https://x.io/a ${A} a fox`), { text: "https://x.io/a a fox", references: [image(A)] });
});

test("one character goes by --oref, several by --cref, and --cref stays what it was", () => {
  const one = { link: A, role: "character", weight: 1 };
  equal(merge("a fox", [one]).prompt, `a fox --oref ${A}`);
  equal(merge("a fox", [one, { ...one, link: B }]).prompt, `a fox --cref ${A} ${B}`);
  equal(merge("a fox", split(`a fox --cref ${A}`).references).prompt, `a fox --cref ${A}`);
});

test("what was merged is split into the same, and merged into the same again", () => {
  const texts = ["a fox", "a fox --ar 16:9", "a {red, blue} fox --no fog, rain", "", "--raw", "fox --ar", "a — b --sref 5 random",
    "https://x.io/a.png fox", "two\nlines --c 5\n--raw"];
  const roles = ["image", "style", "character", "edit"];
  let state = 7;
  const draw = (below) => (state = (state * 48271) % 2147483647) % below;
  for (let round = 0; round < 300; round += 1) {
    const text = texts[draw(texts.length)];
    const drawn = Array.from({ length: draw(6) }, () => ({ link: [A, B, P][draw(3)], role: roles[draw(4)], weight: 1 }));
    for (const each of drawn) if (each.role === "style") each.weight = draw(9) / 4;
    const { prompt } = merge(text, drawn);
    const back = split(prompt);
    equal(back.text, text);
    const by = (list) => roles.map((role) => list.filter((each) => each.role === role).map(({ link, weight }) => [link, weight]));
    equal(by(back.references), by(drawn));
    equal(merge(back.text, back.references).prompt, prompt);
  }
});

test("places in the merged prompt become places in the text", () => {
  const marks = [{ start: 0, end: 5 }, { start: 7, end: 9 }, { start: 0, end: 30 }, { start: 20, end: 30 }, { start: null, end: null }];
  equal(placesInText(marks, 6, 10).map(({ start, end }) => [start, end]), [[null, null], [1, 3], [0, 10], [null, null], [null, null]]);
});
