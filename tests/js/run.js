// Runs every test of the files below, writes a line for each, and leaves the outcome in `window.outcome`.

import { tests } from "./check.js";

const FILES = ["format", "store", "set-view", "lineage", "picture-actions", "place", "live", "prompt-text", "completions", "lens-view", "links", "lens-references", "mask", "check-groups", "workflow-form", "media"];

await Promise.all(FILES.map((name) => import(`./${name}.test.js`)));
const failures = [];
for (const { name, run } of tests) {
  let message = "";
  try {
    await run();
  } catch (error) {
    message = String(error.stack ?? error);
    failures.push(`${name}: ${message}`);
  }
  const line = document.createElement("li");
  line.textContent = message ? `FAILED ${name}: ${message}` : name;
  document.querySelector("ol").append(line);
}
window.outcome = { count: tests.length, failures };
document.body.dataset.outcome = failures.length ? "failed" : "passed";
