// @ts-check
/**
 * What a form of a workflow holds: which control each parameter gets, what was set in it, and the request that this
 * makes. Only what was set is kept: the rest follows the defaults, also when the file or the engine changes them. Pure.
 *
 * @typedef {boolean|number|string} Plain
 * @typedef {"int"|"float"|"bool"|"choice"|"text"|"seed"|"image"|"mask"|"video"|"audio"|"model"|"lora"} Type
 * @typedef {{name: string, flag: string, type: Type, label: string, description: string, default: Plain|null,
 *   required: boolean, min: number|null, max: number|null, step: number|null, choices: Plain[]|null,
 *   rank: "main"|"more", hint?: Plain|null}} Parameter  `hint`: what could stand there, where nothing does by default
 * @typedef {import("./api.js").Detail} Detail
 * @typedef {{id: string, name: string, description: string, category: string, family: string, source: "shipped"|"own",
 *   inputs: {prompt: boolean, images: {min: number, max: number}, videos?: {min: number, max: number},
 *     audios?: {min: number, max: number}, mask: "required"|"optional"|null, batch: boolean},
 *   max_batch_size: number, parameters: Parameter[], outputs: string[], picture: string|null, notes: string[],
 *   available: boolean, reason: string|null, problems: Detail[], revision: string}} Workflow
 * @typedef {{link: string, thumbnail: string, url: string, width: number, height: number,
 *   duration_s?: number|null, name?: string}} Picture a file that is here: a picture, a video or a sound (0 × 0)
 * @typedef {Plain|null|readonly Picture[]} Value files always as a list
 * @typedef {Readonly<Record<string, Value>>} Values what was set, by the name of its parameter
 */

/** At most so many choices stand side by side, of so many characters in all. */
const SIDE_BY_SIDE = { choices: 4, characters: 28 };
/** With more names than these, one is looked for instead of picked from a list. */
const MANY = 12;
/** A text of more characters than these wants several lines. */
const ONE_LINE = 60;
const LONG_TEXTS = /prompt|negative|text|caption|words|system/;

/** @typedef {"number"|"switch"|"row"|"select"|"search"|"line"|"lines"|"seed"|"image"|"mask"|"video"|"audio"} Control */

/** @param {Parameter} parameter @returns {Control} */
export function control(parameter) {
  const choices = parameter.choices ?? [];
  switch (parameter.type) {
    case "int": case "float": return "number";
    case "bool": return "switch";
    case "text": return isLong(parameter) ? "lines" : "line";
    case "choice": {
      const letters = choices.reduce((/** @type {number} */ sum, choice) => sum + String(choice).length, 0);
      const few = choices.length <= SIDE_BY_SIDE.choices && letters <= SIDE_BY_SIDE.characters;
      return few && choices.length ? "row" : choices.length > 2 * MANY ? "search" : "select";
    }
    case "model": case "lora": return choices.length > MANY ? "search" : "select";
    default: return parameter.type;
  }
}

/** @param {Parameter} parameter */
const isLong = ({ name, default: usual, hint }) => {
  const text = usual ?? hint;
  return LONG_TEXTS.test(name) || (typeof text === "string" && (text.length > ONE_LINE || text.includes("\n")));
};

/** What is required has no default that counts: what the graph holds is only a hint. @param {Workflow} workflow @returns {Workflow} */
export const withHints = (workflow) => ({ ...workflow, parameters: workflow.parameters.map((parameter) =>
  (parameter.required ? { ...parameter, default: null, hint: parameter.default } : parameter)) });

/** @param {Parameter} parameter */
export const isFile = ({ type }) => ["image", "mask", "video", "audio"].includes(type);

/** How many pictures one field takes: several where each makes a job of its own. @param {Workflow} workflow */
export function mostPictures({ inputs, max_batch_size: most, parameters }) {
  const alone = parameters.filter(({ type }) => type === "image").length === 1;
  return alone && inputs.batch ? most : 1;
}

/** The files in a field. @param {Values} values @param {string} name @returns {readonly Picture[]} */
export function picturesOf(values, name) {
  const value = values[name];
  return Array.isArray(value) ? value : [];
}

/** The first picture of a form, which a mask lies upon. @param {Workflow} workflow @param {Values} values */
export function firstPicture(workflow, values) {
  const filled = workflow.parameters.filter(({ type }) => type === "image").map(({ name }) => picturesOf(values, name)[0]);
  return filled.find(Boolean) ?? null;
}

/** What counts: what was set, else the default. @param {Parameter} parameter @param {Values} values @returns {Value} */
export const used = ({ name, default: usual }, values) => (values[name] === undefined ? usual : values[name]);

/**
 * What was set and differs from the defaults, in the order of the form.
 * @param {Workflow} workflow @param {Values} values @returns {{parameter: Parameter, value: Value}[]}
 */
export function changed(workflow, values) {
  return workflow.parameters
    .map((parameter) => ({ parameter, value: plainSeed(parameter, used(parameter, values)) }))
    .filter(({ parameter, value }) => {
      if (values[parameter.name] === undefined) return false;
      if (isFile(parameter)) return Array.isArray(value) && value.length > 0;
      return value !== plainSeed(parameter, parameter.default);
    });
}

/** There is one way to say that a seed is drawn. @param {Parameter} parameter @param {Value} value */
const plainSeed = ({ type }, value) => (type === "seed" && isDrawn(value) ? -1 : value);

/** Is a seed drawn anew each time? @param {Value} value */
export const isDrawn = (value) => value === null || value === "" || value === -1;

/**
 * The body of POST /api/workflows/{id}: only what differs from the defaults.
 * @param {Workflow} workflow @param {Values} values
 */
export function request(workflow, values) {
  /** @type {{prompt?: string, parameters?: Record<string, unknown>, images?: string[]}} */
  const body = {};
  /** @type {Record<string, unknown>} */
  const parameters = {};
  for (const { parameter, value } of changed(workflow, values)) {
    if (parameter.name === "prompt" && typeof value === "string") body.prompt = value;
    else if (!Array.isArray(value)) parameters[parameter.name] = value;
    else if (value.length > 1) body.images = value.map(({ link }) => link);
    else parameters[parameter.name] = value[0].link;
  }
  return Object.keys(parameters).length ? { ...body, parameters } : body;
}

/** A number as it was typed; what is none stays as it is, for the server to say so. @param {string} text */
export function readNumber(text) {
  const plain = text.trim().replace(",", ".");
  const number = Number(plain);
  return plain && Number.isFinite(number) ? number : text.trim();
}

/**
 * What is wrong with a number, as far as the form can see; "" when nothing is. The server has the last word.
 * @param {Parameter} parameter @param {Value} value
 */
export function complaint({ label, type, min, max }, value) {
  if (!["int", "float", "seed"].includes(type) || value === null || value === "" || (type === "seed" && isDrawn(value))) return "";
  if (typeof value !== "number") return `${label} takes a number.`;
  if (type !== "float" && !Number.isInteger(value)) return `${label} takes a whole number.`;
  if ((min === null || value >= min) && (max === null || value <= max)) return "";
  if (min !== null && max !== null) return `${label} goes from ${min} to ${max}.`;
  return min === null ? `${label} goes up to ${max}.` : `${label} starts at ${min}.`;
}

/** The values that a job was made with, to try others; its files are found by their links. @param {Workflow} workflow @param {Record<string, any>} parameters of the job */
export function ofJob(workflow, parameters) {
  const told = workflow.parameters.filter((parameter) => !isFile(parameter) && parameters[parameter.name] !== undefined);
  return Object.fromEntries(told.map(({ name }) => [name, /** @type {Value} */ (parameters[name])]));
}
