// @ts-check
/**
 * <workflow-form>: the form of one workflow, made from what the registry says of it.
 *
 *     form.update({ workflow, values, errors, lastSeed, sending, verdict });
 *     form.receive(files);   // pasted: into the first field for such files with room
 *
 * Wishes: those of the fields, `make`, `copy` {what: "curl"|"prompt"}, `to-gallery`, `reset`.
 *
 * @typedef {import("../form-values.js").Workflow} Workflow
 * @typedef {import("../form-values.js").Parameter} Parameter
 * @typedef {import("../api.js").Detail} Detail
 * @typedef {{notes: readonly string[]}} Verdict of a workflow that has just been added
 * @typedef {{workflow: Workflow, values: import("../form-values.js").Values, errors: readonly Detail[], message: string,
 *   lastSeed: number|null, sending: boolean, verdict: Verdict|null}} Shown
 */
import { icon, part, reconcile, say, template, wish, writeNotes } from "../dom.js";
import { kindOfFile } from "../form-files.js";
import { changed, control, firstPicture, isFile, mostPictures } from "../form-values.js";
import { FileField } from "./file-field.js";
import { FormField } from "./form-field.js";

/** The element of each control. @type {Record<import("../form-values.js").Control, string>} */
const FIELDS = {
  number: "number-field", switch: "switch-field", row: "choice-field", select: "choice-field", search: "name-field",
  line: "text-field", lines: "text-field", seed: "seed-field", image: "image-field", mask: "mask-field",
  video: "media-field", audio: "media-field",
};
const FILE_FIELDS = "image-field, media-field";
/** These have the whole width of the form. */
const WIDE = ["lines", "search", "audio"];
const WIDE_TYPES = ["model", "lora"];

const BODY = template(`<form class="wf" novalidate aria-labelledby="wf-name"><header><h1 id="wf-name" tabindex="-1"></h1><p class="wf-about"></p>
  <div class="verdict" role="status"></div></header>
  <div class="f-grid main"></div>
  <details class="f-more" hidden><summary><span>More</span> <span class="num"></span>${icon("chev")}</summary><div class="f-grid"></div></details>
  <div class="wf-else"><button type="button" class="act" data-do="curl">${icon("copy")}Copy as curl</button>
    <button type="button" class="act" data-do="prompt">${icon("copy")}Copy as prompt</button>
    <button type="button" class="act" data-do="to-gallery">${icon("prompt")}Open in the gallery</button></div>
  <footer class="wf-make"><p class="wf-wrong" role="alert" hidden></p><div><button class="btn" data-do="make">Make</button>
    <span class="wf-state"></span><button type="button" class="act" data-do="reset">Reset</button></div></footer></form>`);
const VERDICT = template(`<div><p class="v-line">${icon("check")}<span></span></p><ul class="v-list"></ul><div class="notes"></div></div>`);

export class WorkflowForm extends HTMLElement {
  /** @type {Shown|null} */ #shown = null;
  #opened = false;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    const form = part(this, "form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#make();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const held = event.ctrlKey || event.metaKey;
      // a plain Enter in a field takes its value, as it does everywhere; it makes nothing by mistake
      if (held || event.target instanceof HTMLInputElement) event.preventDefault();
      if (held) this.#make();
    });
    form.addEventListener("click", ({ target }) => {
      const what = target instanceof Element ? target.closest("[data-do]") : null;
      if (!(what instanceof HTMLElement) || what.closest(".f")) return;
      if (what.dataset.do === "curl" || what.dataset.do === "prompt") wish(this, "copy", { what: what.dataset.do });
      else if (what.dataset.do !== "make") wish(this, what.dataset.do ?? "");
    });
  }

  #make() {
    const { workflow, sending } = this.#shown ?? {};
    if (!workflow || sending) return;
    const late = this.#fileFields.find(({ busy }) => busy);
    if (!workflow.available) this.#wrong(workflow.reason ?? "It cannot run here.");
    else if (late) this.#wrong(`${late.parameter.label} is still on its way. Make it when it is here.`);
    else wish(this, "make");
  }

  /** @param {Shown} shown */
  update(shown) {
    const { workflow, values, errors, message, sending } = shown;
    const other = this.#shown?.workflow.id !== workflow.id;
    this.#shown = shown;
    if (other) {
      this.#opened = false;
      part(this, "form").scrollTop = 0;
      for (const grid of this.querySelectorAll(".f-grid")) grid.replaceChildren();
      /** @type {HTMLDetailsElement} */ (part(this, ".f-more")).open = false;
    }
    say(part(this, "h1"), workflow.name);
    say(part(this, ".wf-about"), workflow.description);
    part(this, ".wf-about").hidden = !workflow.description;
    this.#verdict(shown);
    const [main, more] = [workflow.parameters.filter(({ rank }) => rank === "main"), workflow.parameters.filter(({ rank }) => rank !== "main")];
    // where all is of the second rank there is no first one
    const [first, rest] = main.length ? [main, more] : [more, main];
    this.#fields(part(this, ".f-grid.main"), first);
    this.#fields(part(this, ".f-more .f-grid"), rest);
    const fold = /** @type {HTMLDetailsElement} */ (part(this, ".f-more"));
    fold.hidden = !rest.length;
    say(part(fold, ".num"), String(rest.length));
    if (!this.#opened && rest.some(({ name }) => errors.some(({ parameter }) => parameter === name))) fold.open = this.#opened = true;
    const set = changed(workflow, values).length;
    say(part(this, ".wf-state"), set ? `${set} changed` : "");
    part(this, "[data-do=reset]").hidden = !set;
    const button = part(this, "[data-do=make]");
    say(button, sending ? "Sending" : "Make");
    button.setAttribute("aria-disabled", String(sending || !workflow.available));
    this.#wrong(message);
  }

  /** To the first field that something is wrong with. */
  toError() {
    const field = this.querySelector(".f:has(.f-error:not([hidden]))")?.parentElement;
    if (!(field instanceof FormField)) return;
    field.scrollIntoView({ block: "nearest" });
    field.focus({ preventScroll: true });
  }

  /** Files that are meant for the form as a whole. @param {readonly File[]} files */
  receive(files) {
    const here = document.activeElement?.closest(FILE_FIELDS);
    if (here instanceof FileField) here.take(files);
    const kinds = here ? [] : new Set(files.map(kindOfFile));
    const filled = [...kinds].map((kind) => {
      const fields = this.#fileFields.filter(({ takes }) => takes.kind === kind);
      const field = fields.find(({ room }) => room > 0) ?? fields[0];
      field?.take(files.filter((file) => kindOfFile(file) === kind));
      return field;
    });
    return Boolean(here) || filled.some(Boolean);
  }

  get #fileFields() {
    return [...this.querySelectorAll(FILE_FIELDS)].filter((field) => field instanceof FileField);
  }

  /** @param {Element} grid @param {readonly Parameter[]} parameters */
  #fields(grid, parameters) {
    const { workflow, values, errors, lastSeed } = /** @type {Shown} */ (this.#shown);
    const around = { most: 1, first: firstPicture(workflow, values), lastSeed };
    const files = parameters.filter((parameter) => isFile(parameter) && parameter.type !== "audio").length;
    const byKey = new Map(parameters.map((parameter) => [`${parameter.name} ${control(parameter)}`, parameter]));
    const make = (/** @type {string} */ key) => document.createElement(FIELDS[control(/** @type {Parameter} */ (byKey.get(key)))]);
    reconcile(grid, [...byKey.keys()], make, (field, key) => {
      const parameter = /** @type {Parameter} */ (byKey.get(key));
      const error = errors.find((each) => each.parameter === parameter.name) ?? null;
      // a picture or a video alone has the width, several stand side by side
      const wide = WIDE.includes(control(parameter)) || WIDE_TYPES.includes(parameter.type) || (isFile(parameter) && files === 1);
      field.classList.toggle("wide", wide);
      const most = parameter.type === "image" ? mostPictures(workflow) : 1;
      /** @type {FormField} */ (field).update(parameter, values[parameter.name], { error, around: { ...around, most } });
    });
  }

  /** Whether it can run, when that is not so, or has just been asked for. @param {Shown} shown */
  #verdict({ workflow, verdict }) {
    const { available, reason, problems } = workflow;
    reconcile(part(this, ".verdict"), verdict || !available ? ["told"] : [], () => VERDICT(), (block) => {
      block.dataset.able = String(available);
      part(block, "use").setAttribute("href", available ? "#i-check" : "#i-alert");
      say(part(block, ".v-line span"), available ? "It can run here." : reason ?? "It cannot run here.");
      const missing = problems.map(({ message }) => message ?? "").filter((message) => message && message !== reason);
      reconcile(part(block, ".v-list"), missing, () => document.createElement("li"), (line, message) => say(line, message));
      writeNotes(part(block, ".notes"), verdict?.notes ?? []);
    });
  }

  /** @param {string} message */
  #wrong(message) {
    const line = part(this, ".wf-wrong");
    say(line, message);
    line.hidden = !message;
  }
}
