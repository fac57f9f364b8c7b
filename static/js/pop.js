// @ts-check
// A popover under its button: opens and closes by it, and closes by Escape, by a click elsewhere, or when focus leaves.

/**
 * @param {HTMLElement} host holds both @param {HTMLButtonElement} button @param {HTMLElement} panel
 * @param {() => void} [opened]
 * @returns {(open: boolean) => void}
 */
export function popover(host, button, panel, opened) {
  /** @param {boolean} open */
  const show = (open) => {
    if (panel.hidden === !open) return;
    panel.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) opened?.();
    else if (panel.contains(document.activeElement)) button.focus();
  };
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => show(Boolean(panel.hidden)));
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    show(false);
    button.focus();
  });
  host.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !host.contains(relatedTarget)) show(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (panel.hidden || !(event.target instanceof Node) || host.contains(event.target)) return;
    show(false);
    onlyCloses(event);
  });
  return show;
}

/** A finger beside what is open means to close it, and nothing to the pictures there. @param {PointerEvent} down */
export function onlyCloses({ target, pointerType }) {
  if (pointerType === "mouse" || !(target instanceof Element && target.closest("main"))) return;
  const over = new AbortController();
  const { signal } = over;
  addEventListener("click", (event) => {
    event.preventDefault();
    event.stopPropagation();
    over.abort();
  }, { capture: true, signal });
  // it was no tap, or another one begins
  for (const end of ["pointercancel", "pointerdown"]) addEventListener(end, () => over.abort(), { capture: true, signal });
}
