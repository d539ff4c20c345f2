/**
 * Our controls in place of the browser's. Where they cannot be loaded the browser's stay.
 *
 * @module
 */
import "jinke/player/styled-shadows.js";
import { say } from "jinke/player/terms.js";

const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2, 3, 4];
const PARTS = [
  "media-controller", "media-control-bar", "media-play-button", "media-seek-backward-button", "media-mute-button",
  "media-volume-range", "media-time-range", "media-loading-indicator", "media-pip-button",
  "media-fullscreen-button", "menu/media-chrome-menu-item", "menu/media-playback-rate-menu", "menu/media-playback-rate-menu-button",
  "menu/media-captions-menu", "menu/media-captions-menu-button",
];

/** The speeds that the rule of the institution lets count. @param {number} most @returns {number[]} */
export function speeds(most) {
  return RATES.filter((rate) => rate <= most);
}

/** @param {string} name @param {Record<string, string>} [attributes] @param {...Element} children @returns {HTMLElement} */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  // Tooltips would say one thing and the button's name another.
  if (name.endsWith("-button")) made.setAttribute("notooltip", "");
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * Sets the language of the controls. Before they are defined, because they read their words when they are born.
 *
 * @param {string} language
 */
async function speak(language) {
  const { addTranslation, setLanguage } = await import("vendor/media-chrome/utils/i18n.js");
  const words = language.startsWith("zh")
    ? (await import("vendor/media-chrome/lang/zh-CN.js")).ZhCn
    : (await import("vendor/media-chrome/lang/en.js")).En;
  // What a button is called has to contain what it shows.
  addTranslation(language, { ...words, "Playback rate {playbackRate}": say("speed") });
  setLanguage(language);
}

/** Where the film stands, as `0:12 / 0:40`. @param {HTMLVideoElement} video @returns {HTMLElement} */
function timeOf(video) {
  const words = element("span", { class: "player__time" });
  const show = () => (words.textContent = `${clockTime(video.currentTime)} / ${clockTime(video.duration || 0)}`);
  for (const name of ["timeupdate", "durationchange", "seeking"]) video.addEventListener(name, show);
  show();
  return words;
}

/** @param {number} seconds @returns {string} */
function clockTime(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/**
 * Puts the controls around a video.
 *
 * @param {HTMLVideoElement} video
 * @param {{maxSpeed: number, language: string}} options
 * @returns {Promise<HTMLElement>} the element that fills the screen
 */
export async function dress(video, { maxSpeed, language }) {
  const frame = /** @type {HTMLElement} */ (video.parentElement);
  await speak(language);
  await Promise.all(PARTS.map((part) => import(`vendor/media-chrome/${part}.js`)));
  const hasCaptions = video.textTracks.length > 0;
  const controller = element("media-controller", { nohotkeys: "", autohide: "3", class: "player__controller" });
  const row = element(
    "media-control-bar",
    { class: "player__row" },
    element("media-play-button"),
    element("media-seek-backward-button", { seekoffset: "10", class: "player__wide" }),
    element("media-mute-button"),
    element("media-volume-range", { class: "player__wide" }),
    timeOf(video),
    element("media-playback-rate-menu-button"),
    ...(hasCaptions ? [element("media-captions-menu-button")] : []),
    element("media-pip-button", { class: "player__wide" }),
    element("media-fullscreen-button"),
  );
  frame.append(controller);
  video.slot = "media";
  video.controls = false;
  controller.append(
    video,
    element("media-loading-indicator", { slot: "centered-chrome", noautohide: "" }),
    element("media-playback-rate-menu", { hidden: "", anchor: "auto", rates: speeds(maxSpeed).join(" ") }),
    ...(hasCaptions ? [element("media-captions-menu", { hidden: "", anchor: "auto" })] : []),
    element("media-control-bar", { class: "player__range" }, element("media-time-range")),
    row,
  );
  return controller;
}
