// @ts-check
// <set-caption>: the words beside a set, its flags, its notes, and one line of 40 px that says how far it is.
//   caption.update(job, { parent, queue, taken, still, canceling, hint, now });
// Wishes: `wish` {what: "cancel"|"next"|"restore"|"parent"|"reroll"|"prompt"|"download-all"|"menu", job, from}.

import { icon, part, say, template, wish, writeNotes } from "../dom.js";
import { clock, dayInside, plural, splitPrompt } from "../format.js";
import { lineage } from "../lineage.js";
import { metaLine, progressLine } from "../set-view.js";
import { isActive } from "../store.js";

const SPOKEN_EVERY_MS = 10_000;
const NOTES_SHOWN = 2;
const GRACE_MS = 3_000;

const BODY = template(`<div class="caption">
  <h3 class="words"></h3><p class="flags"></p><button type="button" class="from num" data-do="parent"></button><div class="notes"></div>
  <div class="prog"><span></span><button type="button" class="act" data-do="next">Make next</button><button type="button" class="act"></button></div>
  <div class="meta"><span></span><button type="button" class="act more-notes"></button><div class="to">
    <button type="button" class="ib" data-do="reroll" aria-label="Reroll">${icon("reroll")}</button>
    <button type="button" class="ib" data-do="prompt" aria-label="Use this prompt">${icon("prompt")}</button>
    <button type="button" class="ib" data-do="download-all" aria-label="Download all">${icon("down")}</button>
    <button type="button" class="ib" data-do="menu" aria-label="More" aria-haspopup="dialog">${icon("more")}</button></div></div></div>`);
const STATUS = template('<p class="sr" role="status"></p>');

export class SetCaption extends HTMLElement {
  /** @type {import("../api.js").Job|null} */ #job = null;
  /** Notes that were there when the set was first seen; later ones wait behind a button. */
  #known = /** @type {Set<string>|null} */ (null);
  #hint = "";
  #opened = false;
  #spokenAt = 0;
  /** The newest progress, and when it was told. */
  #told = { progress: /** @type {import("../api.js").Job["progress"]|null} */ (null), at: 0 };
  /** There only while the set is active. @type {HTMLElement|null} */ #status = null;

  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    this.addEventListener("click", (event) => {
      const button = event.target instanceof Element && event.target.closest("button");
      if (!button || !this.#job) return;
      if (button.matches(".more-notes")) {
        this.#opened = true;
        this.#notes(this.#job);
      } else if (button.getAttribute("aria-disabled") !== "true") {
        wish(this, "wish", { what: button.dataset.do, job: this.#job.id, from: button });
      }
    });
  }

  /** @param {string} selector */
  #at(selector) {
    return part(this, selector);
  }

  /**
   * @param {import("../api.js").Job} job
   * @param {{parent: import("../api.js").Job|undefined, queue: import("../api.js").Queue, taken: number, still: string|null, canceling: boolean,
   *   hint: string, now: Date}} around `taken`: how many in the line an engine has already; `still`: why nothing goes on
   */
  update(job, { parent, queue, taken, still, canceling, hint, now }) {
    const first = this.#job === null;
    this.#job = job;
    const { words, flags } = splitPrompt(job);
    say(this.#at(".words"), words);
    this.#at(".words").hidden = !words;
    say(this.#at(".flags"), flags);
    this.#at(".flags").hidden = !flags;
    const from = lineage(job, parent);
    say(this.#at(".from"), from);
    this.#at(".from").hidden = !from;
    if (first) {
      this.#known = new Set(warnings(job));
      this.#hint = hint;
    }
    this.#notes(job);
    const active = isActive(job);
    const deleted = job.deleted_at;
    this.#at(".prog").hidden = !active && !deleted;
    this.#at(".meta").hidden = active || Boolean(deleted);
    const act = this.#at(".prog .act:last-child");
    // the one that is next already has no one to pass; those far back are not numbered
    const ahead = (queue.positions?.[job.id] ?? queue.waiting) - taken - 1;
    this.#at("[data-do=next]").hidden = job.state !== "queued" || canceling || ahead < 1;
    if (active) {
      const line = progressLine(job, queue, canceling, still ?? (this.#late(job, now) ? "" : null));
      say(this.#at(".prog span"), line);
      say(act, "Cancel");
      act.dataset.do = "cancel";
      act.setAttribute("aria-disabled", String(canceling));
      this.#speak(line);
    } else if (deleted) {
      say(this.#at(".prog span"), `In the trash since ${dayInside(deleted, now)} ${clock(deleted)}`);
      say(act, "Restore");
      act.dataset.do = "restore";
      act.setAttribute("aria-disabled", "false");
    } else {
      say(this.#at(".meta span"), metaLine(job));
      for (const what of ["reroll", "download-all"]) this.#at(`[data-do=${what}]`).hidden = !job.images.length;
      this.#status?.remove();
      this.#status = null;
    }
  }

  /** Has it told nothing for longer than it said that it needs? @param {import("../api.js").Job} job @param {Date} now */
  #late({ progress }, now) {
    if (this.#told.progress !== progress) this.#told = { progress, at: now.getTime() };
    return progress.eta_s !== null && now.getTime() - this.#told.at > 1000 * progress.eta_s + GRACE_MS;
  }

  /** The status for those who listen: at most one sentence in ten seconds. @param {string} line */
  #speak(line) {
    const status = this.#status ?? STATUS();
    if (!this.#status) this.firstElementChild?.append((this.#status = status));
    const now = Date.now();
    if (status.textContent === line || now - this.#spokenAt < SPOKEN_EVERY_MS) return;
    this.#spokenAt = now;
    say(status, line);
  }

  /** @param {import("../api.js").Job} job */
  #notes(job) {
    const all = warnings(job);
    const early = all.filter((message) => this.#known?.has(message)).slice(0, NOTES_SHOWN);
    const shown = [...(this.#opened ? all : early), ...(this.#hint ? [this.#hint] : [])];
    writeNotes(this.#at(".notes"), shown);
    const later = this.#opened ? 0 : all.length - early.length;
    const button = this.#at(".more-notes");
    button.hidden = !later;
    say(button, plural(later, early.length ? "more note" : "note"));
  }
}

/** What a person should know; mere information is in the lightbox. @param {import("../api.js").Job} job */
function warnings(job) {
  const serious = job.notes.filter((note) => note.level === "warning");
  return [...new Set(serious.map((note) => note.message))];
}
