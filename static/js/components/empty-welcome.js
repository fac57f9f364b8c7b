// @ts-check
// <empty-welcome>: before the first set: its four places, one sentence, three prompts to try.
// Wishes: `use-prompt` {prompt, submit: true}.

import { icon, template, wish } from "../dom.js";

const PROMPTS = [
  ["wide", "a red fox in the snow", "--ar 16:9"],
  ["square", "hand-thrown vases on a stone shelf, afternoon light", "--ar 1:1"],
  ["tall", "a lighthouse in a storm, long exposure", "--ar 2:3 --no people"],
];

/** @param {number} n */
const place = (n) => `<div class="tile" data-state="waiting"><span class="nth">${n}</span></div>`;

const BODY = template(`<section aria-labelledby="welcome-name">
  <div class="set" aria-hidden="true"><div class="tiles">${[1, 2, 3, 4].map(place).join("")}</div><div class="caption"></div></div>
  <div class="welcome"><h2 id="welcome-name">Type what you want to see.</h2>
  <p>Four pictures appear here, one by one, and stay on your disk.</p>
  <ul class="tries">${PROMPTS.map(([shape, words, flags]) => `<li><button type="button" data-prompt="${words} ${flags}">
    <i class="glyph ${shape}"></i><span>${words}<code>${flags}</code></span>${icon("prompt")}</button></li>`).join("")}</ul></div></section>`);

export class EmptyWelcome extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(BODY());
    this.addEventListener("click", ({ target }) => {
      const button = target instanceof Element && target.closest("button");
      if (button) wish(button, "use-prompt", { prompt: button.dataset.prompt, submit: true });
    });
  }
}
