/**
 * The one way pages speak to the JSON API: session cookie, CSRF header, problem documents turned into errors that carry
 * a sentence for the reader, and patience with a line that drops.
 *
 * @module
 */

const WAITS = [500, 1500, 4000];

/** A refusal of the server. `message` is its sentence; `problem` the whole problem document, when there was one. */
export class ApiError extends Error {
  /** @param {string} sentence @param {number} status @param {Record<string, any>} [problem] */
  constructor(sentence, status, problem = {}) {
    super(sentence);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
    /** @type {string | undefined} the field the refusal is about */
    this.field = problem.field;
  }
}

/** The line is down: nothing came back. The caller may keep what it has and try later. */
export class OfflineError extends Error {
  constructor() {
    super("offline");
    this.name = "OfflineError";
  }
}

/** @param {number} milliseconds @param {AbortSignal} [signal] */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      window.clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/**
 * Sends a request and returns the decoded answer (null where it has no body).
 *
 * Network failures, 502, 503 and 504 are retried after 0.5, 1.5 and 4 s when the request may be repeated: reading, PUT,
 * DELETE, or `repeatable` given by a caller whose request the server accepts twice without harm.
 *
 * @param {string} address
 * @param {{method?: string, body?: any, signal?: AbortSignal, repeatable?: boolean, keepalive?: boolean}} [options]
 * @returns {Promise<any>}
 * @throws {ApiError} the server answered with a refusal
 * @throws {OfflineError} no answer came, also after the retries
 */
export async function api(address, { method = "GET", body, signal, repeatable, keepalive = false } = {}) {
  const again = repeatable ?? ["GET", "PUT", "DELETE"].includes(method);
  const request = { method, signal, keepalive, headers: headersFor(method, body), body: body === undefined ? undefined : JSON.stringify(body) };
  for (let attempt = 0; ; attempt += 1) {
    const last = !again || attempt >= WAITS.length;
    try {
      const answer = await fetch(address, request);
      if (![502, 503, 504].includes(answer.status) || last) return await read(answer);
    } catch (error) {
      if (error instanceof ApiError || signal?.aborted) throw error;
      if (last) throw new OfflineError();
    }
    await pause(WAITS[attempt], signal);
  }
}

/** @param {string} method @param {any} body @returns {Record<string, string>} */
function headersFor(method, body) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  return headers;
}

/** The token of this page for requests that change something. */
export function csrfToken() {
  return /** @type {HTMLMetaElement | null} */ (document.querySelector("meta[name=csrf-token]"))?.content ?? "";
}

/** @param {Response} answer */
async function read(answer) {
  const type = answer.headers.get("Content-Type") ?? "";
  const body = type.includes("json") ? await answer.json() : null;
  if (answer.ok) return body;
  throw new ApiError(body?.detail || body?.title || `${answer.status} ${answer.statusText}`, answer.status, body ?? {});
}
