/**
 * The transcript: follows the film, leads to a moment, can be searched.
 *
 * @module
 */
import { say } from "jinke/player/terms.js";

/** Whoever reads ahead in the transcript is left in peace for this long, in milliseconds. */
const PATIENCE = 5000;

/** @param {HTMLVideoElement} video */
export function followTranscript(video) {
  const list = /** @type {HTMLElement | null} */ (document.querySelector(".transcript"));
  if (!list) return;
  const lines = /** @type {HTMLAnchorElement[]} */ ([...list.querySelectorAll("a[data-start]")]);
  const starts = lines.map((line) => Number(line.dataset.start));
  /** @type {HTMLAnchorElement | undefined} */ let current;
  let readingUntil = 0;
  for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    list.addEventListener(name, () => (readingUntil = performance.now() + PATIENCE), { passive: true });
  }
  list.addEventListener("click", (event) => {
    const line = /** @type {Element} */ (event.target).closest("a");
    if (!line || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    readingUntil = 0;
    video.currentTime = Number(line.dataset.start) / 1000;
  });
  const follow = () => {
    const at = video.currentTime * 1000 + 50;
    const after = starts.findIndex((start) => start > at);
    const next = lines[(after < 0 ? lines.length : after) - 1];
    if (next === current) return;
    current?.removeAttribute("aria-current");
    next?.setAttribute("aria-current", "true");
    current = next;
    if (next && performance.now() > readingUntil) bringIntoView(list, next);
  };
  video.addEventListener("timeupdate", follow);
  video.addEventListener("seeking", follow);
  searchIn(lines);
}

/** Scrolls the list alone, never the page. @param {HTMLElement} list @param {HTMLElement} line */
function bringIntoView(list, line) {
  const top = line.offsetTop - list.clientHeight / 3;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  list.scrollTo({ top, behavior: calm ? "instant" : "smooth" });
}

/** @param {HTMLAnchorElement[]} lines */
function searchIn(lines) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById("transcript-search"));
  const hint = document.getElementById("transcript-hint");
  if (!field || !hint) return;
  const usual = hint.textContent;
  const search = () => {
    const wanted = field.value.trim().toLowerCase();
    let found = 0;
    for (const line of lines) {
      const words = /** @type {HTMLElement} */ (line.lastElementChild);
      const matches = mark(words, wanted);
      /** @type {HTMLElement} */ (line.parentElement).hidden = wanted !== "" && !matches;
      found += matches ? 1 : 0;
    }
    hint.textContent = wanted === "" ? usual : found ? say("matches", { count: found }) : say("no_match");
  };
  field.addEventListener("input", search);
  field.form?.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
}

/** Marks where `wanted` stands in an element's text. @param {HTMLElement} words @param {string} wanted @returns {boolean} */
function mark(words, wanted) {
  const text = words.textContent ?? "";
  const parts = [];
  let from = 0;
  for (let at = wanted ? text.toLowerCase().indexOf(wanted) : -1; at >= 0; at = text.toLowerCase().indexOf(wanted, from)) {
    const hit = document.createElement("mark");
    hit.textContent = text.slice(at, at + wanted.length);
    parts.push(text.slice(from, at), hit);
    from = at + wanted.length;
  }
  words.replaceChildren(...parts, text.slice(from));
  return parts.length > 0;
}
