// @ts-check
// The API's own page: reads openapi.json and shows each request, with a form to try it.

import { reconcile, say, template } from "./dom.js";

/**
 * @typedef {{ $ref?: string, type?: string, description?: string, default?: unknown, anyOf?: Schema[], items?: Schema, enum?: unknown[],
 *   const?: unknown, minimum?: number, maximum?: number, properties?: Record<string, Schema>, required?: string[] }} Schema
 * @typedef {{ name: string, in: string, description?: string, schema: Schema }} Parameter
 * @typedef {{ summary: string, parameters: Parameter[], responses: Record<string, { description: string }>,
 *   requestBody?: { content: Record<string, { schema: Schema }> } }} Operation
 */

const base = document.documentElement.dataset.base ?? "";
const JSON_TYPE = "application/json";
const EXAMPLE = { prompt: "a red fox in the snow --ar 16:9" };

const card = template(`
  <details class="operation">
    <summary><span class="method"></span><span class="path"></span><span class="what"></span></summary>
    <div class="inside">
      <section data-part="parameters"><h2>Takes</h2><dl class="fields"></dl></section>
      <section data-part="body"><h2>Body</h2><dl class="fields"></dl></section>
      <section data-part="answers"><h2>Answers</h2><dl class="fields"></dl></section>
      <form class="try"></form>
    </div>
  </details>`);
const field = template(`<label><span></span></label>`);
const send = template(`<button class="btn quiet">Send</button>`);
const answer = template(`<pre class="answer" tabindex="0" role="region" aria-label="Answer" hidden></pre>`);

/** @type {Record<string, Schema>} */
let schemas = {};

/** @param {Schema} schema @returns {Schema} */
const resolve = (schema) => (schema.$ref ? schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {} : schema);

/** Says what a value may be, in a few words. @param {Schema} schema @returns {string} */
function kind(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1) ?? "";
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.const !== undefined) return String(schema.const);
  if (schema.type === "array") return `list of ${kind(schema.items ?? {})}`;
  const range = schema.minimum !== undefined && schema.maximum !== undefined ? ` ${schema.minimum}–${schema.maximum}` : "";
  return (schema.type ?? "any") + range;
}

/** @param {Element} list @param {[string, string][]} rows */
function fill(list, rows) {
  list.replaceChildren(
    ...rows.flatMap(([name, text]) => {
      const term = document.createElement("dt");
      const detail = document.createElement("dd");
      term.textContent = name;
      detail.textContent = text;
      return [term, detail];
    }),
  );
  const section = list.closest("section");
  if (section) section.hidden = rows.length === 0;
}

/** @param {Schema} schema @param {string} [about] */
const describe = (schema, about) =>
  [kind(schema), schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`, about ?? schema.description ?? ""]
    .filter(Boolean)
    .join(" · ");

/** The body as JSON, or as a form where there is no other. @param {Operation} operation @returns {Schema} */
function bodyOf({ requestBody }) {
  const content = requestBody?.content ?? {};
  const kind = content[JSON_TYPE] ?? content["multipart/form-data"];
  return kind ? resolve(kind.schema) : {};
}

/** @param {string} method @param {string} path @param {Operation} operation */
function show(method, path, operation) {
  const element = card();
  /** @param {string} selector */
  const part = (selector) => /** @type {HTMLElement} */ (element.querySelector(selector));
  say(part(".method"), method.toUpperCase());
  say(part(".path"), path);
  say(part(".what"), operation.summary);
  fill(part("[data-part=parameters] dl"), operation.parameters.map((p) => [p.name, describe(p.schema, p.description)]));
  const body = bodyOf(operation);
  fill(part("[data-part=body] dl"), Object.entries(body.properties ?? {}).map(([name, schema]) => [name, describe(schema)]));
  fill(part("[data-part=answers] dl"), Object.entries(operation.responses).map(([status, { description }]) => [status, description]));
  tryIt(/** @type {HTMLFormElement} */ (part(".try")), method, path, operation);
  return element;
}

/** @param {HTMLFormElement} form @param {string} method @param {string} path @param {Operation} operation */
function tryIt(form, method, path, operation) {
  if (path === "/api/live" || path.endsWith("/events")) return form.remove();
  for (const parameter of operation.parameters.filter((p) => p.in !== "header")) {
    const label = field();
    say(/** @type {Element} */ (label.firstElementChild), parameter.name);
    label.append(Object.assign(document.createElement("input"), { name: parameter.name, required: parameter.in === "path" }));
    form.append(label);
  }
  if (operation.requestBody && !operation.requestBody.content[JSON_TYPE]) {
    const label = field();
    say(/** @type {Element} */ (label.firstElementChild), "image");
    label.append(Object.assign(document.createElement("input"), { name: "image", type: "file", required: true }));
    form.append(label);
  } else if (operation.requestBody) {
    const label = field();
    say(/** @type {Element} */ (label.firstElementChild), "Body");
    const properties = bodyOf(operation).properties ?? {};
    const example = "prompt" in properties ? EXAMPLE : Object.fromEntries(Object.keys(properties).map((name) => [name, []]));
    label.append(Object.assign(document.createElement("textarea"), { name: "body", rows: 3, value: JSON.stringify(example) }));
    form.append(label);
  }
  const output = answer();
  form.append(send(), output);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void request(form, method, path, operation).then((text) => {
      output.hidden = false;
      say(output, text);
    });
  });
}

/** @param {HTMLFormElement} form @param {string} method @param {string} path @param {Operation} operation */
async function request(form, method, path, operation) {
  const values = new FormData(form);
  const query = new URLSearchParams();
  for (const { name, in: place } of operation.parameters) {
    const value = String(values.get(name) ?? "");
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    if (place === "query" && value) query.set(name, value);
  }
  const body = values.get("body");
  const file = values.get("image");
  const upload = new FormData();
  if (file instanceof File) upload.append("image", file);
  try {
    const reply = await fetch(`${base}${path}${query.size ? `?${query}` : ""}`, {
      method: method.toUpperCase(),
      ...(body === null ? {} : { body, headers: { "content-type": JSON_TYPE } }),
      ...(file instanceof File ? { body: upload } : {}),
      signal: AbortSignal.timeout(30_000),
    });
    const isText = /json|text/.test(reply.headers.get("content-type") ?? "");
    const text = isText ? await reply.text() : `${reply.headers.get("content-type")}, ${reply.headers.get("content-length")} bytes`;
    return `${reply.status} ${reply.statusText}\n\n${pretty(text)}`;
  } catch {
    return "The server is out of reach.";
  }
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function main() {
  const origin = document.querySelector("[data-origin]");
  if (origin) say(origin, location.origin + base);
  const list = /** @type {Element} */ (document.querySelector("#operations"));
  const reply = await fetch(`${base}/api/openapi.json`, { signal: AbortSignal.timeout(30_000) });
  const description = await reply.json();
  schemas = description.components.schemas;
  /** @type {Map<string, [string, string, Operation]>} */
  const operations = new Map();
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, operation] of Object.entries(methods)) operations.set(`${method} ${path}`, [method, path, operation]);
  reconcile(
    list,
    [...operations.keys()],
    (key) => show(.../** @type {[string, string, Operation]} */ (operations.get(key))),
    () => {},
  );
}

void main();
