/**
 * The outline of the course editor: every move is saved at once, whole, with the version it was made from.
 *
 * @module
 */
import { api, ApiError } from "jinke/api.js";
import { showToast } from "jinke/toast.js";

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-outline-url]"));
const state = /** @type {HTMLElement | null} */ (document.querySelector("[data-saved]"));

/** @typedef {{id: string, items: {id: string}[]}} Branch */
/** @typedef {{order: Branch[], undo: () => void}} Change */

/** @type {Promise<void>} One save after the other: the second needs the version that the first is answered with. */
let queue = Promise.resolve();

root?.addEventListener("sortable:change", (event) => {
  const change = /** @type {CustomEvent<Change>} */ (event).detail;
  queue = queue.then(() => save(change));
});

/** @param {Change} change */
async function save(change) {
  if (!root || !state) return;
  state.textContent = state.dataset.wordsSaving ?? "";
  const chapters = change.order.map(({ id, items }) => ({ id: Number(id), lessons: items.map((item) => Number(item.id)) }));
  try {
    const answer = await api(root.dataset.outlineUrl ?? "", {
      method: "POST",
      body: { version: Number(root.dataset.outlineVersion), chapters },
      repeatable: true,
    });
    root.dataset.outlineVersion = String(answer.version);
    state.textContent = state.dataset.wordsSaved ?? "";
  } catch (error) {
    change.undo();
    state.textContent = "";
    showToast(error instanceof ApiError ? error.message : (state.dataset.wordsOffline ?? ""), "danger");
  }
}
