/**
 * Filter forms that answer at once: every change fetches the same address the form's button would load, swaps the parts
 * named in data-replace, and keeps the address bar and the back button right.
 *
 * @module
 */

const PAUSE = 350;

/** Attends to every GET form with data-autosubmit, also those that arrive with a swap. */
export function enhanceFilters() {
  let timer = 0;
  /** @param {EventTarget | null} target */
  const formOf = (target) =>
    /** @type {HTMLFormElement | null} */ (/** @type {Element | null} */ (target)?.closest("form[data-autosubmit]") ?? null);
  document.addEventListener("change", (event) => {
    const form = formOf(event.target);
    if (form) load(form, addressOf(form), true);
  });
  document.addEventListener("input", (event) => {
    const form = formOf(event.target);
    if (!form || !(/** @type {HTMLElement} */ (event.target).matches("[type=search]"))) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => load(form, addressOf(form), true), PAUSE);
  });
  document.addEventListener("submit", (event) => {
    const form = formOf(event.target);
    if (!form) return;
    event.preventDefault();
    load(form, addressOf(form), true);
  });
  window.addEventListener("popstate", () => {
    const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-autosubmit]"));
    if (form) load(form, location.href, false);
  });
  hideButtons();
}

function hideButtons() {
  for (const button of document.querySelectorAll("[data-autosubmit] [data-autosubmit-button]")) {
    /** @type {HTMLElement} */ (button).hidden = true;
  }
}

/** @param {HTMLFormElement} form */
function addressOf(form) {
  const address = new URL(form.getAttribute("action") ?? location.pathname, location.href);
  const entries = [...new FormData(form)].filter(([, value]) => typeof value === "string" && value !== "");
  address.search = new URLSearchParams(/** @type {string[][]} */ (entries)).toString();
  return address.href;
}

/** @type {AbortController | null} */
let running = null;

/** @param {HTMLFormElement} form @param {string} address @param {boolean} remember */
async function load(form, address, remember) {
  running?.abort();
  const mine = (running = new AbortController());
  const parts = (form.dataset.replace ?? "").split(" ").filter(Boolean);
  const places = parts.map((part) => document.querySelector(part));
  for (const place of places) place?.setAttribute("data-loading", "");
  try {
    const answer = await fetch(address, { signal: mine.signal, headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focus = whereFocusIs();
    parts.forEach((part, index) => swap(places[index], page.querySelector(part)));
    if (remember && address !== location.href) history.pushState(null, "", address);
    document.title = page.title;
    hideButtons();
    focus()?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("filters:loaded"));
  } catch (error) {
    // A newer choice replaced this one; anything else is left to an ordinary page load, which can explain itself.
    if (!mine.signal.aborted) location.assign(address);
  }
}

/** @param {Element | null} old @param {Element | null} fresh */
function swap(old, fresh) {
  if (!old || !fresh) return;
  const closed = [...old.querySelectorAll("details")].map((details) => details.open);
  fresh.querySelectorAll("details").forEach((details, index) => {
    if (closed[index] !== undefined) details.open = closed[index];
  });
  // The field being typed in keeps its text and caret: it is moved over instead of replaced.
  const typing = document.activeElement;
  if (typing instanceof HTMLInputElement && typing.type === "search" && old.contains(typing)) {
    const twin = fresh.querySelector(`input[type=search][name="${CSS.escape(typing.name)}"]`);
    twin?.setAttribute("value", typing.value);
  }
  old.replaceWith(fresh);
}

/** Remembers the focused control by name and value, because a swap replaces the element. */
function whereFocusIs() {
  const now = document.activeElement;
  if (!(now instanceof HTMLInputElement || now instanceof HTMLSelectElement)) return () => null;
  const name = CSS.escape(now.name);
  const exact = now instanceof HTMLInputElement && /checkbox|radio/.test(now.type) ? `[value="${CSS.escape(now.value)}"]` : "";
  return () => /** @type {HTMLElement | null} */ (document.querySelector(`form[data-autosubmit] [name="${name}"]${exact}`));
}
