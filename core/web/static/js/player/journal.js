/**
 * What was watched and not yet acknowledged, kept in the browser so that it survives a dropped line, a closed page and a
 * crash. One record per stream; the page that plays a stream owns its record, and others take it over only when that
 * page has let go of it or has fallen silent.
 *
 * @module
 * @typedef {import("./intervals.js").Piece} Piece
 * @typedef {{sequence: number, intervals: Piece[], position_ms: number, tried?: boolean}} Report
 * @typedef {{lesson: number, owner: string, at: number, next: number, queue: Report[],
 *            draft: {intervals: Piece[], position_ms: number} | null}} Entry
 */
import { union } from "jinke/player/intervals.js";

const PREFIX = "jinke.watch.";
const PIECES = 60;
const SILENT = 20_000;

/** Storage may be full or forbidden (private windows); then the journal lives as long as the page. */
function read(/** @type {string} */ key) {
  try {
    return /** @type {Entry | null} */ (JSON.parse(localStorage.getItem(key) ?? "null"));
  } catch {
    return null;
  }
}

/** @param {string} key @param {Entry | null} entry @returns {boolean} whether it is kept */
function write(key, entry) {
  try {
    if (entry) localStorage.setItem(key, JSON.stringify(entry));
    else localStorage.removeItem(key);
    return entry !== null;
  } catch {
    return false;
  }
}

export class Journal {
  /** @param {number} user @param {string} stream @param {Entry} entry */
  constructor(user, stream, entry) {
    this.stream = stream;
    this.key = `${PREFIX}${user}.${stream}`;
    this.entry = entry;
    this.kept = false;
  }

  /** A record for a stream just opened. @param {number} user @param {string} stream @param {number} lesson */
  static begin(user, stream, lesson) {
    const journal = new Journal(user, stream, { lesson, owner: `${Math.random()}`, at: 0, next: 0, queue: [], draft: null });
    journal.#save();
    return journal;
  }

  /** Reports in the order in which they were made. */
  get queue() {
    return this.entry.queue;
  }

  /** Notes what is playing right now. @param {Piece[]} intervals @param {number} position */
  draft(intervals, position) {
    this.entry.draft = intervals.length ? { intervals, position_ms: position } : null;
    this.#save();
  }

  /**
   * Makes a report of `intervals`, to be sent under a number of its own. One that was never sent takes more in.
   *
   * @param {Piece[]} intervals @param {number} position
   */
  report(intervals, position) {
    const last = this.queue.at(-1);
    const together = last && !last.tried ? union([...last.intervals, ...intervals]) : [];
    if (last && !last.tried && together.length <= PIECES) {
      last.intervals = together;
      last.position_ms = position;
    } else {
      for (let start = 0; start === 0 || start < intervals.length; start += PIECES) {
        this.queue.push({ sequence: this.entry.next++, intervals: intervals.slice(start, start + PIECES), position_ms: position });
      }
    }
    this.entry.draft = null;
    this.#save();
  }

  /** The first report is on its way; from now on it stays as it is. @param {Report} report */
  sending(report) {
    report.tried = true;
    this.#save();
  }

  /** A report was answered. @param {Report} report */
  done(report) {
    this.entry.queue = this.queue.filter((other) => other.sequence !== report.sequence);
    this.#save();
  }

  /** Whether another page took this record over; then everything in it was, or will be, sent by that page. */
  get isLost() {
    return this.kept && read(this.key)?.owner !== this.entry.owner;
  }

  /** Lets go of the record, so that the next page need not wait until this one is known to be silent. */
  release() {
    this.#save(0);
  }

  forget() {
    this.kept = write(this.key, null);
  }

  #save(at = Date.now()) {
    if (this.isLost) return;
    this.entry.at = at;
    this.kept = write(this.key, this.entry);
  }
}

/**
 * Records that other pages of this person left behind. What was playing when they ended becomes a report.
 *
 * @param {number} user @returns {Journal[]}
 */
export function leftBehind(user) {
  const found = [];
  const prefix = `${PREFIX}${user}.`;
  for (const key of stored(prefix)) {
    const entry = read(key);
    if (!entry?.queue || Date.now() - entry.at < SILENT) continue;
    const journal = new Journal(user, key.slice(prefix.length), entry);
    if (!entry.queue.length && !entry.draft) {
      journal.forget();
      continue;
    }
    entry.owner = `${Math.random()}`;
    entry.at = Date.now();
    write(key, entry);
    for (const report of entry.queue) report.tried = true;
    if (entry.draft) journal.report(entry.draft.intervals, entry.draft.position_ms);
    found.push(journal);
  }
  return found;
}

/** @param {string} prefix @returns {string[]} */
function stored(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
