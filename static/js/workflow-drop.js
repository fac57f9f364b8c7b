// @ts-check
// Files that are dropped on the page of the workflows, or pasted into it: upon a field for files they are for it, and
// everywhere else they are workflows to add. While a dialog is open nothing is taken.

import { FileField } from "./components/file-field.js";
import { MaskField } from "./components/mask-field.js";
import { kindOfFile } from "./form-files.js";

/** The field for files below what is dragged. @param {EventTarget|null} target */
function fieldAt(target) {
  const field = target instanceof Element ? target.closest("image-field, media-field, mask-field") : null;
  return field instanceof FileField || field instanceof MaskField ? field : null;
}

/** @param {DragEvent} event */
const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files") ?? false;
const inDialog = () => document.querySelector("dialog[open]") !== null;

/**
 * @param {object} page
 * @param {(over: "page"|"field"|"") => void} page.over files are held over the page, or over a field for files
 * @param {(files: File[]) => void} page.add
 * @param {(files: File[]) => boolean} page.paste pictures, videos and sounds that were pasted
 */
export function receiveFiles({ over, add, paste }) {
  /** @type {Element|null} */ let lit = null;
  /** @param {Element|null} field */
  const light = (field) => {
    if (lit !== field) lit?.removeAttribute("data-over");
    lit = field;
    field?.setAttribute("data-over", "");
  };
  const end = () => {
    light(null);
    over("");
  };
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = inDialog() ? "none" : "copy";
    if (inDialog()) return;
    const field = fieldAt(event.target);
    light(field);
    over(field ? "field" : "page");
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget === null && end());
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // the browser would leave the page and show the file
    end();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (inDialog() || !files.length) return;
    const field = fieldAt(event.target);
    if (field) field.take(files);
    else add(files);
  });
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    // a copied table or paragraph is words first, and its picture is not meant; a video comes with its name at most
    const words = data?.types.includes("text/plain");
    const files = [...(data?.files ?? [])].filter((file) => kindOfFile(file) === "image" ? !words : kindOfFile(file));
    if (!files.length || inDialog()) return;
    if (paste(files)) event.preventDefault();
  });
}
