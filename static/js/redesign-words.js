// @ts-check
// One prompt out of what is said of each picture, and of all of them. Pure.

/** @typedef {{note: string, drawn: boolean}} Said */

/** @param {string} text */
const sentence = (text) => {
  const plain = text.trim().replace(/\s+/g, " ");
  if (!plain) return "";
  return /[.!?…]$/.test(plain) ? plain : `${plain}.`;
};

/**
 * What is asked of the model: each picture by its number, then what is to become of them.
 * @param {readonly Said[]} pictures @param {string} whole
 */
export function combined(pictures, whole) {
  const alone = pictures.length === 1;
  const parts = pictures.map(({ note, drawn }, at) => {
    const where = drawn ? "follow what is drawn on it" : "";
    const said = [sentence(note), where && (note.trim() ? `${where[0].toUpperCase()}${where.slice(1)}.` : `${where}.`)].filter(Boolean).join(" ");
    if (!said) return "";
    if (alone) return `${said[0].toUpperCase()}${said.slice(1)}`;
    return `Picture ${at + 1}: ${said}`;
  });
  const leave = pictures.some(({ drawn }) => drawn) ? "Leave the drawn marks themselves out of the result." : "";
  return [...parts, sentence(whole), leave].filter(Boolean).join(" ");
}
