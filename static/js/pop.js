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
  document.addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && !host.contains(target)) show(false);
  });
  return show;
}
