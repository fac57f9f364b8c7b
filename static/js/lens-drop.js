// @ts-check
// Pictures that are dropped anywhere on the page, or pasted. While a dialog is open nothing is taken.

/**
 * @param {AbortSignal} signal
 * @param {{over: (over: boolean) => void, take: (files: File[]) => void}} page `over`: files are held over the page
 */
export function receiveFiles(signal, { over, take }) {
  let inside = 0;
  /** @param {boolean} held */
  const hold = (held) => {
    if (!held) inside = 0;
    over(held);
  };
  document.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    inside += 1;
    if (!inDialog()) hold(true);
  }, { signal });
  document.addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    inside -= 1;
    if (inside <= 0) hold(false);
  }, { signal });
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = inDialog() ? "none" : "copy";
  }, { signal });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // the browser would leave the page and show the file
    hold(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length && !inDialog()) take(files);
  }, { signal });
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    const files = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    // a copied table or paragraph is words first
    if (!files.length || inDialog() || data?.types.includes("text/plain")) return;
    event.preventDefault();
    take(files);
  }, { signal });
}

/** @param {DragEvent} event */
const hasFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

const inDialog = () => document.querySelector("dialog[open]") !== null;
