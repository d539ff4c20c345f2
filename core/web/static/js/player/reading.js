/**
 * Time spent reading, as the film that the rule imagines: it plays while the page is in view and has the focus.
 *
 * @module
 * @typedef {import("./intervals.js").Piece} Piece
 */
import { firstMissing, union } from "jinke/player/intervals.js";

/** Timers of a page that sleeps come late; more than this between two looks was not reading, in milliseconds. */
const LONGEST_LOOK = 2_000;

export class ReadingClock {
  /** @type {Piece[]} */ #read = [];
  /** @type {number | null} */ #last = null;

  /**
   * @param {{watched: Piece[], duration_ms: number}} lesson
   * @param {{inView: () => boolean, clock?: () => number}} options
   */
  constructor({ watched, duration_ms }, { inView, clock = () => performance.now() }) {
    this.at = firstMissing(watched);
    this.duration = duration_ms;
    this.inView = inView;
    this.clock = clock;
  }

  /** Looks at the page. To be called about twice a second. @returns {boolean} whether it is being read */
  look() {
    const now = this.clock();
    const passed = this.#last === null ? 0 : Math.floor(now - this.#last);
    const reading = this.inView() && this.at < this.duration;
    if (reading && this.#last !== null && passed <= LONGEST_LOOK) {
      const end = Math.min(this.duration, this.at + passed);
      this.#read = union([...this.#read, [this.at, end]]);
      this.at = end;
      // What was rounded off is counted the next time.
      this.#last += passed;
    } else {
      this.#last = reading ? now : null;
    }
    return reading;
  }

  peek() {
    return this.#read;
  }

  take() {
    const read = this.#read;
    this.#read = [];
    return read;
  }
}
