/**
 * Small kindnesses of forms: one submission per press, and passwords that can be looked at.
 *
 * @module
 */
import { icon } from "jinke/toast.js";

const REST = 15_000;

/**
 * After the first submission of a POST form its buttons rest, until the page is shown again or 15 s have passed (a line
 * that dropped must not lock a form). Forms that answer with a file carry data-repeatable.
 */
export function guardForms() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.method !== "post" || event.defaultPrevented || form.dataset.repeatable !== undefined) return;
    if (form.dataset.sent !== undefined) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "";
    // Disabled only after the browser has collected the pressed button's own value.
    window.setTimeout(() => rest(form, event.submitter), 0);
    window.setTimeout(() => wake(form), REST);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) wake(/** @type {HTMLFormElement} */ (form));
  });
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} pressed */
function rest(form, pressed) {
  if (pressed) pressed.dataset.busy = "";
  for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) {
    button.setAttribute("aria-disabled", "true");
  }
}

/**
 * Makes a form ready to be sent again, for pages that submit by script and stay.
 *
 * @param {HTMLFormElement} form
 */
export function wake(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[aria-disabled]")) {
    button.removeAttribute("aria-disabled");
    delete (/** @type {HTMLElement} */ (button).dataset.busy);
  }
}

/** Adds the eye that shows a password to every control marked with data-reveal (its label). */
export function revealPasswords() {
  for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-reveal]"))) {
    const input = box.querySelector("input");
    if (!input) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--icon field__reveal";
    const show = () => {
      const hidden = input.type === "password";
      button.setAttribute("aria-label", (hidden ? box.dataset.reveal : box.dataset.revealHide) ?? "");
      button.replaceChildren(icon(hidden ? "eye" : "eye-off"));
    };
    button.addEventListener("click", () => {
      input.type = input.type === "password" ? "text" : "password";
      show();
    });
    show();
    box.append(button);
  }
}
