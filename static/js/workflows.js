// @ts-check
// Wires the page of the workflows: the library, one store, one socket, the components. The part of the address after #
// is the id of the workflow whose form is open. Facts go down by update(), wishes come up as events.

import { actions } from "./actions.js";
import * as api from "./api.js";
import { CheckList } from "./components/check-list.js";
import { ChoiceField } from "./components/choice-field.js";
import { EngineState } from "./components/engine-state.js";
import { ImageField } from "./components/image-field.js";
import { JobSet } from "./components/job-set.js";
import { MaskCanvas } from "./components/mask-canvas.js";
import { MaskField } from "./components/mask-field.js";
import { MaskMaker } from "./components/mask-maker.js";
import { MediaField } from "./components/media-field.js";
import { NameField } from "./components/name-field.js";
import { NumberField } from "./components/number-field.js";
import { PageDialog } from "./components/page-dialog.js";
import { PicturePicker } from "./components/picture-picker.js";
import { PictureTile } from "./components/picture-tile.js";
import { PreferencesMenu } from "./components/preferences-menu.js";
import { SeedField } from "./components/seed-field.js";
import { SetCaption } from "./components/set-caption.js";
import { SwitchField } from "./components/switch-field.js";
import { TextField } from "./components/text-field.js";
import { ToastLine } from "./components/toast-line.js";
import { ToolTip } from "./components/tool-tip.js";
import { WorkflowForm } from "./components/workflow-form.js";
import { WorkflowLine } from "./components/workflow-line.js";
import { WorkflowList } from "./components/workflow-list.js";
import { setsOf, WorkflowResults } from "./components/workflow-results.js";
import { isField } from "./dom.js";
import { Live } from "./live.js";
import { toHash } from "./place.js";
import { initial, reduce } from "./store.js";
import { receiveFiles } from "./workflow-drop.js";
import { WorkflowShelf } from "./workflow-shelf.js";
import { WorkflowDesk } from "./workflow-desk.js";

for (const [name, component] of Object.entries({
  "picture-tile": PictureTile, "set-caption": SetCaption, "job-set": JobSet, "engine-state": EngineState,
  "preferences-menu": PreferencesMenu, "check-list": CheckList, "page-dialog": PageDialog, "mask-canvas": MaskCanvas,
  "mask-maker": MaskMaker, "picture-picker": PicturePicker, "toast-line": ToastLine, "tool-tip": ToolTip,
  "number-field": NumberField, "text-field": TextField, "switch-field": SwitchField, "choice-field": ChoiceField,
  "name-field": NameField, "seed-field": SeedField, "image-field": ImageField, "mask-field": MaskField,
  "media-field": MediaField,
  "workflow-form": WorkflowForm, "workflow-list": WorkflowList, "workflow-line": WorkflowLine, "workflow-results": WorkflowResults,
})) customElements.define(name, component);

/** @template {HTMLElement} E @param {string} name @param {new () => E} _kind @returns {E} */
const find = (name, _kind) => /** @type {E} */ (document.querySelector(name));
const main = find("main", HTMLElement);
const list = find("workflow-list", WorkflowList);
const line = find("workflow-line", WorkflowLine);
const form = find("workflow-form", WorkflowForm);
const results = find("workflow-results", WorkflowResults);
const engine = find("engine-state", EngineState);
const preferences = find("preferences-menu", PreferencesMenu);
const dialogs = find("page-dialog", PageDialog);
const toast = find("toast-line", ToastLine);
const search = find(".seek input", HTMLInputElement);
const [listPage, formPage, gone] = [".wl-page", ".wf-page", ".wf-gone"].map((name) => find(name, HTMLElement));

let state = initial();
let category = "";
let due = false;

const shelf = new WorkflowShelf({ toast, changed: draw, arrive: (id) => { location.hash = id; } });
const desk = new WorkflowDesk({ toast, changed: draw, made });

/** The workflow that the address names; "" for the list. */
const idOf = () => decodeURIComponent(location.hash.replace(/^#/, ""));
const open = () => shelf.library?.workflows.find(({ id }) => id === idOf()) ?? null;

/** @param {import("./store.js").Event} event */
function dispatch(event) {
  state = reduce(state, event);
  draw();
}

function draw() {
  if (due) return;
  due = true;
  requestAnimationFrame(render);
}

function render() {
  due = false;
  engine.update(state);
  preferences.update(state);
  const { library } = shelf;
  if (!library) return;
  const id = idOf();
  const workflow = open();
  listPage.hidden = id !== "";
  formPage.hidden = !workflow;
  gone.hidden = !id || workflow !== null;
  gone.textContent = gone.hidden ? "" : whyGone(id, library.broken);
  line.update({ library, category, workflow, form: id !== "" });
  if (!id) list.update({ library, q: search.value, category, latest });
  if (workflow) {
    results.update(state, workflow, new Date());
    form.update(desk.shown(workflow, setsOf(state, workflow.id), shelf.verdictOf(workflow.id)));
  }
  document.title = [workflow?.name, "Workflows · Imagine"].filter(Boolean).join(" · ");
  main.ariaBusy = "false";
}

/** Its file may have been changed into one that cannot be read. @param {string} id @param {readonly import("./workflow-api.js").Broken[]} broken */
function whyGone(id, broken) {
  const file = broken.find((each) => each.file.split("/").at(-1)?.replace(/\.\w+$/, "") === id);
  if (!file) return `There is no workflow “${id}” here.`;
  const place = file.line === null ? file.file : `${file.file}, line ${file.line}`;
  return `This workflow cannot be read. In ${place}: ${file.message} Mend the file, and the form is back as you left it.`;
}

/** A small version of what a workflow made last, for one without a picture of its own. @param {string} id */
const latest = (id) => {
  const image = setsOf(state, id).flatMap(({ images }) => images).find(({ thumbnail }) => thumbnail);
  return image ? `${image.thumbnail}?w=640` : "";
};

/** @param {api.Job[]} jobs */
function made(jobs) {
  dispatch({ type: "submitted", jobs });
  scrollTo({ top: 0 });
}

/* where the page is */

let before = "";
function arrive() {
  scrollTo({ top: 0 });
  shelf.leave(idOf());
  render();
  if (!shelf.library) return;
  const heading = open() ? form.querySelector("h1") : list.querySelector(`a[href="#${CSS.escape(before)}"]`);
  if (heading instanceof HTMLElement) heading.focus({ preventScroll: idOf() !== "" });
  before = idOf();
}
addEventListener("hashchange", arrive);

/** The gallery, at a picture. @param {{job: string, index: number}|null} picture */
async function toGallery(picture) {
  if (picture) location.href = `${api.base}/${toHash({ view: "all", q: "", picture })}`;
}

/* wishes */

/** @param {string} type @param {(detail: any, event: CustomEvent) => void} act */
const on = (type, act) => document.addEventListener(type, (event) =>
  act(/** @type {CustomEvent} */ (event).detail, /** @type {CustomEvent} */ (event)));
/** With the workflow that is open. @param {string} type @param {(workflow: import("./form-values.js").Workflow, detail: any) => void} act */
const onForm = (type, act) => on(type, (detail) => {
  const workflow = open();
  if (workflow) act(workflow, detail);
});

onForm("set", (workflow, { name, value }) => desk.set(workflow, name, value));
onForm("reset", (workflow) => desk.reset(workflow));
onForm("make", async (workflow) => {
  if (await desk.make(workflow)) return;
  render();
  form.toError();
});
onForm("copy", (workflow, { what }) => desk.copy(workflow, what));
onForm("to-gallery", (workflow) => desk.toLens(workflow));
onForm("paint-mask", async (_workflow, { picture, history, then }) => {
  const { url, thumbnail: rough, width, height } = picture;
  const taken = await find("mask-maker", MaskMaker).make({ url, rough, width, height, label: "The picture" }, history);
  if (taken) then(taken);
});
onForm("pick-picture", async (_workflow, { kind, then }) => {
  const picture = await find("picture-picker", PicturePicker).pick(kind);
  if (picture) then(picture);
});
onForm("remove-workflow", (workflow) => shelf.remove(workflow));
on("add-files", ({ files }) => shelf.add(files));
on("category", ({ name }) => {
  category = name;
  draw();
});
on("page-dialog", async ({ name }) => {
  dialogs.open(name);
  if (name !== "checks") return;
  const checks = find("check-list", CheckList);
  checks.say("Looking at each hop …");
  await api.diagnostics().then((told) => checks.show(told.checks), (/** @type {Error} */ error) => checks.say(error.message));
});
on("queue", async ({ what }) => {
  if (what === "engines") engine.engines(await api.health().then(({ engines }) => engines, () => []));
});
// the settings of a set come back into the form, not into a prompt
results.addEventListener("wish", (event) => {
  const { what, job: id } = /** @type {CustomEvent} */ (event).detail;
  const job = state.jobs.get(id);
  const workflow = open();
  if (what !== "prompt" || !job || !workflow) return;
  event.stopPropagation();
  desk.use(workflow, job);
});
/** @param {api.Job} job @param {number|null} index */
const elsewhere = (job, index) => toGallery({ job: job.id, index: index ?? job.images[0]?.index ?? 0 });
actions({
  state: () => state, dispatch, go: toGallery, toast, submitted: made,
  compare: toGallery, menu: elsewhere, painter: elsewhere,
});

receiveFiles({
  over: (where) => { find(".drop-page", HTMLElement).hidden = where !== "page"; },
  add: (files) => shelf.add(files),
  paste: (files) => open() !== null && form.receive(files),
});
search.addEventListener("input", () => {
  if (idOf()) location.hash = "";
  draw();
});
find(".seek", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  render(); // what was typed last may not be drawn yet
  const first = list.querySelector("a");
  if (first && search.value) first.click();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") search.focus();
  else if (event.key === "?") dialogs.open("keys");
  else return;
  event.preventDefault();
});
find(".skip", HTMLElement).addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

/* start: the library first, then what changes it */

const live = new Live({
  message(message) {
    dispatch(message);
    if (message.type === "engine" || message.type === "hello") shelf.look();
  },
  preview: (preview) => results.preview(preview),
});
before = idOf();
render();
shelf.look().finally(() => {
  live.open();
  shelf.watch();
  // older ones than the newest of all
  api.jobs({ kind: "workflow", limit: "50" }).then(({ jobs }) => dispatch({ type: "submitted", jobs }), () => {});
});
