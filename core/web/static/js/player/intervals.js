/**
 * Sets of media time: sorted pairs [start, end) of whole milliseconds that neither overlap nor touch. The same sets as
 * the server's, so that both speak of one thing.
 *
 * @module
 * @typedef {[number, number]} Piece
 */

/** @param {Piece[]} pieces in any order, overlapping or not @returns {Piece[]} */
export function union(pieces) {
  /** @type {Piece[]} */
  const joined = [];
  for (const [start, end] of [...pieces].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (end <= start) continue;
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}

/** @param {Piece[]} pieces a union @returns {number} its length in milliseconds */
export function measure(pieces) {
  return pieces.reduce((sum, [start, end]) => sum + end - start, 0);
}

/**
 * The part of a union that can be reached from the start over gaps of at most `gap` milliseconds each.
 *
 * @param {Piece[]} pieces @param {number} gap @returns {Piece[]}
 */
export function connected(pieces, gap) {
  let reached = 0;
  const kept = [];
  for (const piece of pieces) {
    if (piece[0] - reached > gap) break;
    kept.push(piece);
    reached = piece[1];
  }
  return kept;
}

/** The first millisecond from `from` on that is not in the union. @param {Piece[]} pieces @param {number} from */
export function firstMissing(pieces, from = 0) {
  return pieces.reduce((at, [start, end]) => (start <= at && at < end ? end : at), from);
}
