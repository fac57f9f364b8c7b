// @ts-check
/**
 * `<prompt-lens>`: the prompt bar. It brings together the field, the completion list, the settings
 * and the lines under the prompt, and submits.
 *
 *     lens.api = api;  lens.engine = state.engine;  lens.online = true;
 *     lens.addEventListener("submitted", ({detail}) => place(detail.jobs));
 *     document.dispatchEvent(new CustomEvent("use-prompt", {detail: {prompt, submit: true}}));
 *
 * @typedef {import("../completions.js").Parameter} Parameter
 * @typedef {import("../completions.js").Catalog} Catalog
 * @typedef {import("../prompt-text.js").Detail} Detail
 * @typedef {import("../prompt-reader.js").Parsed} Parsed
 * @typedef {import("../api.js").Engine} Engine
 * @typedef {{parse: (prompt: string, signal?: AbortSignal) => Promise<Parsed>,
 *   imagine: (body: {prompt: string}, options?: {key: string}) => Promise<{jobs: any[]}>,
 *   parameters: () => Promise<{parameters: Parameter[]}>, catalog: () => Promise<Catalog>}} Api
 */
import { icon, wish } from "../dom.js";
import { measureRoom, stayAboveKeyboard } from "../lens-place.js";
import { errors, isCurrent, paint, told, view } from "../lens-view.js";
import { refusal } from "../lens-words.js";
import { KEPT_LIMIT, readDraft, readKept, Recall, remember, writeDraft } from "../prompt-memory.js";
import { PromptReader } from "../prompt-reader.js";
import { PromptSender } from "../prompt-sender.js";
import { isWhole, isWordless, suggestedEdit, toUnits } from "../prompt-text.js";
import { FlagCompletion } from "./flag-completion.js";
import { LensSettings } from "./lens-settings.js";
import { LensStatus } from "./lens-status.js";
import { PromptField } from "./prompt-field.js";
import { ShapePicker } from "./shape-picker.js";

const MARKUP = `<form class="lens" data-state="rest" aria-label="New pictures" novalidate>
<div class="lens-row"><prompt-field class="field"></prompt-field>
<button type="button" class="ib tune" aria-label="Settings" aria-haspopup="dialog" aria-expanded="false" aria-controls="settings">${icon("sliders")}</button>
<button class="go" aria-label="Make pictures">${icon("up")}</button></div>
<lens-status></lens-status><flag-completion></flag-completion><lens-settings></lens-settings></form>`;

/** Registers `<prompt-lens>` and the elements that it is made of. */
export function definePromptLens() {
  customElements.define("prompt-field", PromptField);
  customElements.define("flag-completion", FlagCompletion);
  customElements.define("shape-picker", ShapePicker);
  customElements.define("lens-settings", LensSettings);
  customElements.define("lens-status", LensStatus);
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
  #recall = new Recall();
  #ended = new AbortController();
  #reader = new PromptReader((text, signal) => this.#server.parse(text, signal), () => this.#update());
  #sender = new PromptSender({
    post: (prompt, key) => this.#server.imagine({ prompt }, { key }),
    taken: (jobs, prompt) => this.#taken(jobs, prompt),
    refused: (reason, prompt) => this.#giveBack(reason, prompt),
    changed: () => this.#update(),
  });

  connectedCallback() {
    if (!this.firstElementChild) this.innerHTML = MARKUP;
    this.#ended = new AbortController();
    this.#completion.field = this.#field;
    this.#listen(this.#ended.signal);
    this.#setText(readDraft());
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
    this.#learn();
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
    const text = this.#field.value.trimEnd();
    this.#completion.close();
    if (!text) this.#field.place();
    else if (!this.#sender.online) this.#keep(text);
    else if (errors(this.#facts).length && isCurrent(this.#facts)) this.#goToError();
    else this.#sender.send(text);
  }

  // Listening.

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const { input } = this.#field;
    const form = this.#part("form");
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type, /** @type {(event: any) => void} */ act) =>
      target.addEventListener(type, act, { signal });
    on(input, "input", () => this.#typed());
    on(input, "keydown", (event) => this.#key(event));
    on(document, "selectionchange", () => this.#moved());
    on(form, "submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    // Nothing of the bar takes the focus, and the phone's keyboard, from the text.
    on(form, "mousedown", (event) => {
      if (event.target.closest("textarea, flag-completion, lens-settings")) return;
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
    on(window, "storage", () => this.#update());
    stayAboveKeyboard(this, signal);
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
      const past = this.#recall.step(this.#field.value, event.key === "ArrowUp" ? 1 : -1);
      if (past === null) return;
      event.preventDefault();
      this.#setText(past);
      this.#field.place();
    }
  }

  #typed() {
    this.#insisted = false;
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

  /** @param {{prompt: string, submit?: boolean}} wanted */
  #use({ prompt, submit }) {
    const draft = this.#field.value;
    if (draft.trim() && draft !== prompt) remember(draft);
    this.#setText(prompt);
    // On a phone the keyboard would hide the pictures that are on their way.
    if (!submit || matchMedia("(pointer: fine)").matches) this.#field.place();
    if (submit) this.submit();
  }

  // What stands there, and what it means.

  /** Set by the program. @param {string} text */
  #setText(text) {
    this.#field.value = text;
    this.#insisted = false;
    this.#completion.close();
    this.#follow();
  }

  /** The text is another one: remember it, and ask what it would do. */
  #follow() {
    const text = this.#field.value;
    writeDraft(text);
    if (this.#refused?.text !== text) this.#refused = null;
    if (!text.trim()) {
      this.#reader.clear();
      this.#field.paint([]);
    } else if (this.#api && this.#sender.online) this.#reader.read(text);
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
      underWay: this.#sender.isUnderWay(text.trimEnd()),
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

  /** @param {string} text */
  #keep(text) {
    if (this.#sender.keep(text)) this.#setText("");
    else this.#refuse(`${KEPT_LIMIT} prompts are kept already. They are sent when the server is back.`, []);
  }

  /** @param {any[]} jobs @param {string} prompt */
  #taken(jobs, prompt) {
    if (this.#field.value.trimEnd() === prompt) {
      if (this.#settings.open) this.focus();
      this.#openSettings(false, false);
      this.#setText("");
    }
    wish(this, "submitted", { jobs });
  }

  /** @param {import("../prompt-sender.js").Refusal} reason @param {string} prompt */
  #giveBack(reason, prompt) {
    if (!this.#field.value) this.#setText(prompt);
    if (this.#field.value.trimEnd() === prompt) this.#refuse(refusal(reason), reason.error?.details ?? []);
    else {
      remember(prompt);
      this.#refuse(`The prompt before was not sent. ${refusal(reason)}`, []);
    }
  }

  /** @param {string} message @param {Detail[]} details */
  #refuse(message, details) {
    this.#refused = { text: this.#field.value, message: details[0]?.message ?? message, details };
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
    return /** @type {PromptField} */ (this.#part("prompt-field"));
  }

  get #completion() {
    return /** @type {FlagCompletion} */ (this.#part("flag-completion"));
  }

  get #settings() {
    return /** @type {LensSettings} */ (this.#part("lens-settings"));
  }

  get #status() {
    return /** @type {LensStatus} */ (this.#part("lens-status"));
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }
}
