// @ts-check
// <box-panel>: the words of a set, what can be done with a picture, the settings really used, the notes, the family.
//   panel.update(job, image, { jobs, family, now });
// Wishes: `wish` {what, job, index, from}, and those of the family.

import { writeRows } from "../command-rows.js";
import { part, reconcile, say, template, wish, writeNotes } from "../dom.js";
import { bytes, elapsed, spent, splitPrompt } from "../format.js";
import { lineage, source } from "../lineage.js";
import { keepingRows, makingRows, otherRows, seed } from "../picture-actions.js";
import { heading } from "../set-view.js";
import { FamilyTree } from "./family-tree.js";

const BODY = template(`<aside class="panel" aria-label="About this picture"><header><span></span></header>
  <section><h2 class="words" tabindex="0"></h2><p class="flags"></p><button type="button" class="from num" data-do="parent"></button></section>
  <div class="row"><button type="button" class="btn" data-do="prompt">Use this prompt</button>
    <button type="button" class="btn quiet" data-do="again">Make again</button></div>
  <section><h3>Make more of it</h3><div class="cmds making"></div><hr><div class="cmds other"></div></section>
  <section><h3>Settings really used</h3><dl class="used"></dl></section><div class="notes"></div></aside>`);

/**
 * @typedef {import("../api.js").Job} Job
 * @typedef {import("../api.js").JobImage} JobImage
 * @typedef {{value: string, weight: number}} Lora
 */

export class BoxPanel extends HTMLElement {
  #job = "";
  #index = 0;
  #family = new FamilyTree();

  connectedCallback() {
    if (this.firstElementChild) return;
    const panel = BODY();
    panel.append(this.#family);
    this.append(panel);
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element && target.closest("[data-do]");
      if (!(button instanceof HTMLElement)) return;
      wish(this, "wish", { what: button.dataset.do, job: this.#job, index: this.#index, from: button });
    });
  }

  /** @param {string} selector */
  #at(selector) {
    return part(this, selector);
  }

  /**
   * @param {Job} job @param {JobImage} image
   * @param {{jobs: ReadonlyMap<string, Job>, family: import("../lineage.js").Family|null, now: Date}} around
   */
  update(job, image, { jobs, family, now }) {
    this.#job = job.id;
    this.#index = image.index;
    const { words, flags } = splitPrompt(job);
    say(this.#at("header span"), heading(job, now));
    say(this.#at(".words"), words);
    say(this.#at(".flags"), flags);
    const from = lineage(job, jobs.get(source(job)?.job ?? ""));
    say(this.#at(".from"), from);
    this.#at(".from").hidden = !from;
    say(this.#at("h3"), job.deleted_at ? "Keep it" : "Make more of it");
    this.#at("hr").hidden = Boolean(job.deleted_at);
    writeRows(this.#at(".making"), makingRows(job, image));
    writeRows(this.#at(".other"), [...keepingRows(job, image), ...otherRows(job, image)]);
    const texts = used(job, image).flat();
    const cells = texts.map((_, at) => `${at % 2 ? "dd" : "dt"} ${at}`);
    reconcile(this.#at(".used"), cells, (key) => document.createElement(key.slice(0, 2)), (cell, _key, at) => say(cell, texts[at]));
    writeNotes(this.#at(".notes"), job.notes.map((note) => note.message));
    this.#family.update(family, jobs, { job: job.id, image: image.index });
  }
}

/**
 * What was really used, row by row; what does not exist has no row.
 * @param {Job} job @param {JobImage} image @returns {[string, string][]}
 */
function used(job, image) {
  const p = job.parameters;
  const took = elapsed(job);
  const engine = { comfyui: "ComfyUI", sketch: "Sketch engine" }[job.engine ?? ""] ?? job.engine;
  /** @type {[string, unknown][]} */
  const rows = [
    ["Model", p.model?.replace(/\.(safetensors|ckpt|gguf|sft|pt)$/, "")],
    ["LoRA", p.lora?.map?.((/** @type {Lora} */ { value, weight }) => `${value} ${weight}`).join(", ")],
    ["Workflow", p.workflow],
    ["Size", image.width && image.height ? `${image.width} × ${image.height}` : undefined],
    ["Length", image.duration_s ? `${image.duration_s.toFixed(1)} s` : undefined],
    ["Seed", seed(job, image)],
    ["Steps", p.steps],
    ["Guidance", typeof p.cfg === "number" ? p.cfg.toFixed(1) : undefined],
    ["Sampler", [p.sampler, p.scheduler].filter(Boolean).join(", ")],
    ["Time", took === null ? undefined : took < 60 ? `${took.toFixed(1)} s` : spent(took)],
    ["Engine", engine && [engine, job.attempt > 0 && `attempt ${job.attempt}`].filter(Boolean).join(", ")],
    ["File", `${bytes(image.bytes)} ${(image.url.split(".").pop() ?? "").toUpperCase()}`],
  ];
  return rows.flatMap(([name, value]) => (value === 0 || value ? [[name, String(value)]] : []));
}
