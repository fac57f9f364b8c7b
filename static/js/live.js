// @ts-check
// The one WebSocket of the page (`/api/live`): opens it, opens it again after a gap with `since=`,
// and asks by plain requests while it cannot be had. What arrives goes to the store as it is.

import * as api from "./api.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
const SILENCE_MS = 75_000;
const POLL_MS = 2_000;
const WHOLE_BATCH = 65535;
const MEDIA_TYPES = ["", "image/jpeg", "image/png", "image/webp"];

/**
 * A preview frame: byte 0 version, 1 format, 2–3 picture index, 4–19 job id, then the picture.
 * @param {ArrayBuffer} frame @returns {{job: string, image: number, blob: Blob}|null}
 */
export function readPreview(frame) {
  if (frame.byteLength < 21) return null;
  const head = new DataView(frame, 0, 20);
  const type = MEDIA_TYPES[head.getUint8(1)];
  if (head.getUint8(0) !== 1 || !type) return null;
  const hex = Array.from(new Uint8Array(frame, 4, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const job = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const index = head.getUint16(2);
  // a latent batch previews its first picture only
  return { job, image: index === WHOLE_BATCH ? 0 : index, blob: new Blob([new Uint8Array(frame, 20)], { type }) };
}

/**
 * How far the socket has told every change, after one more message. Only what came over the socket counts, and a
 * snapshot as what its hello said: an answer to a request may be newer than changes that were not told yet.
 * @param {{since: number, start: number}} known @param {any} message @returns {{since: number, start: number}}
 */
export function heard(known, message) {
  switch (message.type) {
    case "hello": return { ...known, start: message.sequence };
    case "snapshot": return { ...known, since: known.start };
    case "job": return { ...known, since: Math.max(known.since, message.job.sequence) };
    case "removed": return { ...known, since: Math.max(known.since, message.sequence) };
    default: return known;
  }
}

export class Live {
  #socket = /** @type {WebSocket|null} */ (null);
  #timer = 0;
  #watchdog = 0;
  #failures = 0;
  #heard = { since: 0, start: 0 };

  /**
   * @param {object} to
   * @param {(message: any) => void} to.message each message of the server, and {type: "online", online}
   * @param {(preview: {job: string, image: number, blob: Blob}) => void} to.preview
   */
  constructor({ message, preview }) {
    this.message = message;
    this.preview = preview;
    const hurry = () => {
      if (!document.hidden && !this.#socket) this.open();
    };
    addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
  }

  open() {
    clearTimeout(this.#timer);
    const address = new URL(`${api.base}/api/live`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    if (this.#heard.since) address.searchParams.set("since", String(this.#heard.since));
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#listen();
    socket.addEventListener("message", ({ data }) => {
      this.#listen();
      if (typeof data !== "string") {
        const preview = readPreview(data);
        if (preview) this.preview(preview);
        return;
      }
      const message = JSON.parse(data);
      if (message.type === "hello") this.#failures = 0;
      this.#heard = heard(this.#heard, message);
      this.message(message);
    });
    socket.addEventListener("close", () => this.#closed(socket));
  }

  /** Nothing at all for a while, not even a ping: the line is dead. */
  #listen() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#socket?.close(), SILENCE_MS);
  }

  /** @param {WebSocket} socket */
  #closed(socket) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    clearTimeout(this.#watchdog);
    this.#failures += 1;
    this.#wait();
  }

  async #wait() {
    // the first gap may be a restart that is over at once; after that, see whether anybody is there
    const reached = this.#failures > 1 ? await this.#poll() : true;
    if (this.#socket) return;
    const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    const wait = backoff * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => this.open(), reached ? Math.min(wait, POLL_MS) : wait);
  }

  /** Ask what the socket would have told. @returns {Promise<boolean>} whether the server answered */
  async #poll() {
    try {
      const [health, queue, page] = await Promise.all([api.health(), api.queue(), api.jobs({ limit: "50" })]);
      if (this.#socket) return true; // opened meanwhile, and knows better
      this.message({ type: "online", online: true });
      this.message({ type: "engine", engine: health.engine });
      this.message({ type: "snapshot", ...page });
      this.message({ ...queue, type: "queue", counts: page.counts });
      return true;
    } catch {
      if (!this.#socket) this.message({ type: "online", online: false });
      return false;
    }
  }
}
