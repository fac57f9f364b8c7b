// @ts-check
// What a wish does: the request, the store, and the toast with its undo.

import * as api from "./api.js";
import { wish } from "./dom.js";

/**
 * @typedef {object} Page what the actions act upon
 * @property {() => import("./store.js").State} state
 * @property {(event: import("./store.js").Event) => void} dispatch
 * @property {(picture: {job: string, index: number}|null) => Promise<void>} go open a picture, or close it
 * @property {(job: api.Job, index: number|null, from: Element) => void} menu
 * @property {import("./components/toast-line.js").ToastLine} toast
 * @property {(jobs: api.Job[]) => void} submitted
 */

/** @param {Page} page */
export function actions({ state, dispatch, go, menu, toast, submitted }) {
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

  /** @param {string} text @param {string} done */
  const copy = (text, done) => navigator.clipboard.writeText(text).then(
    () => toast.say(done), () => toast.say("The browser does not let this page copy."));

  /** @type {Record<string, (job: api.Job, index: number|null, from: Element) => void>} */
  const does = {
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
      if (image) window.open(api.base + image.url, "_blank", "noopener");
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
    again: (job) => attempt(() => api.imagine({ prompt: job.canonical }), async ({ jobs }) => {
      await go(null);
      submitted(jobs);
    }),
    cancel(job) {
      dispatch({ type: "canceling", job: job.id, on: true });
      attempt(() => api.cancel(job.id), undefined, () => dispatch({ type: "canceling", job: job.id, on: false }));
    },
    retry: (job) => attempt(() => api.retry(job.id)),
    restore,
    trash(job) {
      go(null);
      if (job.deleted_at) restore(job);
      else trash(job);
    },
  };

  document.addEventListener("wish", (event) => {
    const { what, job: id, index = null, from = document.body } = /** @type {CustomEvent} */ (event).detail;
    const job = state().jobs.get(id);
    if (job) does[what]?.(job, index, from);
  });
}

/** @param {readonly api.JobImage[]} images */
function save(images) {
  for (const image of images) {
    const link = document.createElement("a");
    link.href = api.base + image.url;
    link.download = image.url.split("/").pop() ?? "";
    link.click();
  }
}
