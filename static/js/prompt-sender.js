// @ts-check
/**
 * Sends prompts, each once. While the server is out of reach they are kept in this browser and
 * sent when it is back: in order, from one tab only. Each goes out under a key of its own, so that
 * a repeat after a lost answer makes no second set.
 *
 * @typedef {import("./prompt-memory.js").Kept} Kept
 * @typedef {Error & {status?: number, retryAfter?: number|null, error?: {hint?: string|null,
 *   details?: import("./prompt-text.js").Detail[]}}} Refusal
 * @typedef {import("./prompt-memory.js").Wanted} Wanted
 * @typedef {{post: (wanted: Wanted, key: string) => Promise<{jobs: any[]}>,
 *   taken: (jobs: any[], wanted: Wanted) => void,
 *   refused: (reason: Refusal, wanted: Wanted) => void,
 *   changed: () => void}} Wiring `changed`: what is under way or kept is another than before
 */
import { keep, letGo, newKey, readKept, remember } from "./prompt-memory.js";

/** Units: seconds until a kept prompt is tried again when the server does not say. */
const PAUSE_S = 5;

export class PromptSender {
  /** @type {Set<string>} */
  #flying = new Set();
  /** What the lost answer was about, and its key. @type {{name: string, key: string}|null} */
  #unsure = null;
  #online = false;
  #flushing = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #later;
  #wiring;

  /** @param {Wiring} wiring */
  constructor(wiring) {
    this.#wiring = wiring;
  }

  get online() {
    return this.#online;
  }

  set online(online) {
    if (online === this.#online) return;
    this.#online = online;
    clearTimeout(this.#later);
    if (online) this.flush();
  }

  /** @param {Wanted} wanted */
  isUnderWay(wanted) {
    return this.#flying.has(nameOf(wanted));
  }

  /** Keep a prompt until the server is back; false when there are too many. @param {Wanted} wanted */
  keep(wanted) {
    const taken = keep({ id: newKey(), ...wanted });
    if (taken) remember(wanted.prompt);
    this.#wiring.changed();
    return taken;
  }

  /** Send a prompt now. A second call with the same one changes nothing while it is under way. @param {Wanted} wanted */
  async send(wanted) {
    const name = nameOf(wanted);
    if (this.#flying.has(name)) return;
    const key = this.#unsure?.name === name ? this.#unsure.key : newKey();
    this.#flying.add(name);
    this.#wiring.changed();
    try {
      const { jobs } = await this.#wiring.post(wanted, key);
      this.#unsure = null;
      remember(wanted.prompt);
      this.#wiring.taken(jobs, wanted);
    } catch (error) {
      const reason = /** @type {Refusal} */ (error);
      this.#unsure = isLost(reason) ? { name, key } : null;
      this.#wiring.refused(reason, wanted);
    } finally {
      this.#flying.delete(name);
      this.#wiring.changed();
    }
  }

  /** Send what is kept; does nothing while it is at it already. */
  async flush() {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      await alone(() => this.#drain());
    } finally {
      this.#flushing = false;
    }
  }

  async #drain() {
    for (let next = readKept()[0]; next && this.#online; next = readKept()[0]) {
      const pause = await this.#sendKept(next);
      this.#wiring.changed();
      if (pause === null) continue;
      this.#later = setTimeout(() => this.flush(), pause * 1000);
      return;
    }
  }

  /** @param {Kept} kept @returns {Promise<number|null>} seconds to wait before it is tried again; null: done with */
  async #sendKept({ id, ...wanted }) {
    try {
      const { jobs } = await this.#wiring.post(wanted, id);
      letGo(id);
      this.#wiring.taken(jobs, wanted);
    } catch (error) {
      const reason = /** @type {Refusal} */ (error);
      if (isLost(reason) || reason.status === 429) return reason.retryAfter ?? PAUSE_S;
      letGo(id);
      this.#wiring.refused(reason, wanted);
    }
    return null;
  }
}

/** The same name: the same set would be made. @param {Wanted} wanted */
export const nameOf = ({ prompt, action }) => JSON.stringify([prompt, action]);

/** No answer, or none from our server: nobody knows whether it was taken. @param {Refusal} reason */
const isLost = (reason) => !reason.status || reason.status >= 500;

/**
 * Run `work` in one tab at a time. Web Locks exist on secure origins only; elsewhere the keys of
 * the prompts alone keep two tabs from making two sets.
 * @param {() => Promise<void>} work
 */
async function alone(work) {
  if (!navigator.locks) return work();
  return navigator.locks.request("imagine.kept", { ifAvailable: true }, (lock) =>
    lock ? work() : undefined,
  );
}
