// @ts-check
// Wires the page: one store, one socket, the components. Facts go down by update(), wishes come up as events.

import { actions } from "./actions.js";
import * as api from "./api.js";
import { ActionSheet } from "./components/action-sheet.js";
import { BoxPanel } from "./components/box-panel.js";
import { CheckList } from "./components/check-list.js";
import { EmptyWelcome } from "./components/empty-welcome.js";
import { EngineState } from "./components/engine-state.js";
import { FamilyTree } from "./components/family-tree.js";
import { FilterLine } from "./components/filter-line.js";
import { JobFeed } from "./components/job-feed.js";
import { JobSet } from "./components/job-set.js";
import { LightBox } from "./components/light-box.js";
import { PageDialog } from "./components/page-dialog.js";
import { PauseLine } from "./components/pause-line.js";
import { PictureTile } from "./components/picture-tile.js";
import { PreferencesMenu } from "./components/preferences-menu.js";
import { definePromptLens } from "./components/prompt-lens.js";
import { SearchField } from "./components/search-field.js";
import { SetCaption } from "./components/set-caption.js";
import { SketchBanner } from "./components/sketch-banner.js";
import { ToastLine } from "./components/toast-line.js";
import { ToolTip } from "./components/tool-tip.js";
import * as keys from "./keys.js";
import { lateParts } from "./late-parts.js";
import { Live } from "./live.js";
import { fromHash, toHash } from "./place.js";
import { initial, query, reduce } from "./store.js";

const PAGE_SIZE = "50";

for (const [name, component] of Object.entries({
  "picture-tile": PictureTile, "set-caption": SetCaption, "job-set": JobSet, "empty-welcome": EmptyWelcome,
  "job-feed": JobFeed, "engine-state": EngineState, "search-field": SearchField,
  "preferences-menu": PreferencesMenu, "filter-line": FilterLine, "sketch-banner": SketchBanner, "pause-line": PauseLine, "check-list": CheckList,
  "family-tree": FamilyTree, "box-panel": BoxPanel, "light-box": LightBox, "action-sheet": ActionSheet, "page-dialog": PageDialog,
  "toast-line": ToastLine, "tool-tip": ToolTip,
})) customElements.define(name, component);
definePromptLens();

/** @template {HTMLElement} E @param {string} name @param {new () => E} _kind @returns {E} */
const find = (name, _kind) => /** @type {E} */ (document.querySelector(name));
const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const feed = find("job-feed", JobFeed);
const filters = find("filter-line", FilterLine);
const engine = find("engine-state", EngineState);
const search = find("search-field", SearchField);
const preferences = find("preferences-menu", PreferencesMenu);
const banner = find("sketch-banner", SketchBanner);
const pause = find("pause-line", PauseLine);
const box = find("light-box", LightBox);
const sheet = find("action-sheet", ActionSheet);
const dialogs = find("page-dialog", PageDialog);
const toast = find("toast-line", ToastLine);
const lens = /** @type {HTMLElement & {api: unknown, find: unknown, engine: unknown, online: boolean}} */ (document.querySelector("prompt-lens"));

const late = lateParts(toast);

let state = initial();
let place = fromHash(location.hash);
let pushed = false; // the open picture has an entry of its own in the history
let due = false;

/** @param {import("./store.js").Event} event */
function dispatch(event) {
  state = reduce(state, event);
  if (due) return;
  due = true;
  requestAnimationFrame(render);
}

function render() {
  due = false;
  const now = new Date();
  filters.update(state);
  engine.update(state);
  search.update(state);
  preferences.update(state);
  banner.update(state);
  pause.update(state);
  // shown when list and engine are known, because the engine decides what stands above and beside it
  if (state.engine) feed.update(state, now);
  if (state.engine && state.loaded) main.ariaBusy = "false";
  box.update(state, place.picture, now);
  if (lens.engine !== state.engine) lens.engine = state.engine;
  if (lens.online !== state.online) lens.online = state.online;
}

/* the list */

let loading = new AbortController();

async function load() {
  loading.abort();
  loading = new AbortController();
  dispatch({ type: "filter", filter: { view: place.view, q: place.q } });
  const { filter } = state;
  const page = await ask({ ...query(filter), limit: PAGE_SIZE }, loading.signal);
  if (page) dispatch({ type: "page", filter, more: false, ...page });
}

let reading = false;
async function more() {
  if (reading || !state.loaded || state.next === null) return;
  reading = true;
  const { filter, next } = state;
  const page = await ask({ ...query(filter), limit: PAGE_SIZE, before: next }, loading.signal);
  if (page) dispatch({ type: "page", filter, more: true, ...page });
  reading = false;
}

/** @param {Record<string, string>} asked @param {AbortSignal} signal @returns {Promise<api.Page|null>} */
async function ask(asked, signal) {
  try {
    return await api.jobs(asked, signal);
  } catch (error) {
    // out of reach: the socket says so and fills the list when it is back
    if (error instanceof api.ApiError && error.status > 0) toast.say(error.message, { verb: "Try again", act: load });
    return null;
  }
}

/* where the page is */

/** @param {Partial<import("./place.js").Place>} change @param {"push"|"replace"} how */
function move(change, how) {
  history[`${how}State`](null, "", toHash({ ...place, ...change }));
  arrive();
}

function arrive() {
  const before = place;
  place = fromHash(location.hash);
  if (place.view !== before.view || place.q !== before.q) {
    scrollTo({ top: 0 });
    load();
  }
  if (before.picture && !place.picture) {
    pushed = false;
    render();
    feed.focusPicture(before.picture.job, before.picture.index);
  } else if (place.picture) open(place.picture);
}

/** @param {{job: string, index: number}} picture */
async function open(picture) {
  if (!state.jobs.has(picture.job)) {
    const job = await api.job(picture.job).catch(() => null);
    if (!job) return;
    dispatch({ type: "job", job });
  }
  render();
}

/**
 * Open a picture, or close it. Back closes it too, so an opened one has an entry of its own in the history.
 * @param {{job: string, index: number}|null} picture
 */
async function go(picture) {
  if (picture) {
    const how = place.picture ? "replace" : "push";
    pushed ||= how === "push";
    return move({ picture }, how);
  }
  const { picture: before } = place;
  if (!before) return;
  place = { ...place, picture: null };
  render();
  feed.focusPicture(before.job, before.index);
  if (!pushed) return history.replaceState(null, "", toHash(place));
  pushed = false;
  history.back();
  await new Promise((resolve) => addEventListener("popstate", resolve, { once: true }));
}

addEventListener("popstate", arrive);
// a new set is at the top: going back must not take the page away from it
history.scrollRestoration = "manual";

/* wishes */

/** @param {string} type @param {(detail: any) => void} act */
const on = (type, act) => document.addEventListener(type, (event) => act(/** @type {CustomEvent} */ (event).detail));

/** @param {api.Job[]} jobs */
function submitted(jobs) {
  if (place.view !== "all" || place.q) move({ view: "all", q: "", picture: null }, "push");
  dispatch({ type: "submitted", jobs });
  scrollTo({ top: 0 });
}

/** A set made from a picture: on from there by keyboard. @param {api.Job[]} jobs */
function grown(jobs) {
  submitted(jobs);
  render();
  feed.focusSet(jobs[0].id);
}

/** Sets that were asked for because others grew from them. @type {Set<string>} */
const fetched = new Set();

/** One after the other: a page of old sets may name many. @param {string[]} ids */
async function learn(ids) {
  for (const id of ids) {
    if (fetched.has(id)) continue;
    fetched.add(id);
    const job = await api.job(id).catch(() => null); // gone for good: the line stays without its number
    if (job) dispatch({ type: "job", job });
  }
}

/** @param {string} job */
async function tellFamily(job) {
  const family = await api.family(job).catch(() => null);
  if (!family) return;
  for (const one of family.jobs) dispatch({ type: "job", job: one });
  box.family(job, family);
}

/** @param {CheckList} list */
async function check(list) {
  list.say("Looking at each hop …");
  try {
    list.show((await api.diagnostics()).checks);
  } catch (error) {
    list.say(error instanceof api.ApiError ? error.error.message : String(error));
  }
}

/** @param {{job: string, index: number}} picture */
async function compare(picture) {
  await go(picture);
  box.compare(true);
}

on("submitted", ({ jobs, from }) => {
  submitted(jobs);
  if (from) tell(jobs, from);
});
on("repainted", async ({ jobs, from }) => {
  await go(null);
  grown(jobs);
  tell(jobs, from);
});
on("redesign", ({ picture }) => late.desk((desk) => desk.open(picture)));
on("redesigned", async ({ jobs }) => {
  await go(null);
  grown(jobs);
});
on("more", more);
on("find", ({ q }) => move({ q }, "replace"));
on("go", ({ picture }) => go(picture));
on("unknown", ({ ids }) => learn(ids));
on("family", ({ job }) => tellFamily(job));
on("page-dialog", ({ name }) => {
  const dialog = dialogs.open(name);
  if (name === "checks") check(/** @type {CheckList} */ (dialog.querySelector("check-list")));
});
on("queue", async ({ what }) => {
  if (what === "engines") engine.engines(await api.health().then(({ engines }) => engines, () => []));
});
const tell = actions({
  state: () => state, dispatch, go, toast, submitted: grown, compare,
  menu: (job, index, from, page) => sheet.open(job, index, from, page),
  painter: (job, index) => late.painter((painter) => painter.open(job, index)),
});
keys.listen({
  search: () => search.open(),
  prompt: () => lens.querySelector("textarea")?.focus(),
  keys: () => dialogs.open("keys"),
});
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

/* start: the list first, then what changes it */

toast.stayAbove(lens);
lens.api = api;
lens.find = (/** @type {string} */ job) => state.jobs.get(job);
const live = new Live({ message: dispatch, preview: (preview) => feed.preview(preview) });
render();
load().finally(() => {
  live.open();
  if (place.picture) open(place.picture);
});
