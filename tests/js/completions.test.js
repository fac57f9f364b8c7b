import { fit, flagRows, offer, valueRows, workflowOf } from "../../static/js/completions.js";
import { equal, test } from "./check.js";

const row = (name, flag, more = {}) => ({
  name, flag, aliases: [], type: "int", min: 0, max: 100, default: 0, choices: [], meaning: name, range: "0–100", group: "image", ...more,
});
const TABLE = [
  row("aspect", "--ar", { aliases: ["--aspect"], type: "ratio", range: "W:H, 1–10000" }),
  row("chaos", "--chaos", { aliases: ["--c"] }),
  row("cw", "--cw", { group: "reference" }),
  row("cfg", "--cfg", { group: "engine" }),
  row("clip_skip", "--clip-skip", { group: "engine" }),
  row("creative", "--creative", { group: "legacy", type: "flag", range: "no value" }),
];
const labels = (rows) => rows.map(({ label }) => label);
const CATALOG = { models: [{ name: "sd_xl.safetensors", label: "SDXL" }, { name: "flux1-dev.safetensors", label: "Flux" }], loras: ["ink.safetensors"] };

test("an exact alias comes first, then usual flags, then the others by group", () =>
  equal(labels(flagRows(TABLE, "c", new Set())), ["--chaos", "--cfg", "--clip-skip", "--cw"]));

test("old flags are offered once they are meant", () => equal(labels(flagRows(TABLE, "cre", new Set())), ["--creative"]));

test("flags that stand there already go last", () => equal(labels(flagRows(TABLE, "", new Set(["ar"])))[0], "--chaos"));

test("letters in order are enough", () => {
  equal([fit("chs", "chaos"), fit("skip", "clip-skip"), fit("c", "scheduler"), fit("zz", "chaos")], [3, 2, null, null]);
});

test("a range that is too long for its column is named", () =>
  equal(flagRows(TABLE, "ar", new Set()).map(({ range }) => range), ["W:H"]));

test("values come from the flag and the catalog, until one is typed to its end", () => {
  const model = row("model", "--model", { type: "text" });
  equal(labels(valueRows(model, CATALOG, "")), ["sd_xl.safetensors", "flux1-dev.safetensors"]);
  equal(labels(valueRows(model, CATALOG, "dev")), ["flux1-dev.safetensors"]);
  equal(labels(valueRows(model, CATALOG, "flux1-dev.safetensors")), []);
  equal(labels(valueRows(row("motion", "--motion", { choices: ["low", "high"] }), null, "h")), ["high"]);
  equal(labels(valueRows(undefined, CATALOG, "x")), []);
});

test("a long dash is punctuation until a letter follows", () => {
  const offered = (text) => offer(text, text.length, TABLE, CATALOG).rows.length;
  equal([offered("fox —"), offered("fox —cf"), offered("fox --"), offered("fox"), offered("fox --ar ")], [0, 1, 5, 0, 8]);
});

test("a workflow is named by a whole word behind its flag", () =>
  equal(
    ["an owl", "an owl --workflow por", "an owl --workflow Portrait --steps 3", "x --workflow=a-b ", "x --workflow {a, b} "].map(workflowOf),
    [null, null, "portrait", "a-b", null],
  ));

test("the flags of a workflow come first, with choices of their own", () => {
  const own = row("cadence", "--cadence", { group: "workflow" });
  equal(labels(flagRows([...TABLE, own], "", new Set()))[0], "--cadence");
  const model = row("model", "--model", { group: "workflow", type: "text", choices: ["flux1-dev.safetensors"] });
  equal(labels(valueRows(model, CATALOG, "")), ["flux1-dev.safetensors"]);
});
