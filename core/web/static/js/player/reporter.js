/**
 * Reports to the server what was played: opens the stream when playing begins, sends a heartbeat every few seconds and
 * whenever playing stops, and sends again, under the same number, whatever was not answered.
 *
 * @module
 * @typedef {import("./intervals.js").Piece} Piece
 * @typedef {import("./journal.js").Report} Report
 * @typedef {{take: () => Piece[], peek: () => Piece[]}} Source  what is being played or read
 * @typedef {"superseded" | "replaced" | "refused" | "logged_out" | "offline" | "unreachable" | "sent"} Trouble
 * @typedef {{standing: (answer: any) => void, opened?: (answer: any) => void, recovered?: (position: number) => void,
 *            trouble: (kind: Trouble, sentence?: string) => void}} Listener
 */
import { api, ApiError, OfflineError } from "jinke/api.js";
import { Journal, leftBehind } from "jinke/player/journal.js";
import { renewSession } from "jinke/player/session.js";

const LONGEST_WAIT = 30_000;
const DRAFT_EVERY = 1_000;
const SOONEST = 3_000;
const REOPEN_EVERY = 15_000;

export class Reporter {
  /** @type {Journal | null} the stream that is open here */ journal = null;
  /** Why this page counts nothing at present. @type {"superseded" | "replaced" | "refused" | null} */ closed = null;
  /** @type {Journal[]} streams that have ended and are not wholly sent */ #older = [];
  /** @type {Promise<boolean> | null} */ #opening = null;
  /** @type {Promise<void> | null} */ #sending = null;
  #failures = 0;
  #renewed = false;
  #retry = 0;
  #lastBeat = 0;
  #lastDraft = 0;
  #lastTry = -REOPEN_EVERY;

  /**
   * @param {{user: number, lesson: number, heartbeat_ms: number,
   *          urls: {streams: string, heartbeats: string, progress: string}}} terms
   * @param {Source} source
   * @param {() => number} position  milliseconds
   * @param {Listener} listener
   */
  constructor(terms, source, position, listener) {
    this.terms = terms;
    this.source = source;
    this.position = position;
    this.listener = listener;
    document.getElementById("not-counting")?.remove();
    this.others = new BroadcastChannel("jinke.watch");
    this.others.addEventListener("message", ({ data }) => this.#overtaken(data));
    window.addEventListener("online", () => this.#flush());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.beat();
      else this.#flush();
    });
    window.addEventListener("pagehide", () => this.#leave());
    this.recovering = this.#recover();
  }

  /** Whether what is played now will be counted. */
  get isOpen() {
    return this.journal !== null && this.closed === null;
  }

  /** Makes sure that a stream is open: at the first play, and after another device took over. @returns {Promise<boolean>} */
  start() {
    if (this.journal?.isLost) this.journal = null;
    if (this.isOpen || this.closed === "refused" || this.closed === "replaced") return Promise.resolve(this.isOpen);
    this.#opening ??= this.recovering
      .then(() => this.#open())
      .finally(() => {
        this.#opening = null;
      });
    return this.#opening;
  }

  /** Notes what has been played and sends it when it is time, or `soon`. To be called several times a second. */
  tick(soon = false) {
    const now = performance.now();
    if (this.journal === null && this.closed === null && now - this.#lastTry >= REOPEN_EVERY) void this.start();
    if (!this.isOpen) return;
    if (now - this.#lastBeat >= (soon ? SOONEST : this.terms.heartbeat_ms)) this.beat();
    else if (now - this.#lastDraft >= DRAFT_EVERY) {
      this.#lastDraft = now;
      this.journal?.draft(this.source.peek(), this.position());
    }
  }

  /** Reports what has been played since the last report; an `empty` one says that playing goes on. */
  beat(empty = false) {
    if (this.#note(empty)) this.#flush();
  }

  /** Playing goes on after a pause: the server hears of it, so that no silence stands between. */
  resume() {
    if (this.isOpen && performance.now() - this.#lastBeat > this.terms.heartbeat_ms) this.beat(true);
  }

  /** @returns {boolean} whether there is something to report */
  #note(empty = false) {
    // Another page took this stream's journal over while this one slept: a new stream is opened at the next tick.
    if (this.journal?.isLost) this.journal = null;
    const played = this.source.take();
    if (!this.journal || this.closed || (!played.length && !empty)) return false;
    this.#lastBeat = performance.now();
    this.journal.report(played, this.position());
    return true;
  }

  /** @param {boolean} [again] @returns {Promise<boolean>} */
  async #open(again = true) {
    this.#lastTry = performance.now();
    try {
      const answer = await api(this.terms.urls.streams, { method: "POST", repeatable: true });
      if (this.journal) this.#older.push(this.journal);
      this.journal = Journal.begin(this.terms.user, answer.stream_id, this.terms.lesson);
      this.closed = null;
      this.#lastBeat = performance.now();
      this.others.postMessage({ user: this.terms.user, stream: answer.stream_id });
      this.listener.opened?.(answer);
      this.listener.standing(answer);
      return true;
    } catch (error) {
      if (isLost(error)) this.listener.trouble("unreachable");
      else if (!(error instanceof ApiError)) throw error;
      else if (isNobody(error) && again && (await renewSession(this.terms))) return this.#open(false);
      else if (isNobody(error)) this.listener.trouble("logged_out");
      else this.#refuse(error.message);
      return false;
    }
  }

  #flush() {
    window.clearTimeout(this.#retry);
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
      // What was reported meanwhile.
      if (this.#failures === 0 && this.journal?.queue.length) this.#flush();
    });
  }

  /** Sends all reports one after the other, oldest first, until one fails. */
  async #sendAll() {
    for (const journal of [...this.#older, ...(this.journal ? [this.journal] : [])]) {
      for (let report = journal.queue[0]; report; report = journal.queue[0]) {
        journal.sending(report);
        try {
          this.#heard(journal, report, await this.#post(journal, report));
        } catch (error) {
          if (!(await this.#failed(journal, report, error))) return;
        }
      }
      if (journal !== this.journal) journal.forget();
      this.#older = this.#older.filter((other) => other !== journal);
    }
  }

  /** @param {Journal} journal @param {Report} report @returns {Promise<any>} */
  #post({ stream }, { sequence, intervals, position_ms }) {
    const address = this.terms.urls.heartbeats.replace("STREAM", stream);
    return api(address, { method: "POST", body: { sequence, intervals, position_ms }, keepalive: true });
  }

  /** @param {Journal} journal @param {Report} report @param {any} answer */
  #heard(journal, report, answer) {
    journal.done(report);
    if (this.#failures) this.listener.trouble("sent");
    this.#failures = 0;
    this.#renewed = false;
    if (journal !== this.journal) return;
    this.listener.standing(answer);
    if (answer.closed && !this.closed) this.#close(answer.closed === "media_replaced" ? "replaced" : "superseded");
  }

  /** @param {Journal} journal @param {Report} report @param {unknown} error @returns {Promise<boolean>} whether to go on */
  async #failed(journal, report, error) {
    if (isLost(error)) {
      this.#failures += 1;
      // One lost request is nothing to speak of; the second in a row is.
      if (this.#failures === 2) this.listener.trouble("offline");
    } else if (!(error instanceof ApiError)) {
      throw error;
    } else if (isNobody(error)) {
      // A new session is tried once; if that is refused too, later.
      this.#renewed = !this.#renewed && (await renewSession(this.terms));
      if (this.#renewed) return true;
      this.#failures += 1;
      this.listener.trouble("logged_out");
    } else {
      // It will not be taken the next time either.
      journal.done(report);
      if (error.status === 404 && journal === this.journal) this.journal = null;
      if (error.status === 409) this.#refuse(error.message);
      return true;
    }
    this.#retry = window.setTimeout(() => this.#flush(), Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(this.#failures, 5)));
    return false;
  }

  /** @param {string} sentence */
  #refuse(sentence) {
    this.closed = "refused";
    this.listener.trouble("refused", sentence);
  }

  /** @param {"superseded" | "replaced"} why */
  #close(why) {
    this.closed = why;
    this.listener.trouble(why);
  }

  /** Another window of this browser opened a stream. @param {{user: number, stream: string}} other */
  #overtaken(other) {
    if (other.user !== this.terms.user || !this.isOpen || other.stream === this.journal?.stream) return;
    this.beat();
    this.#close("superseded");
  }

  /** The page goes away, perhaps for good: send what there is without waiting for answers. */
  #leave() {
    this.#note();
    for (const journal of [...this.#older, ...(this.journal ? [this.journal] : [])]) {
      for (const report of journal.queue) {
        journal.sending(report);
        this.#post(journal, report).catch(() => {});
      }
      journal.release();
    }
  }

  /** What earlier pages left behind is sent before a new stream is opened: its time is still being counted. */
  async #recover() {
    this.#older = leftBehind(this.terms.user);
    for (const { entry } of this.#older) {
      if (entry.lesson === this.terms.lesson) this.listener.recovered?.(entry.queue.at(-1)?.position_ms ?? 0);
    }
    if (this.#older.length) await this.#sendAll();
  }
}

/** @param {unknown} error @returns {boolean} whether the same request may succeed later */
function isLost(error) {
  if (error instanceof OfflineError) return true;
  return error instanceof ApiError && (error.status >= 500 || error.status === 429 || error.status === 408);
}

/** @param {ApiError} error @returns {boolean} whether the person's session has ended, or was replaced by another */
function isNobody(error) {
  return error.status === 401 || (error.status === 400 && !error.field);
}
