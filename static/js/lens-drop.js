// @ts-check
// Pictures that are dropped anywhere on the page, or pasted: files, and pictures of the page itself.
// While a dialog is open nothing is taken.

import { pictureLink } from "./links.js";

const OWN = "application/x-imagine-picture";

/**
 * @param {AbortSignal} signal
 * @param {object} page
 * @param {(over: boolean) => void} page.over a picture is held over the page
 * @param {(files: File[]) => void} page.take
 * @param {(link: string) => void} page.use a picture of the page
 */
export function receivePictures(signal, { over, take, use }) {
  let inside = 0;
  /** @param {boolean} held */
  const hold = (held) => {
    if (!held) inside = 0;
    over(held);
  };
  document.addEventListener("dragstart", ({ target, dataTransfer }) => {
    const tile = target instanceof Element ? target.closest("picture-tile") : null;
    const { job, view } = /** @type {Partial<import("./components/picture-tile.js").PictureTile>} */ (tile ?? {});
    if (job && view?.image) dataTransfer?.setData(OWN, pictureLink(job.id, view.index));
  }, { signal });
  document.addEventListener("dragenter", (event) => {
    if (!isPicture(event)) return;
    inside += 1;
    if (!inDialog()) hold(true);
  }, { signal });
  document.addEventListener("dragleave", (event) => {
    if (!isPicture(event)) return;
    inside -= 1;
    if (inside <= 0) hold(false);
  }, { signal });
  document.addEventListener("dragover", (event) => {
    if (!isPicture(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = inDialog() ? "none" : "copy";
  }, { signal });
  document.addEventListener("drop", (event) => {
    if (!isPicture(event)) return;
    event.preventDefault(); // the browser would leave the page and show the file
    hold(false);
    if (inDialog()) return;
    const link = event.dataTransfer?.getData(OWN);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (link) use(link);
    else if (files.length) take(files);
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
const isPicture = ({ dataTransfer }) => dataTransfer?.types.some((type) => type === "Files" || type === OWN) ?? false;

const inDialog = () => document.querySelector("dialog[open]") !== null;
