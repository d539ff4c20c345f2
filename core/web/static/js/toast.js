/**
 * Short messages at the foot of the page. Good news leaves by itself after eight seconds, unless someone is pointing at
 * it or has the focus in it; warnings and errors stay until dismissed.
 *
 * @module
 */

const STAY = 8000;
const ICONS = { "": "info", ok: "success", warn: "warning", danger: "error" };

/** @param {HTMLElement} toast */
function attend(toast) {
  toast.querySelector("[data-toast-close]")?.addEventListener("click", () => toast.remove());
  if (toast.matches(".toast--danger, .toast--warn")) return;
  let timer = 0;
  const start = () => {
    timer = window.setTimeout(() => toast.remove(), STAY);
  };
  const stop = () => window.clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
  start();
}

/** Looks after the messages that came with the page. */
export function enhanceToasts() {
  for (const toast of document.querySelectorAll("[data-toast]")) attend(/** @type {HTMLElement} */ (toast));
}

/**
 * Shows a message.
 *
 * @param {string} text  a whole sentence in the reader's language
 * @param {"" | "ok" | "warn" | "danger"} [kind]
 * @param {{label: string, act: () => void}} [action]  one thing to do about it, such as undo
 */
export function showToast(text, kind = "", action) {
  const region = document.getElementById("toasts");
  if (!region) return;
  const toast = document.createElement("div");
  toast.className = kind ? `toast toast--${kind}` : "toast";
  toast.setAttribute("role", kind === "danger" ? "alert" : "status");
  const words = document.createElement("p");
  words.className = "toast__text";
  words.textContent = text;
  toast.append(icon(ICONS[kind]), words);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--quiet";
    button.textContent = action.label;
    button.addEventListener("click", () => {
      toast.remove();
      action.act();
    });
    toast.append(button);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button--icon";
  close.dataset.toastClose = "";
  close.setAttribute("aria-label", region.dataset.closeLabel ?? "×");
  close.append(icon("close"));
  toast.append(close);
  region.append(toast);
  attend(toast);
}

/**
 * An icon of the sprite, drawn in the colour of the text around it.
 *
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  const sprite = document.getElementById("toasts")?.dataset.icons ?? "/static/icons/icons.svg";
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}
