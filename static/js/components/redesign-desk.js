// @ts-check
/**
 * `<redesign-desk>`: up to four pictures, drawn on and spoken of, become one request.
 *
 *     desk.api = api;
 *     desk.open();               // with what was there before
 *     desk.open(picture);        // and this one, too
 *
 * Wishes: `redesigned` {jobs}. What is on the desk stays until the page is closed.
 *
 * @typedef {import("./redesign-slot.js").Picture} Picture
 * @typedef {{id: string, name: string, available: boolean, reason: string|null, description: string,
 *   inputs: {prompt: boolean, images: {min: number, max: number}, mask: string|null}, category: string}} Workflow
 * @typedef {Pick<typeof import("../api.js"), "upload"|"request"|"ApiError">} Api
 */
import { icon, isField, part, reconcile, say, template, wish } from "../dom.js";
import { stayAboveKeyboard } from "../lens-place.js";
import { newKey } from "../prompt-memory.js";
import { combined } from "../redesign-words.js";
import { DrawingMaker } from "./drawing-maker.js";
import { RedesignSlot } from "./redesign-slot.js";

const MOST = 4;
const HINT = "Add up to four pictures, draw on them, and say what should change.";
const BODY = template(`<dialog class="redesign" aria-label="Redesign pictures"><div class="head">
<button type="button" class="ib" data-do="close" aria-label="Close (Esc)">${icon("close")}</button><h2>Redesign</h2></div>
<form novalidate><div class="slots"><ol></ol><button type="button" class="well another" data-do="add">${icon("plus")}<span>Add a picture</span></button></div>
<input type="file" accept="image/*" multiple hidden>
<div class="words"><label><span>What should become of them?</span><textarea name="whole" rows="2" maxlength="2000" placeholder="The jacket of picture 1 on the person of picture 2"></textarea></label>
<label><span>This is sent</span><textarea name="prompt" rows="4" maxlength="6000"></textarea></label>
<button type="button" class="act" data-do="anew" hidden>Write it anew from the notes</button>
<label class="with"><span>Made with</span><select name="workflow"></select></label></div>
<div class="foot"><p class="tells" role="status"></p><button class="btn">Make</button></div></form></dialog>`);

export class RedesignDesk extends HTMLElement {
  /** @type {Api|null} */ #api = null;
  /** @type {Picture[]} */ #pictures = [];
  /** @type {Workflow[]} */ #workflows = [];
  /** The server has told its workflows. */ #known = false;
  /** What is sent was changed by hand, and so is not written anew by itself. */ #own = false;
  #busy = false;
  /** Sent under one key until it is another request, so that a lost answer makes no second set. */
  #key = newKey();
  #drawing = new DrawingMaker();

  /** @param {Api} api */
  set api(api) {
    this.#api = api;
  }

  /** @param {Picture|null} [picture] */
  open(picture = null) {
    this.#build();
    if (picture && this.#pictures.every(({ link }) => link !== picture.link)) this.#add([picture]);
    this.#dialog.showModal();
    this.#learn();
    this.#show();
    (this.#slots[0]?.note ?? part(this, "[data-do=add]")).focus();
  }

  #build() {
    if (this.firstElementChild) return;
    const dialog = /** @type {HTMLDialogElement} */ (BODY());
    this.append(dialog, this.#drawing);
    dialog.addEventListener("click", ({ target }) => {
      const button = target instanceof Element && target.closest("[data-do]");
      if (button instanceof HTMLElement) this.#do(button.dataset.do ?? "");
    });
    dialog.addEventListener("slot", (event) => this.#slotted(/** @type {RedesignSlot} */ (event.target), /** @type {CustomEvent} */ (event).detail.what));
    this.#field("whole").addEventListener("input", () => this.#show());
    this.#field("prompt").addEventListener("input", () => {
      this.#own = true;
      this.#show();
    });
    this.#files.addEventListener("change", () => {
      this.#take([...(this.#files.files ?? [])]);
      this.#files.value = "";
    });
    dialog.addEventListener("dragover", (event) => event.preventDefault());
    dialog.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#take([...(event.dataTransfer?.files ?? [])]);
    });
    dialog.addEventListener("paste", ({ clipboardData }) => this.#take([...(clipboardData?.files ?? [])]));
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && isField(event.target)) this.#make();
    });
    part(this, "form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#make();
    });
    stayAboveKeyboard(dialog, new AbortController().signal);
  }

  /** @param {string} what */
  #do(what) {
    if (what === "close") this.#dialog.close();
    else if (what === "add") this.#files.click();
    else if (what === "anew") {
      this.#own = false;
      this.#show();
    }
  }

  /** @param {RedesignSlot} slot @param {string} what */
  async #slotted(slot, what) {
    if (what === "draw") {
      const history = await this.#drawing.make(slot.picture, slot.history);
      if (history) slot.history = history;
    } else if (what === "remove") {
      this.#pictures = this.#pictures.filter((picture) => picture !== slot.picture);
    }
    this.#show();
    if (what === "remove") (this.#slots[0]?.note ?? part(this, "[data-do=add]")).focus();
  }

  /** Pictures of this device, stored one after the other. @param {File[]} files */
  async #take(files) {
    const room = MOST - this.#pictures.length;
    for (const file of files.slice(0, room)) {
      this.#tell(`Storing ${file.name} …`);
      try {
        const { link, url, width, height } = await this.#server.upload(file);
        this.#add([{ link, url, rough: `${url}?w=640`, width, height, label: file.name }]);
      } catch (error) {
        return this.#tell(this.#reason(error), true);
      }
    }
    this.#show();
    if (files.length > room) this.#tell(FULL, true);
  }

  /** @param {Picture[]} pictures */
  #add(pictures) {
    if (this.#pictures.length + pictures.length > MOST) return this.#tell(FULL, true);
    this.#pictures = [...this.#pictures, ...pictures];
  }

  /** Which workflows change pictures, and can be run. */
  async #learn() {
    try {
      const { workflows } = await this.#server.request("GET", "/api/workflows");
      this.#workflows = workflows.filter((/** @type {Workflow} */ one) => one.inputs.prompt && one.inputs.images.max > 1 && !one.inputs.mask);
    } catch (error) {
      return this.#tell(this.#reason(error), true);
    }
    this.#known = true;
    const chosen = this.#select.value;
    this.#select.replaceChildren(...this.#workflows.map(({ id, name, available }) => {
      const option = document.createElement("option");
      option.value = id;
      option.textContent = available ? name : `${name}: cannot run here`;
      option.disabled = !available;
      return option;
    }));
    const usable = this.#workflows.filter(({ available }) => available);
    this.#select.value = usable.some(({ id }) => id === chosen) ? chosen : usable[0]?.id ?? "";
    this.#show();
  }

  #show() {
    const pictures = this.#pictures;
    reconcile(part(this, "ol"), pictures.map(({ link }) => link), () => document.createElement("li"), (item, _link, at) => {
      if (!item.firstElementChild) item.append(new RedesignSlot());
      /** @type {RedesignSlot} */ (item.firstElementChild).show(pictures[at], at + 1);
    });
    part(this, ".slots").dataset.count = String(pictures.length);
    part(this, "[data-do=add]").hidden = pictures.length === MOST;
    const written = combined(this.#slots.map(({ said }) => said), this.#field("whole").value);
    if (!this.#own) this.#field("prompt").value = written;
    part(this, "[data-do=anew]").hidden = !this.#own || this.#field("prompt").value === written;
    this.#tell(this.#missing());
    this.#key = newKey();
  }

  /** What is needed before it can be sent; a hint, not a fault. */
  #missing() {
    if (!this.#pictures.length) return HINT;
    if (!this.#known) return "Looking for what can change pictures here …";
    if (!this.#select.value) return this.#workflows[0]?.reason ?? "No workflow that changes pictures can run here.";
    return this.#field("prompt").value.trim() ? "" : "Say what should change, in a note or below.";
  }

  async #make() {
    if (!this.#known) await this.#learn();
    const missing = this.#missing();
    if (missing) return this.#tell(missing, true);
    if (this.#busy) return;
    this.#busy = true;
    const key = this.#key;
    this.#tell("Sending …");
    try {
      const images = [];
      for (const slot of this.#slots) images.push(await slot.link(this.#server));
      const body = { workflow: this.#select.value, prompt: this.#field("prompt").value.trim(), images };
      const { jobs } = await this.#server.request("POST", "/api/generate", { body, headers: { "Idempotency-Key": key } });
      this.#dialog.close();
      wish(this, "redesigned", { jobs });
    } catch (error) {
      this.#tell(this.#reason(error), true);
    } finally {
      this.#busy = false;
    }
  }

  /** @param {unknown} error */
  #reason(error) {
    if (!(error instanceof this.#server.ApiError)) return "The picture cannot be read.";
    return [error.error.message, error.error.hint].filter(Boolean).join(" ");
  }

  /** @param {string} words @param {boolean} [wrong] */
  #tell(words, wrong = false) {
    const line = part(this, ".tells");
    say(line, words);
    line.classList.toggle("wrong", wrong);
    part(this, ".foot .btn").setAttribute("aria-disabled", String(this.#missing() !== ""));
  }

  /** @returns {RedesignSlot[]} */
  get #slots() {
    return [.../** @type {NodeListOf<RedesignSlot>} */ (this.querySelectorAll("redesign-slot"))];
  }

  get #server() {
    if (!this.#api) throw new Error("The desk has no api yet.");
    return this.#api;
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLTextAreaElement} */ (part(this, `textarea[name=${name}]`));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (part(this, "dialog"));
  }

  get #select() {
    return /** @type {HTMLSelectElement} */ (part(this, "select"));
  }

  get #files() {
    return /** @type {HTMLInputElement} */ (part(this, "[type=file]"));
  }
}

const FULL = "Four pictures are the most. Remove one first.";
