// @ts-check
// Where the prompt bar stands on a phone, and how much room there is for what it opens. Both go to
// the styles as custom properties of the bar.

/**
 * Keep the bar above the keyboard of a phone (`--lift`).
 * @param {HTMLElement} bar @param {AbortSignal} signal
 */
export function stayAboveKeyboard(bar, signal) {
  const view = window.visualViewport;
  const lift = () => {
    if (!view) return;
    // A page that is zoomed has a small view too, but no keyboard.
    const hidden = view.scale > 1 ? 0 : Math.max(0, window.innerHeight - view.height - view.offsetTop);
    bar.style.setProperty("--lift", `${Math.round(hidden)}px`);
  };
  for (const type of ["resize", "scroll"]) view?.addEventListener(type, lift, { signal });
}

/** Measure the room under the bar when it is on top, else over it (`--room`). @param {HTMLElement} bar */
export function measureRoom(bar) {
  const { top, bottom } = bar.getBoundingClientRect();
  const room = matchMedia("(min-width: 960px)").matches ? window.innerHeight - bottom : top;
  bar.style.setProperty("--room", `${Math.round(room) - 24}px`);
}
