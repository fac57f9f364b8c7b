// @ts-check
// <box-panel>: the words of a set, what can be done with a picture, the settings really used, the notes.
//   panel.update(job, image, now);
// Wishes: `wish` {what, job, index}.

import { icon, reconcile, say, template, wish } from "../dom.js";
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
const NOTE = template(`<p class="note">${icon("info")}<span></span></p>`);

export class BoxPanel extends HTMLElement {
  #job = "";
  #index = 0;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element && target.closest("[data-do]");
      if (button instanceof HTMLElement) wish(this, "wish", { what: button.dataset.do, job: this.#job, index: this.#index });
    });
  }

  /** @param {string} selector */
  #at(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }

  /** @param {import("../api.js").Job} job @param {import("../api.js").JobImage} image @param {Date} now */
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
    const rows = used(job, image);
    const list = this.#at(".used");
    const texts = rows.flat();
    reconcile(list, texts.map((_, at) => String(at)), (key) => document.createElement(Number(key) % 2 ? "dd" : "dt"), (cell, _key, at) => say(cell, texts[at]));
    reconcile(this.#at(".notes"), [...new Set(job.notes.map((note) => note.message))], () => NOTE(), (note, message) => say(/** @type {Element} */ (note.lastElementChild), message));
  }
}

/** @param {import("../api.js").Job} job @param {import("../api.js").JobImage} image */
export const seed = (job, image) => image.seed ?? job.parameters.seed;

/** What was really used, row by row; what does not exist has no row. @param {import("../api.js").Job} job @param {import("../api.js").JobImage} image @returns {[string, string][]} */
function used(job, image) {
  const p = job.parameters;
  const took = elapsed(job);
  const engine = { comfyui: "ComfyUI", sketch: "Sketch engine" }[job.engine ?? ""] ?? job.engine;
  /** @type {[string, unknown][]} */
  const rows = [
    ["Model", p.model?.replace(/\.(safetensors|ckpt|gguf|sft|pt)$/, "")],
    ["LoRA", p.lora?.map?.((/** @type {{value: string, weight: number}} */ { value, weight }) => `${value} ${weight}`).join(", ")],
    ["Size", `${image.width} × ${image.height}`],
    ["Seed", seed(job, image)],
    ["Steps", p.steps],
    ["Guidance", typeof p.cfg === "number" ? p.cfg.toFixed(1) : undefined],
    ["Sampler", [p.sampler, p.scheduler].filter(Boolean).join(", ")],
    ["Time", took === null ? undefined : took < 60 ? `${took.toFixed(1)} s` : spent(took)],
    ["Engine", engine && [engine, job.attempt > 0 && `attempt ${job.attempt}`].filter(Boolean).join(", ")],
    ["File", `${bytes(image.bytes)} ${image.media_type.replace("image/", "").toUpperCase()}`],
  ];
  return rows.flatMap(([name, value]) => (value === undefined || value === null || value === "" ? [] : [[name, String(value)]]));
}
