// @ts-check
// <preferences-menu>: theme, the way to the workflows, all keys, the version.
//   menu.update(store);
// Wishes: `page-dialog` {name: "keys"}.

import { base } from "../api.js";
import { icon, say, template, wish } from "../dom.js";
import { popover } from "../pop.js";

const KEY = "imagine.theme";
/** @param {string} value @param {string} label */
const choice = (value, label) => `<label><input class="sr" type="radio" name="theme" value="${value}">${label}</label>`;

const BODY = template(`<div><button type="button" class="ib" aria-label="Preferences and help" aria-haspopup="dialog">${icon("gear")}</button>
  <div class="pop" role="dialog" aria-label="Preferences and help" hidden>
    <section><h2 id="theme-name">Theme</h2><div class="seg" role="radiogroup" aria-labelledby="theme-name">
      ${choice("", "System")}${choice("dark", "Dark")}${choice("light", "Light")}</div></section>
    <div class="row"><span><a class="act" data-workflows>Workflows</a><button type="button" class="act" data-keys>All keys</button></span><span class="version"></span></div></div></div>`);

export class PreferencesMenu extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    this.append(...BODY().children);
    const [button, panel] = this.children;
    const show = popover(this, /** @type {HTMLButtonElement} */ (button), /** @type {HTMLElement} */ (panel));
    const chosen = document.documentElement.dataset.theme ?? "";
    /** @type {HTMLInputElement} */ (panel.querySelector(`[value="${chosen}"]`)).checked = true;
    panel.addEventListener("change", ({ target }) => target instanceof HTMLInputElement && setTheme(target.value));
    panel.querySelector("[data-keys]")?.addEventListener("click", () => {
      show(false);
      wish(this, "page-dialog", { name: "keys" });
    });
    panel.querySelector("[data-workflows]")?.setAttribute("href", `${base}/workflows`);
    setTheme(chosen);
  }

  /** @param {import("../store.js").State} state */
  update({ version }) {
    say(/** @type {Element} */ (this.querySelector(".version")), `Imagine ${version || document.documentElement.dataset.version}`);
  }
}

/** @param {string} theme dark, light, or nothing for what the system says */
function setTheme(theme) {
  const root = document.documentElement;
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  try {
    if (theme) localStorage.setItem(KEY, theme);
    else localStorage.removeItem(KEY);
  } catch {
    // storage is off: the choice lasts as long as the page
  }
  // the bars of a phone's browser
  for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
    const own = meta.getAttribute("media")?.includes("dark") ? "dark" : "light";
    meta.setAttribute("content", (theme || own) === "dark" ? "#0b0b0c" : "#fafaf9");
  }
}
