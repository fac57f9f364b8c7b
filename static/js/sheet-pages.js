// @ts-check
// The pages of the menu that ask for a choice: how far to zoom out, where to pan, which shape, what to use it as.
// Each is made when it is opened, and wishes what was chosen.

import { RadioRow } from "./components/radio-row.js";
import { icon, part, say, template } from "./dom.js";
import { ROLES } from "./lens-references.js";
import { SHAPES, shapeOf, shapeRatio } from "./picture-actions.js";

/**
 * @typedef {import("./api.js").JobImage} JobImage
 * @typedef {(what: string, more: Record<string, unknown>) => void} Chosen `what` is the wish, `more` is added to it
 */

/** @param {string} shape @param {string} role */
const glyph = (shape, role) =>
  `<button type="button" ${role} data-value="${shape}"><i></i><span class="num">${shape}</span></button>`;

const ZOOM = template(`<div><div class="cmds">
  <button type="button" data-factor="1.5">${icon("zoom")}<span>1.5×</span></button>
  <button type="button" data-factor="2" autofocus>${icon("zoom")}<span>2×</span></button></div>
  <div class="custom"><label class="kv"><span>Custom</span><input type="range" min="1" max="2" step="0.05" value="1.25"><output></output></label>
  <div class="ratios" role="radiogroup" aria-label="Shape">${SHAPES.map((shape) => glyph(shape, 'role="radio"')).join("")}</div>
  <div class="row"><button type="button" class="btn" data-go></button><button type="button" class="btn quiet" data-words>Edit the words</button></div></div></div>`);

const WAYS = ["up", "left", "right", "down"];
const PAN = template(`<div class="pan-pad">${WAYS.map((way) =>
  `<button type="button" class="ib ${way}" data-way="${way}" aria-label="Pan ${way}">${icon("up")}</button>`).join("")}
  <img alt=""><p>That side grows by half.<span> Arrow keys choose, too.</span></p></div>`);

const SHAPE = template(`<div><div class="ratios">${SHAPES.map((shape) => glyph(shape, "")).join("")}</div>
  <p>The picture stays whole; what is new is painted beside it.</p></div>`);

const USE = template(`<div class="cmds roles">${Object.entries(ROLES).map(([role, { name, icon: glyph, gives }]) =>
  `<button type="button" data-role="${role}">${icon(glyph)}<span>${name}<small>${gives}</small></span></button>`).join("")}</div>`);

/** @param {HTMLElement} page */
function drawGlyphs(page) {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll(".ratios button"))) {
    const side = Math.sqrt(shapeRatio(button.dataset.value ?? "1:1"));
    button.style.setProperty("--w", side.toFixed(2));
    button.style.setProperty("--h", (1 / side).toFixed(2));
  }
}

/** @param {HTMLElement} page @param {string} selector @param {(button: HTMLElement) => void} act */
const onClick = (page, selector, act) => page.addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest(selector) : null;
  if (button instanceof HTMLElement) act(button);
});

/** @param {JobImage} image @param {Chosen} chosen */
function zoom(image, chosen) {
  const page = ZOOM();
  const slider = /** @type {HTMLInputElement} */ (part(page, "input"));
  const own = shapeOf(image);
  let shape = own;
  const asked = () => ({
    action: "zoom", factor: slider.valueAsNumber, ...(shape && shape !== own ? { aspect: shape } : {}),
  });
  const show = () => {
    const factor = `${slider.valueAsNumber}×`;
    slider.style.setProperty("--p", String(slider.valueAsNumber - 1));
    slider.ariaValueText = factor;
    say(part(page, "output"), factor);
    // once is no zoom: then it is the shape alone that changes
    const still = slider.valueAsNumber === 1;
    say(part(page, "[data-go]"), still ? "Change the shape" : `Zoom out ${factor}`);
    /** @type {HTMLButtonElement} */ (part(page, "[data-go]")).disabled = still && shape === own;
    radios.value = shape;
  };
  const radios = new RadioRow(part(page, ".ratios"), (value) => {
    shape = value;
    show();
  });
  drawGlyphs(page);
  slider.addEventListener("input", show);
  show();
  onClick(page, "[data-factor]", ({ dataset }) => chosen("act", { asked: { action: "zoom", factor: Number(dataset.factor) } }));
  onClick(page, "[data-go]", () => chosen("act", { asked: asked() }));
  onClick(page, "[data-words]", () => chosen("reword", { asked: asked() }));
  return page;
}

/** @param {JobImage} image @param {Chosen} chosen @param {string} thumbnail */
function pan(image, chosen, thumbnail) {
  const page = PAN();
  const picture = /** @type {HTMLImageElement} */ (part(page, "img"));
  picture.src = thumbnail;
  const ratio = (image.width ?? 1) / (image.height ?? 1);
  picture.style.aspectRatio = Math.max(0.5, Math.min(2, ratio)).toFixed(3);
  onClick(page, "[data-way]", ({ dataset }) => chosen("act", { asked: { action: "pan", direction: dataset.way } }));
  return page;
}

/** @param {JobImage} image @param {Chosen} chosen */
function reshape(image, chosen) {
  const page = SHAPE();
  drawGlyphs(page);
  const own = page.querySelector(`[data-value="${shapeOf(image)}"]`);
  if (own instanceof HTMLButtonElement) own.disabled = true;
  onClick(page, "[data-value]", ({ dataset }) => chosen("act", { asked: { action: "reshape", aspect: dataset.value } }));
  return page;
}

/** @param {JobImage} _image @param {Chosen} chosen */
function use(_image, chosen) {
  const page = USE();
  onClick(page, "[data-role]", ({ dataset }) => chosen("use-as", { role: dataset.role }));
  return page;
}

/** @type {Record<string, {title: string, make: (image: JobImage, chosen: Chosen, thumbnail: string) => HTMLElement}>} */
export const SHEET_PAGES = {
  zoom: { title: "Zoom out", make: zoom },
  pan: { title: "Pan", make: pan },
  reshape: { title: "Change shape", make: reshape },
  use: { title: "Use as", make: use },
};
