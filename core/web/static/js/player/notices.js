/**
 * What the learner has to know while playing: one calm line under the player, with the one thing to do about it.
 *
 * @module
 * @typedef {{label: string, act?: () => void, href?: string}} Action
 */
import { icon } from "jinke/toast.js";
import { measure } from "jinke/player/intervals.js";
import { loginAddress, say, terms } from "jinke/player/terms.js";

const WORTH_TELLING = 3;

const region = document.getElementById("notices");
let shown = "";

/** @param {string} name @param {string} sentence @param {"" | "ok" | "warn"} [kind] @param {Action} [action] */
export function notify(name, sentence, kind = "warn", action) {
  if (!region) return;
  shown = name;
  const note = document.createElement("div");
  note.className = kind ? `note note--${kind}` : "note";
  note.setAttribute("role", "status");
  note.dataset.notice = name;
  const body = document.createElement("div");
  body.className = "note__body stack stack--s";
  const words = document.createElement("p");
  words.textContent = sentence;
  body.append(words);
  if (action) body.append(control(action));
  note.append(icon(kind === "ok" ? "success" : kind === "warn" ? "warning" : "info"), body);
  region.replaceChildren(note);
}

/** Takes the notice away, if it is one of these; without names whichever it is. @param {...string} names */
export function dismiss(...names) {
  if (names.length && !names.includes(shown)) return;
  shown = "";
  region?.replaceChildren();
}

/** @param {Action} action @returns {HTMLElement} */
function control({ label, act, href }) {
  const element = document.createElement(href ? "a" : "button");
  element.className = "button button--primary";
  element.textContent = label;
  if (element instanceof HTMLAnchorElement && href) element.href = href;
  else if (element instanceof HTMLButtonElement) element.type = "button";
  if (act) element.addEventListener("click", act);
  const line = document.createElement("div");
  line.append(element);
  return line;
}

/**
 * Says at once which seconds were not counted, and why; the learner's record keeps them all.
 *
 * @param {{sentence: string, intervals: [number, number][]}[]} rejections
 */
export function tellRejections(rejections) {
  for (const { sentence, intervals } of rejections) {
    const seconds = Math.floor(measure(intervals) / 1000);
    if (seconds < WORTH_TELLING) continue;
    notify("rejected", say("rejected", { seconds, why: sentence }), "", { label: say("record"), href: terms.urls.record });
  }
}

/**
 * Says why nothing is counted at present, and how to go on.
 *
 * @param {import("./reporter.js").Trouble} kind @param {string | undefined} sentence @param {() => void} goOn
 */
export function tellTrouble(kind, sentence, goOn) {
  if (kind === "superseded") notify(kind, say("superseded"), "warn", { label: say("take_over"), act: goOn });
  else if (kind === "replaced") notify(kind, say("replaced"), "warn", { label: say("reload"), act: () => location.reload() });
  else if (kind === "logged_out") notify(kind, say("logged_out"), "warn", { label: say("log_in"), href: loginAddress });
  else if (kind === "refused") notify(kind, sentence ?? "", "");
  else if (kind === "offline") notify(kind, say("offline"), "");
  else if (kind === "unreachable") notify(kind, say("unreachable"));
  else if (shown === "offline") notify("sent", say("online"), "ok");
  else dismiss("logged_out", "unreachable");
}
