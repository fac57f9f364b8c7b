// @ts-check
/**
 * `<prompt-lens>`: the prompt bar. It brings together the references, the field, the completion
 * list, the settings and the lines under the prompt, and submits.
 *
 *     lens.api = api;  lens.find = (id) => state.jobs.get(id);  lens.engine = state.engine;  lens.online = true;
 *     lens.addEventListener("submitted", ({detail}) => place(detail.jobs));
 *     document.dispatchEvent(new CustomEvent("use-prompt", {detail: {prompt, submit: true}}));
 *     document.dispatchEvent(new CustomEvent("use-prompt", {detail: {prompt, action: {job, image, action, label}}}));
 *     document.dispatchEvent(new CustomEvent("use-reference", {detail: {link, role: "style", thumbnail}}));
 *
 * @typedef {import("../completions.js").Parameter} Parameter
 * @typedef {import("../completions.js").Catalog} Catalog
 * @typedef {import("../prompt-text.js").Detail} Detail
 * @typedef {import("../prompt-reader.js").Parsed} Parsed
 * @typedef {import("../api.js").Engine} Engine
 * @typedef {import("../prompt-memory.js").LensAction} LensAction
 * @typedef {import("../prompt-memory.js").Wanted} Wanted
 * @typedef {import("./reference-row.js").Api & {parse: (prompt: string, signal?: AbortSignal) => Promise<Parsed>,
 *   imagine: (body: {prompt: string}, options?: {key: string}) => Promise<{jobs: any[]}>,
 *   act: (job: string, body: import("../api.js").Action, options?: {key: string}) => Promise<{jobs: any[]}>,
 *   parameters: () => Promise<{parameters: Parameter[]}>, catalog: () => Promise<Catalog>}} Api
 */
import { icon, wish } from "../dom.js";
import { takeFiles } from "../lens-drop.js";
import { measureRoom, stayAboveKeyboard } from "../lens-place.js";
import { hasOwn, merge, placesInText, split } from "../lens-references.js";
import { errors, isCurrent, paint, told, view } from "../lens-view.js";
import { refusal } from "../lens-words.js";
import { KEPT_LIMIT, readDraft, readKept, Recall, remember, writeDraft } from "../prompt-memory.js";
import { lacksWords, PromptReader } from "../prompt-reader.js";
import { nameOf, PromptSender } from "../prompt-sender.js";
import { isWhole, isWordless, readFlag, removeFlag, suggestedEdit, toUnits, writeFlag } from "../prompt-text.js";
import { FlagCompletion } from "./flag-completion.js";
import { LensAdd } from "./lens-add.js";
import { LensMode } from "./lens-mode.js";
import { LensSettings } from "./lens-settings.js";
import { LensStatus } from "./lens-status.js";
import { PromptField } from "./prompt-field.js";
import { ReferenceMenu } from "./reference-menu.js";
import { ReferenceRow } from "./reference-row.js";
import { ShapePicker } from "./shape-picker.js";

const MARKUP = `<form class="lens" data-state="rest" aria-label="New pictures" novalidate>
<lens-mode hidden></lens-mode><reference-row hidden></reference-row>
<div class="lens-row"><lens-add></lens-add><prompt-field class="field"></prompt-field>
<button type="button" class="ib tune" aria-label="Settings" aria-haspopup="dialog" aria-expanded="false" aria-controls="settings">${icon("sliders")}</button>
<button class="go" aria-label="Make pictures">${icon("up")}</button></div>
<lens-status></lens-status><flag-completion></flag-completion><lens-settings></lens-settings>
<p class="drop" hidden>Drop to use as a reference</p></form>`;

/** Registers `<prompt-lens>` and the elements that it is made of. */
export function definePromptLens() {
  customElements.define("prompt-field", PromptField);
  customElements.define("flag-completion", FlagCompletion);
  customElements.define("shape-picker", ShapePicker);
  customElements.define("lens-settings", LensSettings);
  customElements.define("lens-status", LensStatus);
  customElements.define("lens-add", LensAdd);
  customElements.define("lens-mode", LensMode);
  customElements.define("reference-menu", ReferenceMenu);
  customElements.define("reference-row", ReferenceRow);
  customElements.define("prompt-lens", PromptLens);
}

export class PromptLens extends HTMLElement {
  /** @type {Api|null} */
  #api = null;
  /** @type {Engine|null} */
  #engine = null;
  /** @type {Parameter[]} */
  #parameters = [];
  /** @type {Catalog|null} */
  #catalog = null;
  /** @type {import("../lens-view.js").Refused|null} */
  #refused = null;
  /** True after Enter on an unfinished flag: then its error shows under the caret too. */
  #insisted = false;
  /** What the words are for, when not for a new set. @type {LensAction|null} */
  #action = null;
  #recall = new Recall();
  #ended = new AbortController();
  #reader = new PromptReader((text, signal) => this.#server.parse(text, signal), () => this.#update());
  #sender = new PromptSender({
    post: (wanted, key) => this.#post(wanted, key),
    taken: (jobs, wanted) => this.#taken(jobs, wanted),
    refused: (reason, wanted) => this.#giveBack(reason, wanted),
    changed: () => this.#update(),
  });

  connectedCallback() {
    if (!this.firstElementChild) this.innerHTML = MARKUP;
    this.#ended = new AbortController();
    this.#completion.field = this.#field;
    this.#listen(this.#ended.signal);
    const { text, references } = readDraft();
    this.#references.references = references;
    this.#setText(text);
  }

  disconnectedCallback() {
    this.#ended.abort();
    this.#reader.forget();
    this.#sender.online = false;
  }

  /** @param {Api} api */
  set api(api) {
    this.#api = api;
    this.#settings.parse = api.parse;
    this.#references.api = api;
    this.#learn();
  }

  /** @param {(job: string) => import("../api.js").Job|undefined} find what the page knows of a set */
  set find(find) {
    this.#references.find = find;
  }

  get engine() {
    return this.#engine;
  }

  /** @param {Engine|null} engine */
  set engine(engine) {
    const before = this.#engine;
    this.#engine = engine;
    const same = before?.state === engine?.state && before?.kind === engine?.kind && before?.url === engine?.url;
    if (!same) this.#learn();
  }

  get online() {
    return this.#sender.online;
  }

  /** @param {boolean} online */
  set online(online) {
    if (online === this.#sender.online) return;
    this.#sender.online = online;
    if (online) this.#learn();
    else this.#update();
  }

  /** @param {FocusOptions} [options] */
  focus(options) {
    this.#field.input.focus(options);
  }

  /** Submit the text, keep it while offline, or go to what is wrong with it. */
  submit() {
    const wanted = this.#wanted;
    const { references, uploading } = this.#references;
    this.#completion.close();
    if (uploading) return;
    if (!wanted.prompt) this.#field.place();
    else if (references.length && lacksWords(this.#field.value, references)) this.#askForWords();
    else if (!this.#sender.online) this.#keep(wanted);
    else if (errors(this.#facts).length && isCurrent(this.#facts)) this.#goToError();
    else this.#sender.send(wanted);
  }

  // Listening.

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const { input } = this.#field;
    const form = this.#part("form");
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type, /** @type {(event: any) => void} */ act) =>
      target.addEventListener(type, act, { signal });
    on(input, "input", (event) => this.#typed(event));
    on(input, "keydown", (event) => this.#key(event));
    on(document, "selectionchange", () => this.#moved());
    on(form, "submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    // Nothing of the bar takes the focus, and the phone's keyboard, from the text.
    on(form, "mousedown", (event) => {
      if (event.target.closest("textarea, flag-completion, lens-settings, lens-add, reference-menu")) return;
      event.preventDefault();
      if (!event.target.closest("button")) this.focus();
    });
    on(this.#part(".tune"), "click", ({ detail }) => this.#openSettings(!this.#settings.open, detail === 0));
    on(this.#status, "fix", () => this.#fix());
    on(this.#settings, "written", ({ detail }) => {
      this.#setText(detail.text);
      if (isWordless(detail.text)) input.setSelectionRange(0, 0);
    });
    on(form, "keydown", (event) => {
      if (event.key !== "Escape" || !this.#settings.open) return;
      event.stopPropagation();
      this.#openSettings(false, true);
    });
    on(document, "pointerdown", ({ target }) => {
      if (!(target instanceof Element && target.closest("lens-settings, .tune"))) this.#openSettings(false, false);
    });
    on(this, "focusin", () => this.#update());
    on(this, "focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.contains(relatedTarget))) queueMicrotask(() => this.#left());
    });
    on(document, "use-prompt", ({ detail }) => this.#use(detail));
    this.#listenToPictures(on, signal);
    on(window, "storage", () => this.#update());
    stayAboveKeyboard(this, signal);
  }

  /** @param {(target: EventTarget, type: string, act: (event: any) => void) => void} on @param {AbortSignal} signal */
  #listenToPictures(on, signal) {
    const row = this.#references;
    on(row, "references", () => this.#picturesChanged());
    on(row, "left-empty", () => this.focus());
    on(row, "weigh-images", ({ detail }) => {
      const { value } = this.#field;
      this.#setText(detail.weight === 1 ? removeFlag(value, ["iw"]) : writeFlag(value, ["iw"], `--iw ${detail.weight}`));
    });
    on(this, "add-files", ({ detail }) => row.take(detail.files));
    on(this, "add-link", ({ detail }) => row.add({ link: detail.link, role: "image", weight: 1 }));
    on(document, "use-reference", ({ detail }) => {
      row.add({ weight: 1, ...detail });
      this.#field.place();
    });
    on(this, "leave-mode", () => this.#setAction(null));
    takeFiles(signal, {
      over: (held) => { this.#part(".drop").hidden = !held; },
      take: (files) => {
        row.take(files);
        this.focus();
      },
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // 229: Safari ends a composition before it tells the key that ended it.
    if (event.isComposing || event.keyCode === 229) return;
    const plain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (this.#completion.open && plain && this.#completion.press(event.key)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.submit();
    } else if (plain && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      if (this.#field.caret < this.#field.value.length) return;
      const past = this.#recall.step(this.#wanted.prompt, event.key === "ArrowUp" ? 1 : -1);
      if (past === null) return;
      event.preventDefault();
      this.#put(past);
      this.#field.place();
    } else if (plain && event.key === "Escape" && this.#action && !this.#settings.open && !this.#references.closeMenu()) {
      event.preventDefault();
      this.#setAction(null);
    }
  }

  /** @param {InputEvent} event */
  #typed(event) {
    this.#insisted = false;
    this.#references.complaint = null;
    if (event.inputType === "insertFromPaste" && hasOwn(this.#field.value)) {
      const { text, references } = split(this.#field.value);
      this.#field.value = text;
      for (const reference of references) this.#references.add(reference);
    }
    this.#completion.offer();
    this.#follow();
  }

  /** The caret went elsewhere: an open list follows it, a closed one stays closed. */
  #moved() {
    if (document.activeElement !== this.#field.input) return;
    if (this.#completion.open) this.#completion.offer();
    if (errors(this.#facts).length) this.#update();
  }

  #left() {
    if (this.contains(document.activeElement)) return;
    this.#completion.close();
    this.#openSettings(false, false);
    this.#update();
  }

  /** @param {{prompt: string, submit?: boolean, action?: LensAction}} wanted */
  #use({ prompt, submit, action }) {
    const { prompt: draft } = this.#wanted;
    if (draft && draft !== prompt) remember(draft);
    this.#setAction(action ?? null);
    this.#put(prompt);
    // On a phone the keyboard would hide the pictures that are on their way.
    if (!submit || matchMedia("(pointer: fine)").matches) this.#field.place();
    if (submit) this.submit();
  }

  // What stands there, and what it means.

  /** What would be sent, with its pictures in the text. @returns {Wanted} */
  get #wanted() {
    const { prompt } = merge(this.#field.value.trimEnd(), this.#references.references);
    return this.#action ? { prompt, action: this.#action } : { prompt };
  }

  /** A whole prompt: its pictures go into their row. @param {string} prompt */
  #put(prompt) {
    const { text, references } = split(prompt);
    this.#references.references = references;
    this.#setText(text);
  }

  /** @param {LensAction|null} action */
  #setAction(action) {
    this.#action = action;
    this.#part("lens-mode", LensMode).show(action?.label ?? null);
    this.#follow();
  }

  #picturesChanged() {
    const { references, count } = this.#references;
    const { value } = this.#field;
    // their shared weight goes with the last of them
    if (!references.some(({ role }) => role === "image") && !count && readFlag(value, ["iw"])) {
      this.#field.value = removeFlag(value, ["iw"]);
    }
    this.#follow();
  }

  /** Set by the program. @param {string} text */
  #setText(text) {
    this.#field.value = text;
    this.#insisted = false;
    this.#completion.close();
    this.#follow();
  }

  /** The text or its pictures are others: remember them, and ask what they would do. */
  #follow() {
    const text = this.#field.value;
    const { references } = this.#references;
    // words for an action are of no use without it
    if (!this.#action) writeDraft(text, references);
    if (this.#refused?.text !== text || this.#refused.references !== references) this.#refused = null;
    this.#references.show({ imageWeight: Number(readFlag(text, ["iw"]) || 1) || 1 });
    if (!text.trim()) this.#field.paint([]);
    if (!text.trim() && !references.length) this.#reader.clear();
    else if (this.#api && this.#sender.online) this.#reader.read(text, references);
    this.#update();
  }

  /** Another server, engine or connection: read again what depends on it. */
  async #learn() {
    if (!this.isConnected) return;
    this.#follow();
    if (!this.#api || !this.#sender.online) return;
    const [table, catalog] = await Promise.allSettled([this.#api.parameters(), this.#api.catalog()]);
    if (table.status === "fulfilled") this.#parameters = table.value.parameters;
    if (catalog.status === "fulfilled") this.#catalog = catalog.value;
    this.#completion.known = { parameters: this.#parameters, catalog: this.#catalog };
    this.#update();
  }

  /** @returns {import("../lens-view.js").Facts} */
  get #facts() {
    const { value: text, caret, input } = this.#field;
    const focused = this.contains(document.activeElement);
    return {
      text,
      caret,
      answer: this.#reader.answer,
      sound: this.#reader.sound,
      refused: this.#refused,
      typing: !this.#insisted && document.activeElement === input,
      offering: this.#completion.open,
      choosing: this.#settings.open,
      awake: focused || this.#settings.open,
      online: this.#sender.online,
      engineDown: this.#engine?.state === "down",
      kept: readKept().length,
      underWay: this.#sender.isUnderWay(this.#wanted),
      references: this.#references.count,
      uploading: this.#references.uploading,
      complaint: this.#references.complaint,
    };
  }

  /** Show the whole state; may run at any time. */
  #update() {
    if (!this.isConnected) return;
    const facts = this.#facts;
    const spans = paint(facts, this.#parameters);
    if (spans) this.#field.paint(spans);
    const { state, problem, says, hints, blocked } = view(facts);
    this.#part("form").dataset.state = state;
    this.#status.show({ problem, says, kept: facts.kept, hints });
    this.#part(".go").setAttribute("aria-disabled", String(blocked));
    this.#part(".tune").setAttribute("aria-expanded", String(this.#settings.open));
    if (this.#settings.open || this.#completion.open) measureRoom(this);
    if (this.#settings.open) {
      const job = facts.sound?.jobs[0] ?? null;
      this.#settings.show({ text: facts.text, job, parameters: this.#parameters, catalog: this.#catalog });
    }
  }

  async #fix() {
    const text = this.#field.value;
    if (!isCurrent(this.#facts)) await this.#reader.now(text);
    const [error] = told(this.#facts);
    const edit = error && this.#field.value === text ? suggestedEdit(text, error) : null;
    if (!edit) return;
    this.#field.replace(edit.start, edit.end, edit.text);
    this.#completion.close();
    this.#reader.now(this.#field.value);
  }

  #goToError() {
    this.#insisted = true;
    const text = this.#field.value;
    const [place] = toUnits(text, errors(this.#facts));
    if (place && !isWhole(text, place)) this.#field.place({ at: place.start, to: place.end });
    else this.#field.place({ at: isWordless(text) ? 0 : text.length });
    this.#update();
  }

  // Sending.

  /** @param {Wanted} wanted @param {string} key */
  #post({ prompt, action }, key) {
    if (!action) return this.#server.imagine({ prompt }, { key });
    const { job, label: _, ...body } = action;
    return this.#server.act(job, { ...body, prompt }, { key });
  }

  /** @param {Wanted} wanted */
  #keep(wanted) {
    if (this.#sender.keep(wanted)) this.#empty();
    else this.#refuse(`${KEPT_LIMIT} prompts are kept already. They are sent when the server is back.`, []);
  }

  #empty() {
    this.#setAction(null);
    this.#put("");
  }

  #askForWords() {
    this.#field.place({ at: 0 });
    this.#refuse("One picture alone is not enough. Describe what to make, or add a second image to blend them.", []);
  }

  /** @param {any[]} jobs @param {Wanted} wanted */
  #taken(jobs, wanted) {
    if (nameOf(this.#wanted) === nameOf(wanted)) {
      if (this.#settings.open) this.focus();
      this.#openSettings(false, false);
      this.#empty();
    }
    wish(this, "submitted", { jobs });
  }

  /** @param {import("../prompt-sender.js").Refusal} reason @param {Wanted} wanted */
  #giveBack(reason, wanted) {
    if (!this.#field.value && !this.#references.count) {
      this.#setAction(wanted.action ?? null);
      this.#put(wanted.prompt);
    }
    if (nameOf(this.#wanted) === nameOf(wanted)) {
      const text = this.#field.value;
      const before = [...wanted.prompt.slice(0, merge(text, this.#references.references).start)].length;
      this.#refuse(refusal(reason), placesInText(reason.error?.details ?? [], before, [...text].length));
    } else {
      remember(wanted.prompt);
      this.#refuse(`The prompt before was not sent. ${refusal(reason)}`, []);
    }
  }

  /** @param {string} message @param {Detail[]} details */
  #refuse(message, details) {
    const { references } = this.#references;
    this.#refused = { text: this.#field.value, references, message: details[0]?.message ?? message, details };
    this.#insisted = true;
    this.#update();
  }

  // Settings.

  /** @param {boolean} open @param {boolean} keys by keyboard: the first control takes the focus, or the button has it again */
  #openSettings(open, keys) {
    if (open === this.#settings.open) return;
    this.#completion.close();
    this.#settings.open = open;
    this.#update();
    if (open) this.#settings.enter(keys);
    else if (keys) this.#part(".tune").focus();
  }

  // Parts.

  /** @returns {Api} */
  get #server() {
    if (!this.#api) throw new Error("prompt-lens has no api");
    return this.#api;
  }

  get #field() {
    return this.#part("prompt-field", PromptField);
  }

  get #completion() {
    return this.#part("flag-completion", FlagCompletion);
  }

  get #settings() {
    return this.#part("lens-settings", LensSettings);
  }

  get #status() {
    return this.#part("lens-status", LensStatus);
  }

  get #references() {
    return this.#part("reference-row", ReferenceRow);
  }

  /**
   * @template {HTMLElement} [E=HTMLElement]
   * @param {string} selector @param {new () => E} [_kind] @returns {E}
   */
  #part(selector, _kind) {
    return /** @type {E} */ (this.querySelector(selector));
  }
}
