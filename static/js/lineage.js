// @ts-check
// Where a set came from, in words: from its kind, parameters.origin and parents. Pure.

/**
 * @typedef {import("./api.js").Job} Job
 * @typedef {import("./links.js").Picture} Picture
 * @typedef {{parent: string, image: number, child: string}} Edge
 * @typedef {{root: string, jobs: Job[], edges: Edge[]}} Family
 * @typedef {{name: string, joint: string, whole: boolean}} Deed
 *   "Zoom out 2×", "of"; `whole`: of the set, not of one picture
 * @typedef {{job: Job, image: number, depth: number, name: string, place: string, here: boolean}} Kin
 */

import { pictureLink, readPicture } from "./links.js";

/**
 * What makes the very same pixels again, of a set whose prompt alone does not: the set or parent to ask, and the action.
 * @param {Job} job @returns {[job: string, body: import("./api.js").Action]|null} null: its prompt does
 */
export function repeat(job) {
  const { origin, member } = job.parameters;
  const [parent] = job.parents;
  if (parent && member !== undefined && member !== null) return [parent.job, { action: "single", image: parent.image }];
  return origin ? [job.id, { action: "remix", image: 0, prompt: job.canonical }] : null;
}

/** Characters that a prompt may have. */
const LONGEST_PROMPT = 6000;

/**
 * What makes a run of a workflow again whose prompt cannot say its texts to the letter: line breaks, or what reads as a flag.
 * @param {Job} job @param {string[]} names of the workflow's parameters
 * @returns {{parameters: Record<string, any>}|null} null: its prompt does
 */
export function given(job, names) {
  const told = job.parameters;
  const own = names.filter((name) => told[name] !== undefined && told[name] !== null);
  const says = (/** @type {string} */ name) => typeof told[name] !== "string" || !told[name].trim()
    || (name === "prompt" ? told[name] === job.text : !/[\n\r\t]|  |--|::|[{}<]|:\/\//.test(told[name]));
  const whole = own.every(says) && job.canonical.length <= LONGEST_PROMPT;
  if (whole || (told.loras && !names.includes("loras"))) return null;
  const parameters = Object.fromEntries(own.map((name) => [name, told[name]]));
  if (parameters.batch_size && told.outputs) parameters.batch_size /= told.outputs;
  return { parameters };
}

/** The picture that a set grew from. @param {Job} job @returns {Picture|null} */
export function source(job) {
  return job.parents[0] ?? readPicture(job.parameters.origin?.source ?? "");
}

/**
 * What was done to the picture itself. A set made from a child repeats the child's origin: then it did not.
 * @param {Job} job @param {Picture} from
 */
function ownOrigin(job, from) {
  const { origin } = job.parameters;
  return job.kind !== "single" && origin?.source === pictureLink(from.job, from.image) ? origin : null;
}

/** @param {number} factor */
const times = (factor) => `${Math.round(factor * 100) / 100}×`;

/** @type {Record<string, (origin: Record<string, any>, job: Job) => [name: string, joint?: string]>} */
const DEEDS = {
  variation: ({ strength }) => [strength === "subtle" ? "Subtle variation" : "Strong variation"],
  upscale: ({ strength }) => [strength === "creative" ? "Creative upscale" : "Upscale"],
  zoom: ({ factor }) => [`Zoom out ${times(factor ?? 2)}`],
  pan: ({ direction }) => [`Pan ${direction}`, "from"],
  square: () => ["Square", "from"],
  reshape: (_, { parameters }) => [["Shape", parameters.aspect].filter(Boolean).join(" "), "from"],
  region: () => ["Repaint"],
  enhance: () => ["Enhanced", "from"],
};

/**
 * What was done; null for a set that grew from none.
 * @param {Job} job @param {Job|null|undefined} parent when it is known @returns {Deed|null}
 */
export function deed(job, parent) {
  const from = source(job);
  if (!from) return null;
  const origin = ownOrigin(job, from);
  if (origin && DEEDS[origin.action]) {
    const [name, joint = "of"] = DEEDS[origin.action](origin, job);
    return { name, joint, whole: false };
  }
  if (job.kind === "single") return { name: "Picture alone", joint: "from", whole: false };
  if (job.kind === "blend") return { name: `Blend of ${job.parents.length} pictures`, joint: "", whole: true };
  if (job.kind === "edit") return { name: "Edit", joint: "of", whole: false };
  if (job.canonical.includes(pictureLink(from.job, from.image))) return { name: "With", joint: "", whole: false };
  if (!parent) return { name: "Another version", joint: "of", whole: true };
  if (parent.canonical === job.canonical) return { name: "Made again", joint: "from", whole: true };
  const same = parent.prompt === job.prompt || unseeded(parent) === unseeded(job);
  return { name: same ? "Reroll" : "Remix", joint: "of", whole: true };
}

/** What a reroll keeps; as it was typed it may say the same in other ways. @param {Job} job */
const unseeded = ({ canonical }) => canonical.replace(/ --seed \d+/, "");

/** Set 128, picture 2, or the set alone when it has one picture. @param {Job} parent @param {number} image @param {boolean} whole */
const named = (parent, image, whole) =>
  (whole || (parent.parameters.batch_size ?? 1) === 1 ? `set ${parent.number}` : `set ${parent.number}, picture ${image + 1}`);

/**
 * The line under a child: "Zoom out 2× of set 128, picture 2"; "" for a set that grew from none.
 * @param {Job} job @param {Job|null|undefined} parent when it is known
 */
export function lineage(job, parent) {
  const did = deed(job, parent);
  const from = source(job);
  if (!did || !from) return did?.name ?? "";
  if (job.kind === "blend") return did.name;
  return [did.name, did.joint, parent ? named(parent, from.image, did.whole) : "an earlier set"].filter(Boolean).join(" ");
}

/** @param {string} name */
const inside = (name) => name[0].toLowerCase() + name.slice(1);

/**
 * What an action has begun: "Set 129: zoom out 2× of picture 2".
 * @param {Job[]} jobs the new sets @param {Job} parent
 */
export function begun(jobs, parent) {
  const [first] = jobs;
  const did = deed(first, parent);
  const sets = jobs.length === 1 ? `Set ${first.number}` : `Sets ${first.number} to ${jobs[jobs.length - 1].number}`;
  if (!did) return sets;
  const alone = did.whole || (parent.parameters.batch_size ?? 1) === 1;
  const of = alone ? `set ${parent.number}` : `picture ${(source(first)?.image ?? 0) + 1}`;
  return `${sets}: ${[inside(did.name), did.joint, of].filter(Boolean).join(" ")}`;
}

/**
 * The line of a set: its ancestors, itself, and what grew from it.
 * @param {Family} family @param {ReadonlyMap<string, Job>} jobs @param {Picture} here @returns {Kin[]}
 */
export function kin({ edges }, jobs, here) {
  /** @type {Picture[]} */
  const line = [here];
  for (let up = edgeTo(edges, here.job); up && line.length <= edges.length; up = edgeTo(edges, up.parent)) {
    line.unshift({ job: up.parent, image: up.image });
  }
  const below = edges.filter(({ parent }) => parent === here.job);
  const children = [...new Set(below.map(({ child }) => child))].map((job) => ({ job, image: 0 }));
  return [...line, ...children].flatMap(({ job: id, image }, at) => {
    const job = jobs.get(id);
    if (!job) return [];
    const name = deed(job, jobs.get(source(job)?.job ?? ""))?.name ?? "First set";
    const place = named(job, image, at >= line.length).replace("s", "S");
    return [{ job, image, depth: Math.min(at, line.length), name, place, here: id === here.job }];
  });
}

/** @param {readonly Edge[]} edges @param {string} child */
const edgeTo = (edges, child) => edges.find((edge) => edge.child === child);
