/**
 * Times said as people say them ("3 小时前"), with the exact moment in the title, kept right while the page is open.
 *
 * @module
 */

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const STEPS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/**
 * A moment seen from another.
 *
 * @param {Date} moment
 * @param {Date} now
 * @param {string} language  BCP 47
 * @returns {string}
 */
export function relative(moment, now, language) {
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const seconds = Math.round((moment.getTime() - now.getTime()) / 1000);
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return words.format(0, "second");
}

function refresh() {
  const now = new Date();
  for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-relative]"))) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title ||= element.textContent ?? "";
    element.textContent = relative(moment, now, document.documentElement.lang);
  }
}

/** Rewrites every `<time data-relative>` now, each minute, and after filters brought new ones. */
export function keepTimesFresh() {
  refresh();
  window.setInterval(refresh, 60_000);
  document.addEventListener("filters:loaded", refresh);
}
