// @ts-check
/**
 * `<lens-settings>`: the popover that writes flags for you. It shows what the text says, and each
 * change is written into the text at once; it keeps nothing of its own.
 *
 *     settings.parse = api.parse;
 *     settings.show({text, job, parameters, catalog});
 *     settings.addEventListener("written", ({detail}) => field.value = detail.text);
 *
 * @typedef {import("../completions.js").Parameter} Parameter
 * @typedef {import("../completions.js").Catalog} Catalog
 * @typedef {{names: string[], flag: string, takes: "none"|"word"|"all"}} Rule
 * @typedef {{text: string, job: any, parameters: Parameter[], catalog: Catalog|null}} Shown `job` is the first of /api/parse
 */
import { namesOf } from "../completions.js";
import { size } from "../lens-words.js";
import { ModelLimits } from "../model-limits.js";
import { readFlag, removeFlag, writeFlag, writtenFlags } from "../prompt-text.js";
import { RadioRow } from "./radio-row.js";

const CONTROLS = ["aspect", "size", "model", "stylize", "chaos", "weird", "batch", "draft", "quality"];
const RANGES = [
  { name: "stylize", label: "Stylize", max: 1000, usual: 100 },
  { name: "chaos", label: "Chaos", max: 100, usual: 0 },
  { name: "weird", label: "Weird", max: 3000, usual: 0 },
];

/** @param {string} value @param {string} [label] */
const radio = (value, label = value) =>
  `<button type="button" role="radio" data-value="${value}">${label}</button>`;

/** A file name without its ending. @param {string} label */
const plain = (label) => label.replace(/\.(safetensors|sft|gguf|ckpt|pth?)$/i, "");

const MARKUP = `<div class="pop settings" id="settings" role="dialog" aria-label="Settings for this prompt" tabindex="-1" hidden>
<section><h3>Shape</h3><shape-picker class="shape"></shape-picker></section>
<section><div class="kv"><span id="settings-model">Model</span><span class="wide choose"><select class="pick" aria-labelledby="settings-model"></select><svg class="i" aria-hidden="true"><use href="#i-chev"/></svg></span></div>
${RANGES.map(({ name, label, max }) => `<div class="kv" data-name="${name}"><span>${label}</span>
<input type="range" min="0" max="${max}" step="${max > 1000 ? 50 : max / 100}" aria-label="${label}"><output></output><span class="wide lacking" hidden>not with this model</span></div>`).join("")}</section>
<section><div class="kv"><span>Pictures</span><div class="seg wide" data-name="batch" role="radiogroup" aria-label="Pictures">${["1", "2", "4", "6", "9"].map((count) => radio(count)).join("")}</div></div>
<div class="kv" data-name="speed" hidden><span>Speed</span><div class="seg wide" role="radiogroup" aria-label="Speed">${radio("draft", "Draft")}${radio("normal", "Normal")}${radio("fine", "Fine")}</div></div></section>
<div class="written"><span class="as"><span></span> <code></code></span><button type="button" class="act">Reset</button></div></div>`;

export class LensSettings extends HTMLElement {
  /** @type {Shown} */
  #shown = { text: "", job: null, parameters: [], catalog: null };
  /** Flags that the model in use cannot honour. @type {ReadonlySet<string>} */
  #lacks = new Set(["draft", "quality"]);
  /** @type {ModelLimits|null} */
  #limits = null;
  /** @type {RadioRow|null} */
  #batch = null;
  /** @type {RadioRow|null} */
  #speed = null;
  #size = "";

  connectedCallback() {
    if (this.firstElementChild) return;
    this.innerHTML = MARKUP;
    this.#part("shape-picker").addEventListener("shape", (event) => {
      this.#size = "";
      this.#write("aspect", /** @type {CustomEvent} */ (event).detail.ratio, ["size"]);
    });
    this.#part("select").addEventListener("change", () => this.#write("model", this.#select.value));
    for (const { name } of RANGES) {
      const slider = this.#slider(name);
      slider.addEventListener("input", () => this.#write(name, slider.value));
    }
    this.#batch = new RadioRow(this.#part("[data-name=batch]"), (count) => this.#write("batch", count));
    this.#speed = new RadioRow(this.#part("[data-name=speed] .seg"), (speed) => this.#hurry(speed));
    this.#part(".written button").addEventListener("click", () => this.#reset());
  }

  /** @param {(prompt: string) => Promise<import("../prompt-reader.js").Parsed>} parse */
  set parse(parse) {
    this.#limits = new ModelLimits(parse);
  }

  get open() {
    return !this.#panel.hidden;
  }

  set open(open) {
    this.#panel.hidden = !open;
    // Which engine answers may have changed since.
    if (open) this.#limits?.clear();
  }

  /** Take the focus. @param {boolean} first to its first control, else to the popover as a whole */
  enter(first) {
    (first ? this.#part(".ratios [tabindex='0']") : this.#panel).focus();
  }

  /** @param {Shown} shown */
  show(shown) {
    this.#shown = shown;
    this.#size = size(shown.job) || this.#size;
    if (!this.open) return;
    this.#showAll();
    this.#limits?.lacks(shown.job?.parameters?.model ?? null).then((lacks) => {
      if (lacks === this.#lacks) return;
      this.#lacks = lacks;
      this.#showAll();
    });
  }

  #showAll() {
    this.#showShape();
    this.#showModel();
    for (const range of RANGES) this.#showRange(range);
    if (this.#batch) this.#batch.value = this.#read("batch") ?? String(this.#shown.job?.parameters?.batch_size ?? 4);
    this.#showSpeed();
    const written = writtenFlags(this.#shown.text, CONTROLS.map((name) => this.#rule(name)));
    this.#part(".written .as span").textContent = written.length ? "Written as" : "Nothing written yet";
    this.#part(".written code").textContent = written.join(" ");
    this.#part(".written button").hidden = written.length === 0;
  }

  #showShape() {
    const [width, height] = (this.#read("size") ?? "").toLowerCase().split("x").map(Number);
    const sized = width > 0 && height > 0 ? `${width}:${height}` : null;
    const usual = this.#shown.job?.parameters?.aspect ?? "1:1";
    const ratio = sized ?? this.#read("aspect") ?? usual;
    const picker = /** @type {import("./shape-picker.js").ShapePicker} */ (this.#part("shape-picker"));
    picker.show(ratio, this.#size);
  }

  #showModel() {
    const select = this.#select;
    const models = this.#shown.catalog?.models ?? [];
    const names = models.map((model) => model.name).join("\n");
    if (select.dataset.names !== names) {
      select.dataset.names = names;
      select.replaceChildren(...models.map(({ name, label }) => new Option(plain(label), name)));
      if (!models.length) select.append(new Option("None installed", ""));
    }
    select.disabled = models.length < 2;
    const used = this.#shown.job?.parameters?.model ?? models.find((model) => model.default)?.name;
    select.value = used ?? models[0]?.name ?? "";
  }

  /** @param {typeof RANGES[number]} range */
  #showRange({ name, usual }) {
    const row = this.#part(`[data-name=${name}]`);
    const slider = this.#slider(name);
    const value = Number(this.#read(name) || this.#row(name)?.default || usual);
    slider.value = String(Number.isFinite(value) ? value : usual);
    slider.style.setProperty("--p", String(Number(slider.value) / Number(slider.max)));
    this.#part(`[data-name=${name}] output`).textContent = String(value);
    const lacking = this.#lacks.has(name);
    row.classList.toggle("off", lacking);
    for (const part of row.querySelectorAll("input, output")) part.toggleAttribute("hidden", lacking);
    this.#part(`[data-name=${name}] .lacking`).hidden = !lacking;
  }

  #showSpeed() {
    const { text } = this.#shown;
    const lacks = this.#lacks;
    this.#part("[data-value=draft]").hidden = lacks.has("draft");
    this.#part("[data-value=fine]").hidden = lacks.has("quality");
    this.#part("[data-name=speed]").hidden = lacks.has("draft") && lacks.has("quality");
    const draft = readFlag(text, this.#rule("draft").names, "none") !== null;
    const quality = this.#read("quality");
    if (this.#speed) this.#speed.value = draft ? "draft" : quality === null || quality === "1" ? "normal" : quality === "2" ? "fine" : null;
  }

  /** @param {string} speed */
  #hurry(speed) {
    const { text } = this.#shown;
    if (speed === "draft") this.#written(this.#writing(this.#without(text, ["quality"]), "draft", ""));
    else if (speed === "fine") this.#written(this.#writing(this.#without(text, ["draft"]), "quality", "2"));
    else this.#written(this.#without(text, ["draft", "quality"]));
  }

  #reset() {
    this.#size = "";
    this.#written(this.#without(this.#shown.text, CONTROLS));
    this.enter(true);
  }

  /** @param {string} name @param {string} value @param {string[]} [instead]  flags that this one replaces */
  #write(name, value, instead = []) {
    this.#written(this.#writing(this.#without(this.#shown.text, instead), name, value));
  }

  /** @param {string} text @param {string} name @param {string} value */
  #writing(text, name, value) {
    const { names, flag, takes } = this.#rule(name);
    return writeFlag(text, names, value ? `${flag} ${value}` : flag, takes);
  }

  /** @param {string} text @param {readonly string[]} controls */
  #without(text, controls) {
    return controls.reduce((rest, name) => {
      const { names, takes } = this.#rule(name);
      return removeFlag(rest, names, takes);
    }, text);
  }

  /** @param {string} text */
  #written(text) {
    this.dispatchEvent(new CustomEvent("written", { detail: { text } }));
  }

  /** @param {string} name */
  #read(name) {
    const { names, takes } = this.#rule(name);
    return readFlag(this.#shown.text, names, takes);
  }

  /** @param {string} name @returns {Rule} */
  #rule(name) {
    const row = this.#row(name);
    return {
      names: row ? namesOf(row) : [name],
      flag: row?.flag ?? `--${name}`,
      takes: name === "draft" ? "none" : name === "model" ? "all" : "word",
    };
  }

  /** @param {string} name */
  #row(name) {
    return this.#shown.parameters.find((row) => row.name === name);
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }

  /** @param {string} name */
  #slider(name) {
    return /** @type {HTMLInputElement} */ (this.#part(`[data-name=${name}] input`));
  }

  get #select() {
    return /** @type {HTMLSelectElement} */ (this.#part("select"));
  }

  get #panel() {
    return /** @type {HTMLElement} */ (this.firstElementChild);
  }
}
