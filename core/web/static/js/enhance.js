/**
 * What every page gains once scripts run. Everything here improves markup that already works without it, and finds its
 * place by data attributes, so pages never import this module.
 *
 * @module
 */
import { enhanceDialogs } from "jinke/dialogs.js";
import { enhanceFileDrops } from "jinke/filedrop.js";
import { enhanceFilters } from "jinke/filters.js";
import { guardForms, revealPasswords } from "jinke/forms.js";
import { keepTimesFresh } from "jinke/relative-time.js";
import { enhanceSortables } from "jinke/sortable.js";
import { enhanceToasts } from "jinke/toast.js";

/** Menus are details elements: one open at a time, closed by Escape and by a press elsewhere. */
function enhanceMenus() {
  const open = () => /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details[data-menu][open]"));
  document.addEventListener("pointerdown", (event) => {
    for (const menu of open()) if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of open()) if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}

/** Light, dark or as the device: kept in a cookie, so that the server's next page comes in the right colours. */
function enhanceThemeChoice() {
  const choice = /** @type {HTMLSelectElement | null} */ (document.querySelector("[data-theme-choice]"));
  choice?.addEventListener("change", () => {
    const theme = choice.value;
    const age = theme ? 31536000 : 0;
    document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  });
}

enhanceMenus();
enhanceThemeChoice();
enhanceDialogs();
enhanceToasts();
guardForms();
revealPasswords();
enhanceFilters();
enhanceFileDrops(document);
enhanceSortables(document);
keepTimesFresh();

const summary = /** @type {HTMLElement | null} */ (document.querySelector("[data-error-summary]"));
summary?.focus();
