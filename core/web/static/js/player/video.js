/**
 * A video lesson: controls, subtitles, the transcript, resuming, and counting what is watched.
 *
 * @module
 */
import { showToast } from "jinke/toast.js";
import { dress, speeds } from "jinke/player/controls.js";
import { connected, measure, union } from "jinke/player/intervals.js";
import { listenToKeys } from "jinke/player/keyboard.js";
import { holdToRule } from "jinke/player/limits.js";
import { keepMedia } from "jinke/player/media.js";
import { dismiss, tellRejections, tellTrouble } from "jinke/player/notices.js";
import { follow, Recorder } from "jinke/player/recorder.js";
import { Reporter } from "jinke/player/reporter.js";
import { showStanding } from "jinke/player/standing.js";
import { rememberCaptions, toggleCaptions } from "jinke/player/subtitles.js";
import { terms } from "jinke/player/terms.js";
import { followTranscript } from "jinke/player/transcript.js";

const REACH = 2000;

const video = /** @type {HTMLVideoElement} */ (document.querySelector("#player video"));
const asked = new URLSearchParams(location.search).has("t");
const recorder = new Recorder(video, { maxSpeed: terms.max_speed });
let watched = terms.watched;
let completed = terms.completed;

/** Everything watched so far, here and before, as far as it counts. */
function countable() {
  const all = union([...watched, ...recorder.peek()]);
  return terms.allow_seeking ? all : connected(all, REACH);
}

/** @returns {Reporter} */
function report() {
  const reporter = new Reporter(terms, recorder, () => Math.round(video.currentTime * 1000), {
    standing(answer) {
      ({ watched, completed } = answer);
      showStanding(answer);
      tellRejections(answer.rejected ?? []);
    },
    opened(answer) {
      dismiss();
      // The media came over the page's own link so far; this tells the server that it is shown under this stream.
      if (answer.media_url) fetch(answer.media_url, { headers: { Range: "bytes=0-0" } }).catch(() => {});
    },
    recovered(position) {
      if (!asked && video.paused) goTo(position / 1000);
    },
    trouble(kind, sentence) {
      const isInVain = kind === "superseded" || kind === "replaced" || kind === "unreachable";
      if (isInVain || (kind === "logged_out" && !reporter.journal)) video.pause();
      tellTrouble(kind, sentence, () => void video.play());
    },
  });
  follow(video, recorder);
  video.addEventListener("play", () => {
    reporter.resume();
    void reporter.start();
  });
  video.addEventListener("timeupdate", () => {
    reporter.tick(!completed && measure(countable()) >= terms.required_ms);
  });
  video.addEventListener("seeked", () => reporter.tick(true));
  for (const name of ["pause", "ended"]) video.addEventListener(name, () => reporter.beat());
  return reporter;
}

/** @param {number} seconds */
function goTo(seconds) {
  if (video.readyState > 0) video.currentTime = seconds;
  else video.addEventListener("loadedmetadata", () => (video.currentTime = seconds), { once: true });
}

/** Goes on where the learner stopped; browsers that do not know `#t=` in addresses are helped. */
function resume() {
  const seconds = terms.position_ms / 1000;
  const help = () => {
    if (video.paused && Math.abs(video.currentTime - seconds) > 0.5) video.currentTime = seconds;
  };
  if (!seconds) return;
  if (video.readyState > 0) help();
  else video.addEventListener("loadedmetadata", help, { once: true });
}

resume();
const reporter = terms.counts ? report() : null;
if (reporter) holdToRule(video, countable, (sentence) => showToast(sentence));
keepMedia(video, () => reporter?.journal?.stream);
followTranscript(video);
rememberCaptions(video);
/** @type {HTMLElement} */
let screen = video;
listenToKeys(video, {
  speeds: speeds(terms.counts ? terms.max_speed : 2),
  screen: () => screen,
  captions: () => toggleCaptions(video),
});
dress(video, { maxSpeed: terms.counts ? terms.max_speed : 2, language: document.documentElement.lang })
  .then((controller) => (screen = controller))
  .catch(() => (video.controls = true));
