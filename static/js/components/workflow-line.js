// @ts-check
// <workflow-line>: the categories above the list, with a way to add a workflow; above a form the way back, and what can be
// done with the workflow itself.
//   line.update({ library, category, workflow });
// Wishes: `category` {name}, `add-files` {files}, `remove-workflow`.

import { icon, part, reconcile, say, template, wish } from "../dom.js";
import { asWords, count } from "../format.js";
import { graph } from "../workflow-api.js";

const BODY = template(`<nav class="filters" aria-label="Workflows"><div class="wl-cats" hidden></div>
  <div class="wl-one" hidden><a href="#">${icon("left")}All workflows</a></div><span class="end"></span>
  <a class="wl-download" download hidden>${icon("down")}Download</a><button type="button" data-do="remove" hidden>${icon("trash")}Remove</button>
  <button type="button" class="wl-add" data-do="add">${icon("plus")}<span>Add<span> a workflow</span></span></button>
  <input type="file" accept=".json,application/json,image/png,image/webp,image/jpeg" multiple hidden></nav>`);
const CATEGORY = template('<button type="button"><b></b><span></span></button>');

export class WorkflowLine extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    const files = /** @type {HTMLInputElement} */ (part(this, "[type=file]"));
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      if (button?.dataset.do === "add") files.click();
      else if (button?.dataset.do === "remove") wish(this, "remove-workflow");
      else if (button) wish(this, "category", { name: button.dataset.key });
    });
    files.addEventListener("change", () => {
      wish(this, "add-files", { files: [...(files.files ?? [])] });
      files.value = "";
    });
  }

  /** @param {{library: import("../workflow-api.js").Library, category: string, workflow: import("../form-values.js").Workflow|null, form: boolean}} shown */
  update({ library: { workflows, categories }, category, workflow, form }) {
    part(this, ".wl-cats").hidden = form;
    part(this, ".wl-one").hidden = !form;
    const own = form && workflow?.source === "own";
    part(this, "[data-do=remove]").hidden = !own;
    const download = part(this, ".wl-download");
    download.hidden = !form || !workflow;
    if (workflow) {
      download.setAttribute("href", graph(workflow.id));
      download.setAttribute("download", `${workflow.id}.json`);
    }
    reconcile(part(this, ".wl-cats"), ["", ...categories], () => CATEGORY(), (button, name) => {
      say(part(button, "b"), name ? asWords(name) : "All");
      say(part(button, "span"), count(name ? workflows.filter((each) => each.category === name).length : workflows.length));
      button.setAttribute("aria-pressed", String(name === category));
    });
  }
}
