// @ts-check
// The few lines between data and document: constant markup to nodes, lists that keep their elements.

/**
 * A function that makes a fresh copy of constant markup. Words of users never go in here.
 * @param {string} markup one element @returns {() => HTMLElement}
 */
export function template(markup) {
  const holder = document.createElement("template");
  holder.innerHTML = markup.trim();
  return () => /** @type {HTMLElement} */ (holder.content.firstElementChild?.cloneNode(true));
}

/** Markup of an icon. @param {string} name */
export const icon = (name) => `<svg class="i" aria-hidden="true"><use href="#i-${name}"/></svg>`;

/** The one element that is surely there. @param {ParentNode} within @param {string} selector */
export const part = (within, selector) => /** @type {HTMLElement} */ (within.querySelector(selector));

/**
 * Sets a text only when it differs, so that selections and live regions are left alone.
 * @param {Element} element @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` be `keys`, in order, keeping the element of each key.
 * @template {HTMLElement} E
 * @param {Element} parent @param {readonly string[]} keys
 * @param {(key: string) => E} create @param {(element: E, key: string, index: number) => void} update
 */
export function reconcile(parent, keys, create, update) {
  const wanted = new Set(keys);
  /** @type {Map<string, E>} */
  const kept = new Map();
  for (const child of /** @type {E[]} */ ([...parent.children])) {
    if (wanted.has(child.dataset.key ?? "")) kept.set(child.dataset.key ?? "", child);
    else child.remove();
  }
  let cursor = parent.firstElementChild;
  keys.forEach((key, index) => {
    let element = kept.get(key);
    if (!element) {
      element = create(key);
      element.dataset.key = key;
    }
    if (element === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(element, cursor);
    update(element, key, index);
  });
}

const NOTE = template(`<p class="note">${icon("info")}<span></span></p>`);

/** Notes, a line each. @param {Element} parent @param {readonly string[]} sentences */
export function writeNotes(parent, sentences) {
  reconcile(parent, [...new Set(sentences)], () => NOTE(), (note, sentence) => say(part(note, "span"), sentence));
}

/**
 * A wish that bubbles up to the page.
 * @param {EventTarget} from @param {string} type @param {Record<string, unknown>} [detail]
 */
export function wish(from, type, detail = {}) {
  from.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
}

/** Is somebody writing here? @param {EventTarget|null} target */
export const isField = (target) => target instanceof Element && target.closest(FIELDS) !== null;
const FIELDS = "input:not([type=radio], [type=range], [type=checkbox]), textarea, select, [contenteditable]";
