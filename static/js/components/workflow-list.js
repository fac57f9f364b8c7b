// @ts-check
/**
 * <workflow-list>: every workflow with its picture, under its category, and the files that could not be read.
 *
 *     list.update({ library, q, category, latest });   // latest(id): a small version of what it made last
 */
import { icon, part, reconcile, say, template } from "../dom.js";
import { asWords, plural } from "../format.js";

/** @typedef {import("../form-values.js").Workflow} Workflow */
/** @typedef {{library: import("../workflow-api.js").Library, q: string, category: string, latest: (id: string) => string}} Shown */

const GROUP = template('<section class="wl-group"><h2 class="day"><b></b><span></span></h2><ul class="wl-grid"></ul></section>');
const CELL = template(`<li class="wl"><a><span class="wl-pic"></span><span class="wl-words"><b></b><span class="wl-about"></span>
  <span class="wl-why" hidden>${icon("info")}<span></span></span></span></a></li>`);
const BROKEN = template('<section class="wl-broken"><h2>Files that could not be read</h2><ul></ul></section>');
const FILE = template(`<li>${icon("alert")}<code></code><span></span></li>`);
const NOTHING = template('<p class="wl-nothing"></p>');
/** A glyph for what comes out, where there is no picture. @type {Record<string, string>} */
const GLYPHS = { video: "play", audio: "sound", model: "square", text: "edit" };

/** Does a workflow hold every word? @param {Workflow} workflow @param {string} q */
export function matches({ id, name, description, category, family }, q) {
  const text = [id, name, description, asWords(category), family].join(" ").toLowerCase();
  return q.toLowerCase().split(/\s+/).filter(Boolean).every((word) => text.includes(word));
}

export class WorkflowList extends HTMLElement {
  /** @param {Shown} shown */
  update({ library, q, category, latest }) {
    const found = library.workflows.filter((each) => (!category || each.category === category) && matches(each, q));
    const names = [...new Set(library.categories)].filter((name) => found.some((each) => each.category === name));
    const able = names.filter((name) => found.some((each) => each.category === name && each.available));
    // what can be made here comes first
    const order = [...able, ...names.filter((name) => !able.includes(name))];
    const byName = new Map(order.map((name) => [name, found.filter((each) => each.category === name)]));
    const { broken } = library;
    const keys = [...[...byName.keys()].map((name) => `group:${name}`), ...(found.length ? [] : ["nothing"]), ...(broken.length && !q && !category ? ["broken"] : [])];
    const make = (/** @type {string} */ key) => (key === "nothing" ? NOTHING() : key === "broken" ? BROKEN() : GROUP());
    reconcile(this, keys, make, (element, key) => {
      if (key === "nothing") say(element, q ? `Nothing matches “${q}”.` : "There are no workflows yet. Drop one here: a JSON file of ComfyUI, or a picture that it made.");
      else if (key === "broken") this.#broken(element, broken);
      else this.#group(element, key.slice("group:".length), byName.get(key.slice("group:".length)) ?? [], latest);
    });
  }

  /** @param {HTMLElement} group @param {string} name @param {Workflow[]} members @param {(id: string) => string} latest */
  #group(group, name, members, latest) {
    group.style.setProperty("--n", String(members.length));
    say(part(group, "b"), asWords(name));
    say(part(group, "h2 span"), members.length > 1 ? plural(members.length, "workflow") : "");
    const able = [...members].sort((a, b) => Number(b.available) - Number(a.available));
    const byId = new Map(able.map((each) => [each.id, each]));
    reconcile(part(group, "ul"), [...byId.keys()], () => CELL(), (cell, id) => this.#cell(cell, /** @type {Workflow} */ (byId.get(id)), latest(id)));
  }

  /** @param {HTMLElement} cell @param {Workflow} workflow @param {string} last */
  #cell(cell, workflow, last) {
    const { id, name, description, available, reason, outputs } = workflow;
    part(cell, "a").setAttribute("href", `#${id}`);
    cell.classList.toggle("off", !available);
    say(part(cell, "b"), name);
    say(part(cell, ".wl-about"), description);
    part(cell, ".wl-about").hidden = !available || !description;
    part(cell, ".wl-why").hidden = available;
    say(part(cell, ".wl-why > span"), reason ?? "It cannot run here.");
    const address = workflow.picture ?? last;
    const holder = part(cell, ".wl-pic");
    if (holder.dataset.of === address) return;
    holder.dataset.of = address;
    const glyph = () => {
      holder.innerHTML = icon(GLYPHS[outputs[0]] ?? "picture");
    };
    if (!address) return glyph();
    const image = new Image();
    // an entry may name a picture that is not there
    image.addEventListener("error", () => image.isConnected && glyph());
    Object.assign(image, { alt: "", loading: "lazy", src: address });
    holder.replaceChildren(image);
  }

  /** @param {HTMLElement} block @param {readonly import("../workflow-api.js").Broken[]} broken */
  #broken(block, broken) {
    const keys = broken.map(({ file, line, message }) => `${file}:${line}:${message}`);
    reconcile(part(block, "ul"), keys, () => FILE(), (row, _key, at) => {
      const { file, line, message } = broken[at];
      say(part(row, "code"), line === null ? file : `${file}:${line}`);
      say(/** @type {Element} */ (row.lastElementChild), message);
    });
  }
}
