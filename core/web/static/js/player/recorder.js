/**
 * What a video element really plays, in whole milliseconds of its film.
 *
 * Nothing is inferred: the place is read while the film plays, and what lies between two readings counts when it can
 * have been played in the time between them, at a speed that is allowed. Beginnings are rounded up and ends down, so a
 * claim is never longer than what was seen.
 *
 * @module
 * @typedef {import("./intervals.js").Piece} Piece
 */
import { union } from "jinke/player/intervals.js";

/** The clock of the page and of the film disagree by this much from one reading to the next, in seconds. */
const JITTER = 0.3;

export class Recorder {
  /** @type {Piece[]} */ #done = [];
  /** @type {Piece | null} the piece that is playing */ #open = null;
  /** @type {{place: number, at: number, rate: number} | null} */ #last = null;

  /**
   * @param {Pick<HTMLVideoElement, "currentTime" | "playbackRate" | "paused" | "seeking">} video
   * @param {{maxSpeed: number, clock?: () => number}} options  `clock` in milliseconds
   */
  constructor(video, { maxSpeed, clock = () => performance.now() }) {
    this.video = video;
    this.maxSpeed = maxSpeed;
    this.clock = clock;
  }

  /** Reads the place. To be called at every `timeupdate`, `playing`, `ratechange` and `pause`. */
  sample() {
    const { currentTime: place, playbackRate: rate, seeking } = this.video;
    if (seeking) return this.interrupt();
    const now = { place, at: this.clock(), rate };
    if (this.#last && this.#plausible(this.#last, now)) {
      this.#open ??= [Math.ceil(this.#last.place * 1000), 0];
      this.#open[1] = Math.max(this.#open[1], Math.floor(place * 1000));
    } else {
      this.#close();
    }
    this.#last = this.video.paused ? null : now;
    if (this.video.paused) this.#close();
  }

  /** The film jumps: what comes next is another piece. To be called at `seeking` and when the film is changed. */
  interrupt() {
    this.#close();
    this.#last = null;
  }

  /** Everything played and not yet taken. @returns {Piece[]} */
  peek() {
    return union(this.#open ? [...this.#done, [...this.#open]] : this.#done);
  }

  /** As `peek`, and forgets it: what plays on joins without a gap. @returns {Piece[]} */
  take() {
    const played = this.peek();
    this.#done = [];
    if (this.#open && this.#open[1] > this.#open[0]) this.#open = [this.#open[1], this.#open[1]];
    return played;
  }

  /** @param {{place: number, at: number, rate: number}} before @param {{place: number, at: number, rate: number}} now */
  #plausible(before, now) {
    const rate = Math.max(before.rate, now.rate);
    if (rate > this.maxSpeed + 0.01) return false;
    const moved = now.place - before.place;
    return moved >= 0 && moved <= ((now.at - before.at) / 1000) * rate * 1.05 + JITTER;
  }

  #close() {
    if (this.#open && this.#open[1] > this.#open[0]) this.#done.push(this.#open);
    this.#open = null;
  }
}

/** Has `recorder` follow a video element. @param {HTMLVideoElement} video @param {Recorder} recorder */
export function follow(video, recorder) {
  for (const name of ["playing", "timeupdate", "ratechange", "pause", "ended", "waiting"]) {
    video.addEventListener(name, () => recorder.sample());
  }
  for (const name of ["seeking", "emptied"]) video.addEventListener(name, () => recorder.interrupt());
}
