// @ts-check
// A filled form as a command line and as a prompt: each makes the same job as the button. Pure.

import { changed, picturesOf, request } from "./form-values.js";

/**
 * @typedef {import("./form-values.js").Workflow} Workflow
 * @typedef {import("./form-values.js").Values} Values
 */

/** What a prompt would read as a flag. */
const FLAG = /(?:^|\s)(?:--|—|–)\p{L}[\p{L}\p{N}_-]*/u;

/** In quotes for a shell. @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** @param {string} server its address, with its path @param {Workflow} workflow @param {Values} values */
export function asCurl(server, workflow, values) {
  const body = JSON.stringify(request(workflow, values));
  return `curl ${server}/api/workflows/${workflow.id} -H 'content-type: application/json' -d ${quoted(body)}`;
}

/** Braces would open a group, and a prompt is one line. @param {string} text */
const literal = (text) => text.replace(/[{}]|(?<=\\),/g, "\\$&").replace(/\s+/g, " ").trim();

/** @param {Workflow} workflow @param {Values} values */
export function asPrompt(workflow, values) {
  const all = changed(workflow, values);
  const words = all.find(({ parameter }) => parameter.name === "prompt");
  const front = frontOf(workflow, values);
  const flags = all.filter((each) => each !== words && !front.has(each.parameter.name));
  return [...front.values(), words ? literal(String(words.value)) : "", `--workflow ${workflow.id}`,
    ...flags.map(({ parameter, value }) => `${parameter.flag} ${written(value)}`)].filter(Boolean).join(" ");
}

/** Links at the front go into the fields for pictures in order, so only those without a gap before them stand there. @param {Workflow} workflow @param {Values} values */
function frontOf(workflow, values) {
  /** @type {Map<string, string>} */
  const front = new Map();
  for (const { name } of workflow.parameters.filter(({ type }) => type === "image")) {
    const pictures = picturesOf(values, name);
    if (pictures.length !== 1) break;
    front.set(name, pictures[0].link);
  }
  return front;
}

/** @param {import("./form-values.js").Value} value */
function written(value) {
  if (typeof value === "boolean") return value ? "on" : "off";
  if (!Array.isArray(value)) return literal(String(value));
  const links = value.map(({ link }) => link);
  return links.length > 1 ? `{${links.join(", ")}}` : links[0];
}

/** What stands in the texts of a form that a prompt would read as a flag; "" when nothing does. @param {Workflow} workflow @param {Values} values */
export function misread(workflow, values) {
  const texts = changed(workflow, values).filter(({ parameter }) => parameter.type === "text").map(({ value }) => String(value));
  return texts.map((text) => FLAG.exec(text)?.[0].trim()).find(Boolean) ?? "";
}
