// @ts-check
// <box-panel>: the words of a set, what can be done with a picture, the settings really used, the notes.
//   panel.update(job, image, now);
// Wishes: `wish` {what, job, index}.

import { icon, part, reconcile, say, template, wish, writeNotes } from "../dom.js";
import { bytes, elapsed, spent, splitPrompt } from "../format.js";
import { heading } from "../set-view.js";

/** @param {string} what @param {string} name @param {string} label @param {string} [key] */
const command = (what, name, label, key = "") =>
  `<button type="button" data-do="${what}">${icon(name)}<span>${label}</span>${key && `<kbd aria-hidden="true">${key}</kbd>`}</button>`;

const BODY = template(`<aside class="panel" aria-label="About this picture"><header><span></span></header>
  <section><h2 class="words" tabindex="0"></h2><p class="flags"></p></section>
  <div class="row"><button type="button" class="btn" data-do="prompt">Use this prompt</button>
    <button type="button" class="btn quiet" data-do="again">Make again</button></div>
  <section><h3>Keep it</h3><div class="cmds">
    ${command("star", "star", "Star", "S")}${command("download", "down", "Download", "D")}
    ${command("copy-prompt", "copy", "Copy prompt")}${command("copy-seed", "copy", "Copy seed")}
    ${command("file", "open", "Open the file")}${command("trash", "trash", "Move to trash")}</div></section>
  <section><h3>Settings really used</h3><dl class="used"></dl></section><div class="notes"></div></aside>`);

/**
 * @typedef {import("../api.js").Job} Job
 * @typedef {import("../api.js").JobImage} JobImage
 * @typedef {{value: string, weight: number}} Lora
 */

export class BoxPanel extends HTMLElement {
  #job = "";
  #index = 0;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element && target.closest("[data-do]");
      if (!(button instanceof HTMLElement)) return;
      wish(this, "wish", { what: button.dataset.do, job: this.#job, index: this.#index });
    });
  }

  /** @param {string} selector */
  #at(selector) {
    return part(this, selector);
  }

  /** @param {Job} job @param {JobImage} image @param {Date} now */
  update(job, image, now) {
    this.#job = job.id;
    this.#index = image.index;
    const { words, flags } = splitPrompt(job);
    say(this.#at("header span"), heading(job, now));
    say(this.#at(".words"), words);
    say(this.#at(".flags"), flags);
    const starred = job.favorites.includes(image.index);
    const star = this.#at("[data-do=star]");
    star.setAttribute("aria-pressed", String(starred));
    star.querySelector(".i")?.classList.toggle("on", starred);
    this.#at("[data-do=copy-seed]").hidden = seed(job, image) === undefined;
    const trash = this.#at("[data-do=trash]");
    trash.hidden = job.state === "queued" || job.state === "running";
    say(/** @type {Element} */ (trash.querySelector("span")), job.deleted_at ? "Restore" : "Move to trash");
    trash.querySelector("use")?.setAttribute("href", job.deleted_at ? "#i-undo" : "#i-trash");
    const texts = used(job, image).flat();
    const cells = texts.map((_, at) => `${at % 2 ? "dd" : "dt"} ${at}`);
    reconcile(this.#at(".used"), cells, (key) => document.createElement(key.slice(0, 2)), (cell, _key, at) => say(cell, texts[at]));
    writeNotes(this.#at(".notes"), job.notes.map((note) => note.message));
  }
}

/** @param {Job} job @param {JobImage} image */
export const seed = (job, image) => image.seed ?? job.parameters.seed;

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
    ["Size", `${image.width} × ${image.height}`],
    ["Seed", seed(job, image)],
    ["Steps", p.steps],
    ["Guidance", typeof p.cfg === "number" ? p.cfg.toFixed(1) : undefined],
    ["Sampler", [p.sampler, p.scheduler].filter(Boolean).join(", ")],
    ["Time", took === null ? undefined : took < 60 ? `${took.toFixed(1)} s` : spent(took)],
    ["Engine", engine && [engine, job.attempt > 0 && `attempt ${job.attempt}`].filter(Boolean).join(", ")],
    ["File", `${bytes(image.bytes)} ${image.media_type.replace("image/", "").toUpperCase()}`],
  ];
  return rows.flatMap(([name, value]) => (value === 0 || value ? [[name, String(value)]] : []));
}
