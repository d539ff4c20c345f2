/**
 * The institution's rule, kept by the player so that nobody watches in vain: no faster than counts, and no skipping where
 * that is not allowed. The server decides all the same.
 *
 * @module
 * @typedef {import("./intervals.js").Piece} Piece
 */
import { say, terms } from "jinke/player/terms.js";

/** A film may be this far ahead of what was watched, in seconds, before it is called back. */
const LEEWAY = 1;

/**
 * @param {HTMLVideoElement} video
 * @param {() => Piece[]} countable  what counts so far
 * @param {(sentence: string) => void} tell
 */
export function holdToRule(video, countable, tell) {
  video.addEventListener("ratechange", () => {
    if (video.playbackRate <= terms.max_speed + 0.01) return;
    video.playbackRate = terms.max_speed;
    tell(say("too_fast", { speed: terms.max_speed }));
  });
  if (terms.allow_seeking || terms.completed) return;
  video.addEventListener("seeking", () => {
    const reached = (countable().at(-1)?.[1] ?? 0) / 1000;
    if (video.currentTime <= reached + LEEWAY) return;
    video.currentTime = reached;
    tell(say("no_skipping"));
  });
}
