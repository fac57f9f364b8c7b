// @ts-check
// What `<prompt-lens>` is made of.

import { icon, part } from "../dom.js";
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
<lens-status></lens-status><pause-line role="status"></pause-line><flag-completion></flag-completion><lens-settings></lens-settings>
<p class="drop" hidden>Drop to use as a reference</p></form>`;

/** Registers the elements. */
export function defineParts() {
  for (const [name, component] of Object.entries({
    "prompt-field": PromptField, "flag-completion": FlagCompletion, "shape-picker": ShapePicker,
    "lens-settings": LensSettings, "lens-status": LensStatus, "lens-add": LensAdd, "lens-mode": LensMode,
    "reference-menu": ReferenceMenu, "reference-row": ReferenceRow,
  })) customElements.define(name, component);
}

export class LensParts {
  /** @param {HTMLElement} root is filled */
  constructor(root) {
    root.innerHTML = MARKUP;
    /** @template {HTMLElement} E @param {string} selector @param {new () => E} _kind */
    const find = (selector, _kind) => /** @type {E} */ (part(root, selector));
    this.form = part(root, "form");
    this.tune = part(root, ".tune");
    this.go = part(root, ".go");
    this.drop = part(root, ".drop");
    this.field = find("prompt-field", PromptField);
    this.completion = find("flag-completion", FlagCompletion);
    this.settings = find("lens-settings", LensSettings);
    this.status = find("lens-status", LensStatus);
    this.mode = find("lens-mode", LensMode);
    this.references = find("reference-row", ReferenceRow);
  }
}
