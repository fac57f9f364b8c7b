// @ts-check
// What a wish does: the request, the store, and the toast with its undo.

import * as api from "./api.js";
import { thumbnail } from "./components/picture-tile.js";
import { wish } from "./dom.js";
import { plural } from "./format.js";
import { nextArrow } from "./keys.js";
import { ROLES } from "./lens-references.js";
import { begun, given, repeat, source } from "./lineage.js";
import { pictureLink } from "./links.js";
import { ASKED, EVEN_IN_TRASH, PAGES } from "./picture-actions.js";
import { newKey } from "./prompt-memory.js";
import { writeFlag } from "./prompt-text.js";
import { alt, pictureCount } from "./set-view.js";
import { isActive } from "./store.js";

/**
 * @typedef {object} Page what the actions act upon
 * @property {() => import("./store.js").State} state
 * @property {(event: import("./store.js").Event) => void} dispatch
 * @property {(picture: {job: string, index: number}|null) => Promise<void>} go open a picture, or close it
 * @property {(job: api.Job, index: number|null, from: Element, page?: string) => void} menu
 * @property {import("./components/toast-line.js").ToastLine} toast
 * @property {(jobs: api.Job[]) => void} submitted
 * @property {(job: api.Job, index: number) => void} painter open the mask painter
 * @property {(picture: {job: string, index: number}) => void} compare
 *
 * @typedef {import("./picture-actions.js").Asked} Asked
 * @typedef {{asked: Asked, role: string}} More what some wishes tell besides the picture
 */

/**
 * @param {Page} page
 * @returns {(jobs: api.Job[], parent: string) => void} says what was made of a set, with its undo
 */
export function actions({ state, dispatch, go, menu, toast, submitted, painter, compare }) {
  /**
   * Ask; put the answer into the store; when it fails say so, and offer to try again.
   * @param {() => Promise<any>} ask @param {(answer: any) => void} [then] @param {() => void} [otherwise]
   */
  async function attempt(ask, then, otherwise) {
    let answer;
    try {
      answer = await ask();
    } catch (error) {
      otherwise?.();
      if (!(error instanceof api.ApiError)) throw error;
      const again = { verb: "Try again", act: () => attempt(ask, then, otherwise) };
      return toast.say([error.error.message, error.error.hint].filter(Boolean).join(" "), again);
    }
    if (answer?.id) dispatch({ type: "job", job: answer });
    then?.(answer);
  }

  /** @param {api.Job} job */
  const trash = (job) => attempt(() => api.remove(job.id), () =>
    toast.say(`Set ${job.number} is in the trash.`, { verb: "Undo", act: () => attempt(() => api.restore(job.id)) }));
  /** @param {api.Job} job */
  const restore = (job) => attempt(() => api.restore(job.id), () =>
    toast.say(`Set ${job.number} is back.`, { verb: "Undo", act: () => attempt(() => api.remove(job.id)) }));

  /** @param {api.Job} job */
  function cancel(job) {
    dispatch({ type: "canceling", job: job.id, on: true });
    attempt(() => api.cancel(job.id), () => tellOthers(job), () => dispatch({ type: "canceling", job: job.id, on: false }));
  }

  /** One of several sets of a prompt was stopped: perhaps all were meant. @param {api.Job} job */
  function tellOthers(job) {
    const others = [...state().jobs.values()].filter((one) => one.batch === job.batch && one.id !== job.id && isActive(one));
    if (!others.length) return;
    toast.say(others.length === 1 ? "The other set of this prompt goes on." : `The other ${others.length} sets of this prompt go on.`,
      { verb: others.length === 1 ? "Cancel it too" : "Cancel them too", act: () => attempt(() => api.cancelBatch(job.batch)) });
  }

  /** @type {Record<string, () => unknown>} */
  const queue = {
    pause: () => attempt(api.pause), // the prompt bar says it
    resume: () => attempt(api.resume),
    clear: () => attempt(api.clear, ({ jobs }) => toast.say(`${plural(jobs.length, "set")} canceled.`)),
  };
  document.addEventListener("queue", (event) => queue[/** @type {CustomEvent} */ (event).detail.what]?.());

  /** @param {string} text @param {string} done */
  const copy = (text, done) => navigator.clipboard.writeText(text).then(
    () => toast.say(done), () => toast.say("The browser does not let this page copy."));

  /** Sets that were begun by mistake: stopped, or, where one is done already, put away. @param {api.Job[]} jobs */
  const undo = (jobs) => ({ verb: "Cancel", act: () => jobs.forEach(({ id }) => {
    const job = state().jobs.get(id);
    if (job) (isActive(job) ? cancel : trash)(job);
  }) });

  /** @param {api.Job[]} jobs @param {string} from the set that they grew from */
  function tell(jobs, from) {
    const parent = state().jobs.get(from);
    if (parent) toast.say(`${begun(jobs, parent)}.`, undo(jobs));
  }

  /** What is under way: the same again, before the answer, asks nothing. @type {Set<string>} */
  const asking = new Set();

  /** A new set from a picture, at the top of the feed. @param {api.Job} job @param {number} image @param {Asked} asked */
  async function act(job, image, asked) {
    const body = { image, ...asked };
    const same = job.id + JSON.stringify(body);
    if (asking.has(same)) return;
    asking.add(same);
    const key = newKey();
    await attempt(() => api.act(job.id, body, { key }), async ({ jobs }) => {
      await go(null);
      submitted(jobs);
      tell(jobs, job.id);
    });
    asking.delete(same);
  }

  /**
   * Into the lens, to write other words first. The event, for the lens:
   *   use-prompt {prompt, action?: {job, image, action, strength?, factor?, direction?, label}}
   * With `action` the lens says `label` beside the words ("Remix of set 128"), with a way to leave it, and sends
   * POST /api/jobs/{job}/actions {action, image, strength?, factor?, direction?, prompt} in place of /api/imagine.
   * A new shape stands in the prompt, as --ar.
   * @param {api.Job} job @param {number} image @param {Asked} asked @param {string} label
   */
  async function reword(job, image, { aspect, ...asked }, label) {
    await go(null);
    const prompt = aspect ? writeFlag(job.prompt, ["ar", "aspect"], `--ar ${aspect}`) : job.prompt;
    wish(document.body, "use-prompt", { prompt, action: { job: job.id, image, ...asked, label } });
  }

  /** @param {api.Job} job @param {number} index */
  const pictureOf = (job, index) => `${pictureCount(job) > 1 ? `picture ${index + 1} of ` : ""}set ${job.number}`;

  /** P, and then an arrow. @param {api.Job} job @param {number} index */
  function panByArrow(job, index) {
    const stop = nextArrow((direction) => {
      toast.hide();
      if (direction) act(job, index, { action: "pan", direction });
    });
    toast.say(`Press an arrow key to pan ${pictureOf(job, index)}. Esc cancels.`, { verb: "Cancel", act: stop });
  }

  /** As a reference in the lens. @param {api.Job} job @param {number} index @param {string} role */
  async function useAs(job, index, role) {
    const image = job.images.find((one) => one.index === index);
    if (!image || !(role in ROLES)) return;
    await go(null);
    wish(document.body, "use-reference", { link: pictureLink(job.id, index), role, thumbnail: thumbnail(image.thumbnail, 160) });
  }

  /** Onto the desk, to draw on it and to say what should change. @param {api.Job} job @param {number} index */
  function redesign(job, index) {
    const image = job.images.find((one) => one.index === index);
    if (!image?.width || !image.height) return;
    const { url, width, height } = image;
    const picture = { link: pictureLink(job.id, index), url, rough: thumbnail(image.thumbnail, 640), width, height, label: alt(job, index) };
    wish(document.body, "redesign", { picture });
  }

  /** The very same pixels: what grew from a picture is made from that picture again. @param {api.Job} job */
  function again(job) {
    const same = repeat(job);
    const once = { key: newKey() };
    const ask = async () => {
      if (same) return api.act(...same, once);
      const id = job.kind === "workflow" ? job.parameters.workflow : null;
      const values = id && given(job, (await api.workflow(id)).parameters.map(({ name }) => name));
      return values ? api.run(id, values, once) : api.imagine({ prompt: job.canonical }, once);
    };
    return attempt(ask, async ({ jobs }) => {
      await go(null);
      submitted(jobs);
      toast.say(`Set ${jobs[0].number}: set ${job.number} made again.`, undo(jobs));
    });
  }

  /** @type {Record<string, (job: api.Job, index: number|null, from: Element, more: More) => void>} */
  const does = {
    ...Object.fromEntries(Object.entries(ASKED).map(([what, asked]) =>
      [what, (/** @type {api.Job} */ job, /** @type {number|null} */ index) => act(job, index ?? 0, asked)])),
    ...Object.fromEntries(PAGES.map((page) =>
      [page, (/** @type {api.Job} */ job, /** @type {number|null} */ index, /** @type {Element} */ from) => menu(job, index, from, page)])),
    act: (job, index, _from, { asked }) => act(job, index ?? 0, asked),
    remix: (job, index) => reword(job, index ?? 0, { action: "remix" }, `Remix of set ${job.number}`),
    reword: (job, index, _from, { asked }) => reword(job, index ?? 0, asked,
      `Zoom out ${asked.factor}× of ${pictureOf(job, index ?? 0)} — edit the words`),
    "pan-by-arrow": (job, index) => panByArrow(job, index ?? 0),
    "use-as": (job, index, _from, { role }) => useAs(job, index ?? 0, role),
    repaint: (job, index) => painter(job, index ?? 0),
    redesign: (job, index) => redesign(job, index ?? 0),
    compare: (job, index) => compare({ job: job.id, index: index ?? 0 }),
    parent(job) {
      const from = source(job);
      if (!from) return;
      const open = () => go({ job: from.job, index: from.image });
      if (state().jobs.has(from.job)) open();
      else attempt(() => api.job(from.job), open);
    },
    open: (job, index) => go({ job: job.id, index: index ?? 0 }),
    menu: (job, index, from) => menu(job, index, from),
    star(job, index) {
      const before = job.favorites;
      const others = before.filter((at) => at !== index);
      const favorites = others.length < before.length ? others : [...others, index ?? 0].sort((a, b) => a - b);
      const show = (/** @type {number[]} */ stars) => dispatch({ type: "star", job: job.id, favorites: stars });
      show(favorites);
      attempt(() => api.patch(job.id, { favorites }), undefined, () => show(before));
    },
    download: (job, index) => save(job.images.filter((image) => image.index === index)),
    "download-all": (job) => save(job.images),
    file(job, index) {
      const image = job.images.find((one) => one.index === index);
      if (image) window.open(image.url, "_blank", "noopener");
    },
    prompt(job) {
      go(null);
      wish(document.body, "use-prompt", { prompt: job.prompt });
    },
    "copy-prompt": (job) => copy(job.prompt, "The prompt is copied."),
    "copy-seed"(job, index) {
      const image = job.images.find((one) => one.index === index);
      copy(String(image?.seed ?? job.parameters.seed), "The seed is copied.");
    },
    again,
    cancel,
    next: (job) => attempt(() => api.patch(job.id, { priority: "next" })),
    retry: (job) => attempt(() => api.retry(job.id)),
    restore,
    trash(job) {
      go(null);
      if (job.deleted_at) restore(job);
      else trash(job);
    },
  };

  document.addEventListener("wish", (event) => {
    const { what, job: id, index = null, from = document.body, ...more } = /** @type {CustomEvent} */ (event).detail;
    const job = state().jobs.get(id);
    if (job && (!job.deleted_at || EVEN_IN_TRASH.includes(what))) does[what]?.(job, index, from, more);
  });
  return tell;
}

/** @param {readonly api.JobImage[]} images */
function save(images) {
  for (const image of images) {
    const link = document.createElement("a");
    link.href = image.url;
    link.download = image.url.split("/").pop() ?? "";
    link.click();
  }
}
