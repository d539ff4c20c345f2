/**
 * A long task on its page: the bar moves, the words follow, and the page is shown anew when the task has ended.
 *
 * @module
 */
import { api, ApiError, OfflineError } from "jinke/api.js";

const PAUSE = 1000;
const ENDED = ["done", "failed", "cancelled"];

const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-job]"));
if (place) follow(place);

/** @param {HTMLElement} place */
async function follow(place) {
  const bar = place.querySelector("progress");
  const words = place.querySelector("[data-job-words]");
  for (;;) {
    await new Promise((resolve) => window.setTimeout(resolve, PAUSE));
    try {
      const job = await api(place.dataset.job ?? "");
      if (ENDED.includes(job.state)) {
        window.location.reload();
        return;
      }
      if (bar) bar.value = job.progress;
      if (words && words.textContent !== job.sentence) words.textContent = job.sentence;
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) return;
      if (!(error instanceof ApiError || error instanceof OfflineError)) throw error;
    }
  }
}
