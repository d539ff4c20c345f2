/**
 * Uploads that survive: each chosen file gets a row with its progress, can be paused, goes on by itself when the line
 * comes back, and after a reload when the same file is chosen again. The server's side is `/files/uploads`, tus 1.0.
 *
 * A form marked with data-upload takes part; its attributes say where to, in which pieces, and in which words.
 *
 * @module
 */
import "vendor/tus-js-client/tus.min.js";
import { api, csrfToken } from "jinke/api.js";
import { UploadRow } from "jinke/upload-row.js";
import { sizeInWords } from "jinke/filedrop.js";

/** @type {any} the kept library is a script of the older kind and leaves its name here */
const tus = /** @type {any} */ (window).tus;

const KEPT_MS = 7 * 24 * 60 * 60 * 1000;
const PATIENCE = [0, 1000, 3000, 5000, 10_000, ...new Array(1000).fill(30_000)];
const LOOKS = [500, 1000, 1000, 2000, 2000, 3000, 5000];

/** @param {HTMLFormElement} form */
function enhance(form) {
  const settings = {
    endpoint: form.dataset.endpoint ?? "",
    lesson: form.dataset.lesson ?? "",
    chunk: Number(form.dataset.chunk),
    most: Number(form.dataset.most),
    words: JSON.parse(form.dataset.words ?? "{}"),
  };
  form.querySelector("[data-upload-plain]")?.setAttribute("hidden", "");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("filedrop:files", (event) => {
    const { files, input } = /** @type {CustomEvent} */ (event).detail;
    // Begun here, the files must not go with the form as well, nor stand in its list.
    input.value = "";
    const list = /** @type {HTMLElement | null} */ (form.querySelector(".filedrop__list"));
    if (list) list.hidden = true;
    for (const file of files) new Transfer(form, settings, file).begin();
  });
  void offerToGoOn(form, settings);
}

/** One file on its way. */
class Transfer {
  /** @param {HTMLFormElement} form @param {any} settings @param {File} file */
  constructor(form, settings, file) {
    this.form = form;
    this.settings = settings;
    this.file = file;
    this.row = new UploadRow(form, settings.words, file.name, file.size);
    this.row.on("pause", () => this.pause());
    this.row.on("resume", () => this.goOn());
    this.row.on("retry", () => this.tryAgain());
    this.row.on("remove", () => this.remove());
    this.upload = new tus.Upload(file, this.options());
    window.addEventListener("online", () => this.hurry());
  }

  options() {
    return {
      endpoint: this.settings.endpoint,
      chunkSize: this.settings.chunk,
      retryDelays: PATIENCE,
      removeFingerprintOnSuccess: true,
      headers: { "X-CSRFToken": csrfToken() },
      metadata: { filename: this.file.name, filetype: this.file.type, lesson_id: this.settings.lesson },
      onProgress: (/** @type {number} */ sent, /** @type {number} */ all) => this.row.uploading(sent, all),
      onAfterResponse: keepWhatArrived,
      onShouldRetry: (/** @type {any} */ error) => this.isWorthWaiting(error),
      onError: (/** @type {any} */ error) => this.stop(error),
      onSuccess: () => this.watch(),
    };
  }

  async begin() {
    for (const older of this.form.querySelectorAll("[data-interrupted]")) {
      if (/** @type {HTMLElement} */ (older).dataset.interrupted === this.file.name) older.remove();
    }
    if (this.file.size > this.settings.most) {
      const sizes = { size: sizeInWords(this.file.size), limit: sizeInWords(this.settings.most) };
      this.row.failed(this.row.say("too_large", sizes), false);
      return;
    }
    this.row.preparing();
    const [earlier] = await this.upload.findPreviousUploads();
    if (earlier) this.upload.resumeFromPreviousUpload(earlier);
    this.upload.start();
  }

  pause() {
    void this.upload.abort();
    this.row.paused();
  }

  goOn() {
    this.row.preparing();
    this.upload.start();
  }

  /** The person may have logged in again elsewhere; the page's token is of the session before. */
  async tryAgain() {
    this.row.preparing();
    this.upload.options.headers["X-CSRFToken"] = await freshToken();
    if (this.done) void this.watch();
    else this.upload.start();
  }

  /** The line is back: no need to sit out the pause. */
  async hurry() {
    if (this.row.state !== "line") return;
    await this.upload.abort();
    this.goOn();
  }

  async remove() {
    this.gone = true;
    this.row.remove();
    // Best effort: what stays is forgotten by the server after seven days.
    await this.upload.abort(!this.done).catch(() => undefined);
  }

  /** @param {any} error */
  isWorthWaiting(error) {
    const status = error.originalResponse?.getStatus() ?? 0;
    if (error.causingError?.name === "Refused") return false;
    if (status >= 400 && status < 500 && ![409, 423, 429].includes(status)) return false;
    this.row.waitingForLine(sentenceOf(error.originalResponse));
    return true;
  }

  /** @param {any} error */
  stop(error) {
    if (this.gone) return;
    const known = error.causingError?.name === "Refused" ? this.row.say("log_in", {}) : "";
    const status = error.originalResponse?.getStatus() ?? 0;
    const final = [404, 413, 422].includes(status);
    this.row.failed(known || sentenceOf(error.originalResponse) || this.row.say("failed", {}), !final);
  }

  /** All bytes are there: asks how checking goes, more and more rarely, until there is an end. */
  async watch() {
    this.done = true;
    this.row.checking();
    const id = new URL(this.upload.url, window.location.href).pathname.split("/").pop();
    for (let look = 0; !this.gone; look += 1) {
      await new Promise((resolve) => window.setTimeout(resolve, LOOKS[Math.min(look, LOOKS.length - 1)]));
      try {
        const state = await api(`/files/uploads/${id}/state`);
        if (state.state === "done") {
          this.row.ready(state.sentence);
          this.form.dispatchEvent(new CustomEvent("upload:ready", { bubbles: true, detail: state }));
          return;
        }
        if (state.state === "failed") {
          this.row.failed(state.sentence, false);
          return;
        }
      } catch (error) {
        if (/** @type {any} */ (error).status) {
          this.row.failed(/** @type {Error} */ (error).message, true);
          return;
        }
      }
    }
  }
}

/**
 * A refused look at an upload must not make the library forget where it stood: it would begin anew at byte 0.
 *
 * @param {any} request @param {any} response
 */
function keepWhatArrived(request, response) {
  if (request.getMethod() !== "HEAD" || ![400, 401, 403].includes(response.getStatus())) return;
  const refused = new Error(`HEAD ${response.getStatus()}`);
  refused.name = "Refused";
  throw refused;
}

/** What the server said, if it said something. @param {any} response */
function sentenceOf(response) {
  try {
    return JSON.parse(response.getBody()).detail ?? "";
  } catch {
    return "";
  }
}

async function freshToken() {
  try {
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const meta = /** @type {HTMLMetaElement | null} */ (page.querySelector("meta[name=csrf-token]"));
    return meta?.content ?? csrfToken();
  } catch {
    return csrfToken();
  }
}

/**
 * Shows what was begun in this browser for this lesson and not finished.
 *
 * @param {HTMLFormElement} form @param {any} settings
 */
async function offerToGoOn(form, settings) {
  const storage = tus.defaultOptions.urlStorage;
  for (const earlier of (await storage?.findAllUploads()) ?? []) {
    if (earlier.metadata?.lesson_id !== settings.lesson) continue;
    if (Date.now() - Date.parse(earlier.creationTime) > KEPT_MS) {
      await storage.removeUpload(earlier.urlStorageKey);
      continue;
    }
    const row = new UploadRow(form, settings.words, earlier.metadata.filename, earlier.size);
    row.interrupted();
    row.on("choose", () => form.querySelector("input[type=file]")?.click());
    row.on("remove", async () => {
      row.remove();
      await storage.removeUpload(earlier.urlStorageKey);
      await tus.Upload.terminate(earlier.uploadUrl, { headers: { "X-CSRFToken": csrfToken() } }).catch(() => undefined);
    });
  }
}

for (const form of document.querySelectorAll("form[data-upload]")) enhance(/** @type {HTMLFormElement} */ (form));
