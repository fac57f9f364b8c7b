// @ts-check
/**
 * `<prompt-lens>`: the prompt bar. It brings together the references, the field, the completion
 * list, the settings and the lines under the prompt, and submits.
 *
 *     lens.api = api;  lens.find = (id) => state.jobs.get(id);  lens.engine = state.engine;  lens.online = true;
 *     lens.addEventListener("submitted", ({detail}) => place(detail.jobs, detail.from));
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
 *   parameters: (workflow?: string|null) => Promise<{parameters: Parameter[]}>, catalog: () => Promise<Catalog>}} Api
 */
import { wish } from "../dom.js";
import { LensDraft } from "../lens-draft.js";
import { workflowOf } from "../completions.js";
import { receivePictures } from "../lens-drop.js";
import { measureRoom, stayAboveKeyboard } from "../lens-place.js";
import { errors, isCurrent, paint, told, view } from "../lens-view.js";
import { refusal } from "../lens-words.js";
import { onlyCloses } from "../pop.js";
import { KEPT_LIMIT, readKept, Recall, remember } from "../prompt-memory.js";
import { lacksWords, PromptReader } from "../prompt-reader.js";
import { nameOf, PromptSender } from "../prompt-sender.js";
import { isWhole, isWordless, suggestedEdit, toUnits } from "../prompt-text.js";
import { defineParts, LensParts } from "./lens-parts.js";

/** Registers `<prompt-lens>` and the elements that it is made of. */
export function definePromptLens() {
  defineParts();
  customElements.define("prompt-lens", PromptLens);
}

class PromptLens extends HTMLElement {
  // Made when it is connected.
  #parts = /** @type {LensParts} */ (/** @type {unknown} */ (null));
  #draft = /** @type {LensDraft} */ (/** @type {unknown} */ (null));
  /** @type {Api|null} */
  #api = null;
  /** @type {Engine|null} */
  #engine = null;
  /** @type {Parameter[]} */
  #parameters = [];
  /** The workflow whose flags these are. @type {string|null} */
  #workflow = null;
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
    post: (wanted, key) => this.#post(wanted, key),
    taken: (jobs, wanted) => this.#taken(jobs, wanted),
    refused: (reason, wanted) => this.#giveBack(reason, wanted),
    changed: () => this.#update(),
  });

  connectedCallback() {
    if (!this.firstElementChild) {
      this.#parts = new LensParts(this);
      this.#draft = new LensDraft(this.#parts);
    }
    this.#ended = new AbortController();
    this.#parts.completion.field = this.#parts.field;
    this.#listen(this.#ended.signal);
    this.#draft.restore();
    this.#replaced();
  }

  disconnectedCallback() {
    this.#ended.abort();
    this.#reader.forget();
    this.#sender.online = false;
  }

  /** @param {Api} api */
  set api(api) {
    this.#api = api;
    this.#parts.settings.parse = api.parse;
    this.#parts.references.api = api;
    this.#learn();
  }

  /** @param {(job: string) => import("../api.js").Job|undefined} find what the page knows of a set */
  set find(find) {
    this.#parts.references.find = find;
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
    this.#parts.field.input.focus(options);
  }

  /** Submit the text, keep it while offline, or go to what is wrong with it. */
  submit() {
    const wanted = this.#draft.wanted;
    const { references, uploading } = this.#parts.references;
    this.#parts.completion.close();
    if (uploading) return;
    if (!wanted.prompt) this.#parts.field.place();
    else if (references.length && lacksWords(this.#parts.field.value, references)) this.#askForWords();
    else if (!this.#sender.online) this.#keep(wanted);
    else if (errors(this.#facts).length && isCurrent(this.#facts)) this.#goToError();
    else this.#sender.send(wanted);
  }

  // Listening.

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const { input } = this.#parts.field;
    const form = this.#parts.form;
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
    on(this.#parts.tune, "click", ({ detail }) => this.#openSettings(!this.#parts.settings.open, detail === 0));
    on(this.#parts.status, "fix", () => this.#fix());
    on(this.#parts.settings, "written", ({ detail }) => {
      this.#setText(detail.text);
      if (isWordless(detail.text)) input.setSelectionRange(0, 0);
    });
    on(form, "keydown", (event) => {
      if (event.key !== "Escape" || !this.#parts.settings.open) return;
      event.stopPropagation();
      this.#openSettings(false, true);
    });
    on(document, "pointerdown", (event) => {
      const { target } = event;
      if (!this.#parts.settings.open || (target instanceof Element && target.closest("lens-settings, .tune"))) return;
      this.#openSettings(false, false);
      onlyCloses(event);
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
    const row = this.#parts.references;
    on(row, "references", () => {
      this.#draft.tidy();
      this.#follow();
    });
    on(row, "left-empty", () => this.focus());
    on(row, "weigh-images", ({ detail }) => {
      this.#draft.imageWeight = detail.weight;
      this.#replaced();
    });
    const takeFiles = (/** @type {File[]} */ files) => {
      row.take(files);
      this.#welcome();
    };
    const addLink = (/** @type {any} */ reference) => {
      row.add({ role: "image", weight: 1, ...reference });
      this.#welcome();
    };
    on(this, "add-files", ({ detail }) => takeFiles(detail.files));
    on(this, "add-link", ({ detail }) => addLink(detail));
    on(document, "use-reference", ({ detail }) => addLink(detail));
    on(this, "leave-mode", () => this.#setAction(null));
    receivePictures(signal, {
      over: (held) => { this.#parts.drop.hidden = !held; },
      take: takeFiles,
      use: (link) => addLink({ link }),
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // 229: Safari ends a composition before it tells the key that ended it.
    if (event.isComposing || event.keyCode === 229) return;
    const plain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (this.#parts.completion.open && plain && this.#parts.completion.press(event.key)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.submit();
    } else if (plain && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      if (this.#parts.field.caret < this.#parts.field.value.length) return;
      const past = this.#recall.step(this.#draft.wanted.prompt, event.key === "ArrowUp" ? 1 : -1);
      if (past === null) return;
      event.preventDefault();
      this.#put(past);
      this.#parts.field.place();
    } else if (plain && event.key === "Escape" && this.#draft.action && !this.#parts.settings.open && !this.#parts.references.closeMenu()) {
      event.preventDefault();
      this.#setAction(null);
    }
  }

  /** @param {InputEvent} event */
  #typed(event) {
    this.#insisted = false;
    this.#parts.references.complaint = null;
    if (event.inputType === "insertFromPaste") this.#draft.sortPasted();
    this.#parts.completion.offer();
    this.#follow();
  }

  /** The caret went elsewhere: an open list follows it, a closed one stays closed. */
  #moved() {
    if (document.activeElement !== this.#parts.field.input) return;
    if (this.#parts.completion.open) this.#parts.completion.offer();
    if (errors(this.#facts).length) this.#update();
  }

  #left() {
    if (this.contains(document.activeElement)) return;
    this.#parts.completion.close();
    this.#openSettings(false, false);
    this.#update();
  }

  /** @param {{prompt: string, submit?: boolean, action?: LensAction}} wanted */
  #use({ prompt, submit, action }) {
    const { prompt: draft } = this.#draft.wanted;
    if (draft && draft !== prompt) remember(draft);
    this.#setAction(action ?? null);
    this.#put(prompt);
    // On a phone the keyboard would hide the pictures that are on their way.
    if (submit) this.#welcome();
    else this.#parts.field.place();
    if (submit) this.submit();
  }

  /** Ready for words, unless that would bring up the keyboard of a phone. */
  #welcome() {
    if (matchMedia("(pointer: fine)").matches) this.#parts.field.place();
  }

  // What stands there, and what it means.

  /** @param {string} prompt a whole one */
  #put(prompt) {
    this.#draft.put(prompt);
    this.#replaced();
  }

  /** @param {LensAction|null} action */
  #setAction(action) {
    this.#draft.action = action;
    this.#follow();
  }

  /** Set by the program. @param {string} text */
  #setText(text) {
    this.#parts.field.value = text;
    this.#replaced();
  }

  /** The program has changed what stands there. */
  #replaced() {
    this.#insisted = false;
    this.#parts.completion.close();
    this.#follow();
  }

  /** The text or its pictures are others: remember them, and ask what they would do. */
  #follow() {
    const text = this.#parts.field.value;
    const { references } = this.#parts.references;
    this.#draft.save();
    if (this.#refused?.text !== text || this.#refused.references !== references) this.#refused = null;
    this.#parts.references.show({ imageWeight: this.#draft.imageWeight });
    if (!text.trim()) this.#parts.field.paint([]);
    if (!text.trim() && !references.length) this.#reader.clear();
    else if (this.#api && this.#sender.online) this.#reader.read(text, references);
    if (workflowOf(text) !== this.#workflow) this.#learnFlags(workflowOf(text));
    this.#update();
  }

  /** Another server, engine or connection: read again what depends on it. */
  async #learn() {
    if (!this.isConnected) return;
    this.#follow();
    if (!this.#api || !this.#sender.online) return;
    const flags = this.#learnFlags(this.#workflow);
    const [catalog] = await Promise.allSettled([this.#api.catalog(), flags]);
    if (catalog.status === "fulfilled") this.#catalog = catalog.value;
    this.#parts.completion.known = { parameters: this.#parameters, catalog: this.#catalog };
    this.#update();
  }

  /** Read the flags of a workflow; those of all prompts where there is none of that name. @param {string|null} workflow */
  async #learnFlags(workflow) {
    this.#workflow = workflow;
    if (!this.#api || !this.#sender.online) return;
    const api = this.#api;
    let table = await api.parameters().catch(() => null);
    const known = table?.parameters.find(({ name }) => name === "workflow")?.choices ?? [];
    if (workflow !== null && known.includes(workflow)) table = await api.parameters(workflow).catch(() => table);
    if (!table || workflow !== this.#workflow) return;
    this.#parameters = table.parameters;
    this.#parts.completion.known = { parameters: this.#parameters, catalog: this.#catalog };
    const typing = workflow !== null && document.activeElement === this.#parts.field.input;
    if (typing || this.#parts.completion.open) this.#parts.completion.offer();
    this.#update();
  }

  /** @returns {import("../lens-view.js").Facts} */
  get #facts() {
    const { value: text, caret, input } = this.#parts.field;
    const focused = this.contains(document.activeElement);
    return {
      text,
      caret,
      answer: this.#reader.answer,
      sound: this.#reader.sound,
      refused: this.#refused,
      typing: !this.#insisted && document.activeElement === input,
      offering: this.#parts.completion.open,
      choosing: this.#parts.settings.open,
      awake: focused || this.#parts.settings.open,
      online: this.#sender.online,
      engineDown: this.#engine?.state === "down",
      kept: readKept().length,
      underWay: this.#sender.isUnderWay(this.#draft.wanted),
      references: this.#parts.references.count,
      uploading: this.#parts.references.uploading,
      complaint: this.#parts.references.complaint,
      grows: this.#grows,
    };
  }

  /** Is it for an action on a picture, or for the set of one? */
  get #grows() {
    const { action } = this.#draft;
    if (action?.action !== "remix") return action !== null;
    return Boolean(this.#parts.references.find(action.job)?.parameters.origin);
  }

  /** Show the whole state; may run at any time. */
  #update() {
    if (!this.isConnected) return;
    const facts = this.#facts;
    const spans = paint(facts, this.#parameters);
    if (spans) this.#parts.field.paint(spans);
    const { state, problem, says, hints, blocked } = view(facts);
    this.#parts.form.dataset.state = state;
    this.#parts.status.show({ problem, says, kept: facts.kept, hints });
    this.#parts.go.setAttribute("aria-disabled", String(blocked));
    this.#parts.tune.setAttribute("aria-expanded", String(this.#parts.settings.open));
    if (this.#parts.settings.open || this.#parts.completion.open) measureRoom(this);
    if (this.#parts.settings.open) {
      const job = facts.sound?.jobs[0] ?? null;
      this.#parts.settings.show({ text: facts.text, job, parameters: this.#parameters, catalog: this.#catalog });
    }
  }

  async #fix() {
    const text = this.#parts.field.value;
    if (!isCurrent(this.#facts)) await this.#reader.now(text);
    const [error] = told(this.#facts);
    const edit = error && this.#parts.field.value === text ? suggestedEdit(text, error) : null;
    if (!edit) return;
    this.#parts.field.replace(edit.start, edit.end, edit.text);
    this.#parts.completion.close();
    this.#reader.now(this.#parts.field.value);
  }

  #goToError() {
    this.#insisted = true;
    const text = this.#parts.field.value;
    const [place] = toUnits(text, errors(this.#facts));
    if (place && !isWhole(text, place)) this.#parts.field.place({ at: place.start, to: place.end });
    else this.#parts.field.place({ at: isWordless(text) ? 0 : text.length });
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
    this.#parts.field.place({ at: 0 });
    this.#refuse("One picture alone is not enough. Describe what to make, or add a second image to blend them.", []);
  }

  /** @param {any[]} jobs @param {Wanted} wanted */
  #taken(jobs, wanted) {
    if (nameOf(this.#draft.wanted) === nameOf(wanted)) {
      if (this.#parts.settings.open) this.focus();
      this.#openSettings(false, false);
      this.#empty();
    }
    wish(this, "submitted", { jobs, from: wanted.action?.job });
  }

  /** @param {import("../prompt-sender.js").Refusal} reason @param {Wanted} wanted */
  #giveBack(reason, wanted) {
    if (!this.#parts.field.value && !this.#parts.references.count) {
      this.#setAction(wanted.action ?? null);
      this.#put(wanted.prompt);
    }
    if (nameOf(this.#draft.wanted) === nameOf(wanted)) {
      this.#refuse(refusal(reason), this.#draft.inText(reason.error?.details ?? []));
    } else {
      remember(wanted.prompt);
      this.#refuse(`The prompt before was not sent. ${refusal(reason)}`, []);
    }
  }

  /** @param {string} message @param {Detail[]} details */
  #refuse(message, details) {
    const { references } = this.#parts.references;
    this.#refused = { text: this.#parts.field.value, references, message: details[0]?.message ?? message, details };
    this.#insisted = true;
    this.#update();
  }

  // Settings.

  /** @param {boolean} open @param {boolean} keys by keyboard: the first control takes the focus, or the button has it again */
  #openSettings(open, keys) {
    if (open === this.#parts.settings.open) return;
    this.#parts.completion.close();
    this.#parts.settings.open = open;
    this.#update();
    if (open) this.#parts.settings.enter(keys);
    else if (keys) this.#parts.tune.focus();
  }

  // Parts.

  /** @returns {Api} */
  get #server() {
    if (!this.#api) throw new Error("prompt-lens has no api");
    return this.#api;
  }
}
