import { begun, deed, given, kin, lineage, repeat, source } from "../../static/js/lineage.js";
import { equal, test } from "./check.js";
import { job } from "./jobs.js";

const ID = (n) => `01980000-0000-7000-8000-00000000000${n}`;
const PARENT = job({ id: ID(1), number: 128, canonical: "a red fox --ar 16:9 --seed 2" });
const child = (origin, changes = {}) => job({
  id: ID(2), number: 129, parents: [{ job: ID(1), image: 1 }],
  parameters: { batch_size: 4, ...(origin && { origin: { source: `picture:${ID(1)}/1`, ...origin } }), ...changes.parameters },
  ...Object.fromEntries(Object.entries(changes).filter(([name]) => name !== "parameters")),
});
const line = (...of) => lineage(child(...of), PARENT);

test("a set says which picture it grew from, and how", () => {
  equal(line({ action: "zoom", factor: 1.5 }, { kind: "zoom" }), "Zoom out 1.5× of set 128, picture 2");
  equal(line({ action: "zoom", factor: null }), "Zoom out 2× of set 128, picture 2");
  equal(line({ action: "variation", strength: "subtle" }), "Subtle variation of set 128, picture 2");
  equal(line({ action: "upscale", strength: "creative" }), "Creative upscale of set 128, picture 2");
  equal(line({ action: "pan", direction: "left" }), "Pan left from set 128, picture 2");
  equal(line({ action: "reshape" }, { parameters: { aspect: "21:9" } }), "Shape 21:9 from set 128, picture 2");
  equal(line({ action: "region" }), "Repaint of set 128, picture 2");
  equal(line(null, { kind: "single", parameters: { member: 1 } }), "Picture alone from set 128, picture 2");
});

test("a set of the same prompt is a reroll, one of another prompt a remix", () => {
  equal(line(null), "Reroll of set 128");
  equal(line(null, { prompt: "a red fox, --ar 16:9", canonical: "a red fox --ar 16:9 --seed 7" }), "Reroll of set 128");
  equal(line(null, { prompt: "a blue fox", canonical: "a blue fox --ar 16:9 --seed 7" }), "Remix of set 128");
  equal(lineage(child(null), undefined), "Another version of an earlier set");
});

test("pictures that a prompt uses are told as such", () => {
  equal(line(null, { canonical: `picture:${ID(1)}/1 a fox` }), "With set 128, picture 2");
  equal(line(null, { kind: "blend", parents: [{ job: ID(1), image: 0 }, { job: ID(3), image: 0 }] }), "Blend of 2 pictures");
  equal(line(null, { kind: "edit" }), "Edit of set 128, picture 2");
});

test("the number of the parent comes when it is known, and a set alone has no lineage", () => {
  equal(lineage(child({ action: "square" }), undefined), "Square from an earlier set");
  equal(lineage(job(), undefined), "");
  equal(deed(job(), undefined), null);
});

test("a reroll of a child repeats its origin, and is told as a reroll of the child", () => {
  const zoomed = { ...child({ action: "zoom" }), canonical: "a red fox --seed 7" };
  const reroll = child({ action: "zoom" }, { id: ID(3), parents: [{ job: ID(2), image: 0 }] });
  equal(lineage(reroll, zoomed), "Reroll of set 129");
  equal(lineage({ ...reroll, canonical: zoomed.canonical }, zoomed), "Made again from set 129");
  equal(source(child({ action: "zoom" }, { parents: [] })), { job: ID(1), image: 1 });
});

test("what an action has begun is said in one sentence", () => {
  equal(begun([child({ action: "zoom", factor: 2 })], PARENT), "Set 129: zoom out 2× of picture 2");
  equal(begun([child(null)], PARENT), "Set 129: reroll of set 128");
  const single = { ...PARENT, parameters: { batch_size: 1 } };
  equal(begun([child({ action: "upscale" }), job({ number: 131 })], single), "Sets 129 to 131: upscale of set 128");
});

test("what its prompt does not make again is made from its picture again", () => {
  equal([job(), child(null)].map(repeat), [null, null]);
  equal(repeat(child({ action: "pan" })), [ID(2), { action: "remix", image: 0, prompt: job().canonical }]);
  equal(repeat(child(null, { parameters: { member: 1 } })), [ID(1), { action: "single", image: 1 }]);
});

test("a family is told from the first set down to what grew from this one", () => {
  const zoomed = child({ action: "zoom" });
  const varied = child({ action: "variation", strength: "strong", source: `picture:${ID(2)}/3` }, { id: ID(3), number: 130, parents: [{ job: ID(2), image: 3 }] });
  const sister = child({ action: "pan", direction: "up" }, { id: ID(4), number: 131 });
  const jobs = new Map([PARENT, zoomed, varied, sister].map((one) => [one.id, one]));
  const edges = [
    { parent: ID(1), image: 1, child: ID(2) }, { parent: ID(2), image: 3, child: ID(3) }, { parent: ID(1), image: 1, child: ID(4) },
  ];
  const told = (here) => kin({ root: ID(1), jobs: [], edges }, jobs, here).map(({ name, place, depth, here: current }) => [name, place, depth, current]);
  equal(told({ job: ID(2), image: 0 }), [
    ["First set", "Set 128, picture 2", 0, false], ["Zoom out 2×", "Set 129, picture 1", 1, true], ["Strong variation", "Set 130", 2, false],
  ]);
  equal(told({ job: ID(1), image: 0 }).map(([name]) => name), ["First set", "Zoom out 2×", "Pan up"]);
});

test("a run whose prompt cannot say its texts to the letter is made again by its values", () => {
  const run = (prompt, changes = {}, canonical = "") => job({
    kind: "workflow", text: prompt.replace(/--/g, "-- ").replace(/\s+/g, " ").trim(), canonical,
    parameters: { workflow: "it", prompt, steps: 4, seed: 7, batch_size: 4, width: 64, ...changes },
  });
  const names = ["prompt", "negative", "steps", "seed", "batch_size", "image"];
  equal(given(run("a fox, red"), names), null);
  equal(given(run("a fox", { negative: "", image: null }), names), null);
  equal(given(run("a fox --steps 5", { outputs: 2, image: "upload:a" }), names),
    { parameters: { prompt: "a fox --steps 5", steps: 4, seed: 7, batch_size: 2, image: "upload:a" } });
  equal(given(run("a fox", { negative: "a\nb" }), names)?.parameters.negative, "a\nb");
  equal(given(run("a fox", {}, "x".repeat(7000)), names)?.parameters.prompt, "a fox");
  equal(given(run("a --b", { loras: [{ value: "ink", weight: 1 }] }), names), null);
});
