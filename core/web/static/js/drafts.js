/**
 * Nothing typed is lost: the text of a lesson is kept in this browser with every key and on the server a second after
 * the last one, until the form is saved.
 *
 * @module
 */
import { api, ApiError, OfflineError } from "jinke/api.js";

const PAUSE = 1000;
const AGAIN = 10_000;

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-draft]"));
if (form) keep(form);

/** @param {HTMLFormElement} form */
function keep(form) {
  const title = /** @type {HTMLInputElement} */ (form.elements.namedItem("title"));
  const body = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("body"));
  const state = /** @type {HTMLElement | null} */ (form.querySelector("[data-draft-state]"));
  const key = `draft-${form.dataset.draftKey}`;
  if (!state || title.matches(":disabled")) return;

  let timer = 0;
  let leaving = false;
  let version = Number(form.dataset.draftVersion);

  /** @param {string} name @param {string} [time] */
  const say = (name, time = "") => {
    state.textContent = (form.dataset[name] ?? "").replace("{time}", time);
  };

  restore();
  form.addEventListener("input", (event) => {
    if (event.target !== title && event.target !== body) return;
    remember();
    say("wordsTyping");
    schedule(PAUSE);
  });
  form.addEventListener("submit", () => {
    leaving = true;
    window.clearTimeout(timer);
    // The page that answers says whether it was saved.
    window.sessionStorage.setItem("submitted", key);
  });
  window.addEventListener("pagehide", () => {
    if (!leaving && window.localStorage.getItem(key)) void send(true);
  });

  /** Keeps the text in this browser, with the version of the lesson it grew from. */
  function remember() {
    try {
      window.localStorage.setItem(key, JSON.stringify({ title: title.value, body: body.value, base: form?.dataset.baseVersion }));
    } catch {
      // A full or forbidden storage: the server's copy is the one that counts.
    }
  }

  /** Puts back what an earlier visit typed and could not send. */
  function restore() {
    const kept = window.localStorage.getItem(key);
    const submitted = window.sessionStorage.getItem("submitted") === key;
    window.sessionStorage.removeItem("submitted");
    if (form?.dataset.refused !== undefined) {
      // The text stands in the form but was not saved: it is a draft again.
      remember();
      schedule(PAUSE);
      return;
    }
    if (submitted) {
      window.localStorage.removeItem(key);
      return;
    }
    if (!kept) return;
    const typed = JSON.parse(kept);
    if (typed.title === title.value && typed.body === body.value) {
      window.localStorage.removeItem(key);
      return;
    }
    title.value = typed.title;
    body.value = typed.body;
    say("wordsRestored");
    schedule(PAUSE);
  }

  /** @param {number} wait */
  function schedule(wait) {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void send(false), wait);
  }

  /** @param {boolean} keepalive  the page is going away: the browser finishes the request without it */
  async function send(keepalive) {
    const sent = { title: title.value, body: body.value };
    const draft = { ...sent, base_version: Number(form?.dataset.baseVersion), draft_version: version };
    try {
      const answer = await api(form?.dataset.draftUrl ?? "", { method: "PUT", body: draft, keepalive });
      version = answer.draft_version;
      if (leaving) return;
      if (title.value === sent.title && body.value === sent.body) window.localStorage.removeItem(key);
      say("wordsKept", new Date(answer.saved_at).toLocaleTimeString(document.documentElement.lang));
    } catch (error) {
      if (error instanceof OfflineError) {
        say("wordsOffline");
        schedule(AGAIN);
      } else if (error instanceof ApiError) {
        state.textContent = error.message;
      }
    }
  }
}
