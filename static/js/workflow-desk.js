// @ts-check
// What is set in the open form, what the server said of it, and what is done with it: made, copied, taken to the gallery.

import * as api from "./api.js";
import { readForm, writeForm } from "./form-drafts.js";
import { asCurl, asPrompt, misread } from "./form-copy.js";
import { filesOf } from "./form-files.js";
import { ofJob, request } from "./form-values.js";
import { split } from "./lens-references.js";
import { refusal } from "./lens-words.js";
import { newKey, writeDraft } from "./prompt-memory.js";
import { make } from "./workflow-api.js";

/**
 * @typedef {import("./form-values.js").Workflow} Workflow
 * @typedef {import("./form-values.js").Value} Value
 * @typedef {{id: string, errors: readonly api.Detail[], message: string}} Refused
 */

/** @type {Refused} */
const NOTHING = { id: "", errors: [], message: "" };

export class WorkflowDesk {
  /** What was refused of which form. */ #refused = NOTHING;
  #sending = false;
  /** Sent under one key until something else is sent, so that a lost answer makes no second set. */
  #key = { body: "", key: newKey() };
  #page;

  /**
   * @param {{toast: import("./components/toast-line.js").ToastLine, changed: () => void, made: (jobs: api.Job[]) => void}} page
   */
  constructor(page) {
    this.#page = page;
  }

  /**
   * All that the form shows.
   * @param {Workflow} workflow @param {readonly api.Job[]} sets what it has made, newest first
   * @param {import("./components/workflow-form.js").Verdict|null} verdict
   * @returns {import("./components/workflow-form.js").Shown}
   */
  shown(workflow, sets, verdict) {
    const { errors, message } = this.#refused.id === workflow.id ? this.#refused : NOTHING;
    const seed = workflow.parameters.find(({ type }) => type === "seed")?.name ?? "seed";
    const last = sets[0]?.parameters[seed];
    return { workflow, values: readForm(workflow.id), errors, message, lastSeed: typeof last === "number" ? last : null,
      sending: this.#sending, verdict };
  }

  /** @param {Workflow} workflow @param {string} name @param {Value|undefined} value undefined: the default */
  set({ id }, name, value) {
    const { [name]: _, ...others } = readForm(id);
    writeForm(id, value === undefined ? others : { ...others, [name]: value });
    const errors = this.#refused.errors.filter(({ parameter }) => parameter !== name);
    this.#refused = { ...this.#refused, errors, message: errors.length ? this.#refused.message : "" };
    this.#page.changed();
  }

  /** @param {Workflow} workflow */
  reset({ id, name }) {
    const before = readForm(id);
    this.#put(id, {});
    this.#page.toast.say(`${name} is back to its defaults.`, { verb: "Undo", act: () => this.#put(id, before) });
  }

  /** The settings of a set. @param {Workflow} workflow @param {api.Job} job */
  async use(workflow, job) {
    const files = await filesOf(workflow, job.parameters);
    const before = readForm(workflow.id);
    this.#put(workflow.id, { ...before, ...ofJob(workflow, job.parameters), ...files });
    this.#page.toast.say(`These are the settings of set ${job.number}.`, { verb: "Undo", act: () => this.#put(workflow.id, before) });
  }

  /** @param {string} id @param {import("./form-values.js").Values} values */
  #put(id, values) {
    writeForm(id, values);
    this.#refused = NOTHING;
    this.#page.changed();
  }

  /** @param {Workflow} workflow @returns {Promise<boolean>} whether it was taken */
  async make(workflow) {
    if (this.#sending) return true;
    const body = request(workflow, readForm(workflow.id));
    const text = workflow.id + JSON.stringify(body);
    if (this.#key.body !== text) this.#key = { body: text, key: newKey() };
    this.#sending = true;
    this.#refused = NOTHING;
    this.#page.changed();
    try {
      const { jobs } = await make(workflow.id, body, this.#key.key);
      this.#key = { body: "", key: "" };
      this.#page.made(jobs);
      return true;
    } catch (reason) {
      if (!(reason instanceof api.ApiError)) throw reason;
      if (reason.status) this.#key = { body: "", key: "" };
      this.#refuse(workflow, reason);
      return false;
    } finally {
      this.#sending = false;
      this.#page.changed();
    }
  }

  /** What belongs to a field is told there, all else above the button. @param {Workflow} workflow @param {api.ApiError} reason */
  #refuse({ id, parameters }, reason) {
    const names = new Set(parameters.map(({ name }) => name));
    const errors = reason.error.details.filter(({ parameter }) => parameter !== null && names.has(parameter));
    const rest = reason.error.details.length > errors.length || !errors.length;
    this.#refused = { id, errors, message: rest ? refusal(reason) : "" };
  }

  /** @param {Workflow} workflow @param {"curl"|"prompt"} what */
  async copy(workflow, what) {
    const values = readForm(workflow.id);
    const server = location.origin + api.base;
    const text = what === "curl" ? asCurl(server, workflow, values) : asPrompt(workflow, values);
    const flag = what === "prompt" ? misread(workflow, values) : "";
    const done = what === "curl" ? "The command is copied." : "The prompt is copied.";
    try {
      await navigator.clipboard.writeText(text);
      this.#page.toast.say(flag ? `${done} A prompt takes ${flag} in its words for a flag.` : done);
    } catch {
      this.#page.toast.say("The browser does not let this page copy.");
    }
  }

  /** Into the prompt bar of the gallery. @param {Workflow} workflow */
  toLens(workflow) {
    const { text, references } = split(asPrompt(workflow, readForm(workflow.id)));
    writeDraft(text, references);
    location.href = `${api.base}/`;
  }
}
