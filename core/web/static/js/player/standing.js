/**
 * Shows what counts: the sentence, the picture under it, the ring in the outline; and says so once when it is enough.
 *
 * @module
 * @typedef {import("./intervals.js").Piece} Piece
 */
import { terms } from "jinke/player/terms.js";

let completed = terms.completed;

/** @param {{watched: Piece[], counted_ms: number, duration_ms: number, completed: boolean, sentence: string}} answer */
export function showStanding(answer) {
  const words = document.getElementById("standing");
  if (words && words.textContent !== answer.sentence) words.textContent = answer.sentence;
  drawCoverage(answer.watched, answer.sentence);
  if (!answer.completed && answer.counted_ms) drawRing(Math.min(99, Math.floor((100 * answer.counted_ms) / answer.duration_ms)));
  if (answer.completed && !completed) celebrate();
  completed = answer.completed;
}

/** @param {Piece[]} watched @param {string} sentence */
function drawCoverage(watched, sentence) {
  const picture = document.querySelector("#counts .coverage");
  if (!picture) return;
  picture.setAttribute("aria-label", sentence);
  const pieces = watched.map(([start, end]) => {
    const piece = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x: start, y: 0, width: end - start, height: 10 })) {
      piece.setAttribute(name, String(value));
    }
    return piece;
  });
  picture.replaceChildren(...pieces);
}

/** @param {number} percent */
function drawRing(percent) {
  const ring = placeRing("ring-part");
  ring?.querySelector(".ring__value")?.setAttribute("stroke-dasharray", `${percent} 100`);
  const words = ring?.getAttribute("aria-label")?.replace("0", String(percent)) ?? "";
  ring?.setAttribute("aria-label", words);
  const title = ring?.querySelector("title");
  if (title) title.textContent = words;
}

/** @param {"ring-part" | "ring-done"} name @returns {Element | null} */
function placeRing(name) {
  const place = document.querySelector("[aria-current=page] .outline__state");
  const template = /** @type {HTMLTemplateElement | null} */ (document.getElementById(name));
  const ring = template?.content.firstElementChild?.cloneNode(true);
  if (!place || !(ring instanceof Element)) return null;
  place.replaceChildren(ring);
  return ring;
}

/** The lesson is complete: a tick in the outline, one more in the counts, and where to go next. */
function celebrate() {
  placeRing("ring-done");
  const chapter = /** @type {HTMLElement | null} */ (document.querySelector("[data-chapter-count]"));
  if (chapter) chapter.textContent = chapter.dataset.chapterCount ?? "";
  const course = document.getElementById("course-progress");
  const bar = course?.querySelector("progress");
  const words = course?.querySelector("span");
  if (course && bar && words) {
    bar.value = Number(course.dataset.done) + 1;
    words.textContent = course.dataset.after ?? "";
    bar.setAttribute("aria-label", words.textContent);
  }
  const finished = document.getElementById("finished");
  const template = finished?.querySelector("template");
  if (finished && template) finished.append(template.content.cloneNode(true));
}
