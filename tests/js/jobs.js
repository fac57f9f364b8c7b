// A job as the server tells it, for tests; fields in `changes` win.

/** @param {object} [changes] */
export function job(changes = {}) {
  const base = {
    id: "a", number: 1, batch: "a", kind: "imagine", state: "running", stage: "sampling", sequence: 10,
    prompt: "a red fox --ar 16:9", canonical: "a red fox --ar 16:9 --seed 1", text: "a red fox",
    parameters: { width: 1344, height: 768, steps: 25, batch_size: 4, seed: 1 }, notes: [],
    progress: { value: 0, step: 0, steps: 100, image: null, eta_s: null }, position: null, images: [],
    error: null, parents: [], favorites: [], engine: "comfyui", prompt_id: "a", attempt: 1,
    created_at: "2026-11-20T12:00:00Z", started_at: "2026-11-20T12:00:01Z", finished_at: null, deleted_at: null,
  };
  return { ...base, ...changes };
}

/** @param {number[]} indices */
export const images = (...indices) => indices.map((index) => ({
  index, url: `/api/images/a-${index}.png`, thumbnail: `/api/thumbnails/a-${index}.webp`, width: 1344, height: 768,
  media_type: "image/png", bytes: 1000, seed: 1,
}));

export const QUEUE = { running: 0, waiting: 0, paused: false, reason: null, positions: {}, starts: {} };
