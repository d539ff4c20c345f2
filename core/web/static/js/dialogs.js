/**
 * Dialogs and side sheets on the native dialog element, which brings the focus trap, Escape and the backdrop.
 *
 * @module
 */

/**
 * Opens `<dialog id>` for links and buttons with data-dialog="id", and moves a side column (data-sheet) into a dialog
 * while it is open as a sheet, so that its state and listeners stay.
 */
export function enhanceDialogs() {
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const opener = /** @type {HTMLElement | null} */ (target.closest("[data-dialog]"));
    const dialog = opener && document.getElementById(opener.dataset.dialog ?? "");
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
      return;
    }
    const sheetOpener = /** @type {HTMLElement | null} */ (target.closest("[data-sheet-open]"));
    const sheet = sheetOpener && document.getElementById(sheetOpener.dataset.sheetOpen ?? "");
    if (sheet) openSheet(sheet);
    // A press on the backdrop reaches the dialog itself, a press inside reaches something in it.
    if (target instanceof HTMLDialogElement && isOutside(target, /** @type {MouseEvent} */ (event))) target.close();
  });
}

/** @param {HTMLDialogElement} dialog @param {MouseEvent} event */
function isOutside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

/** @param {HTMLElement} sheet */
function openSheet(sheet) {
  const place = document.createComment("sheet");
  const dialog = document.createElement("dialog");
  dialog.className = "sheet-dialog";
  dialog.setAttribute("aria-label", sheet.getAttribute("aria-label") ?? "");
  const bar = document.createElement("form");
  bar.method = "dialog";
  bar.className = "sheet-dialog__close";
  const close = document.createElement("button");
  close.className = "button";
  close.textContent = sheet.dataset.closeLabel ?? "×";
  bar.append(close);
  sheet.before(place);
  dialog.append(bar, sheet);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    place.replaceWith(sheet);
    dialog.remove();
  });
  const wide = matchMedia("(min-width: 60rem)");
  wide.addEventListener("change", () => dialog.close(), { once: true });
  dialog.showModal();
}
