/**
 * What the server said about this lesson when it made the page.
 *
 * @module
 * @typedef {import("./intervals.js").Piece} Piece
 * @typedef {{lesson: number, user: number, kind: string, counts: boolean, duration_ms: number, required_ms: number,
 *            position_ms: number, watched: Piece[], completed: boolean, allow_seeking: boolean, max_speed: number,
 *            heartbeat_ms: number, urls: {streams: string, heartbeats: string, progress: string, record: string},
 *            words: Record<string, string>}} Terms
 */

const root = /** @type {HTMLElement} */ (document.getElementById("learn"));

/** @type {Terms} */
export const terms = JSON.parse(root.dataset.player ?? "{}");

/** Where one logs in and comes back to this page. */
export const loginAddress = root.dataset.login ?? "/login";

/** A sentence with its %(name)s filled in. @param {string} key @param {Record<string, string | number>} [values] */
export function say(key, values = {}) {
  return terms.words[key].replace(/%\((\w+)\)s/g, (_, name) => String(values[name] ?? ""));
}
