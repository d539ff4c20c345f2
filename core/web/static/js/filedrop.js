/**
 * A file input people can drop files on. Shows what was chosen and announces it with a `filedrop:files` event, whose
 * detail is the list of files; without anyone listening the files go with the form as usual.
 *
 * @module
 */

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/**
 * A size as people say it, in the page's language.
 *
 * @param {number} bytes
 * @returns {string}
 */
export function sizeInWords(bytes) {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  return new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit",
    unit: UNITS[step],
    unitDisplay: step ? "short" : "long",
    maximumFractionDigits: step > 1 ? 1 : 0,
  }).format(bytes / 1024 ** step);
}

/** @param {ParentNode} root */
export function enhanceFileDrops(root) {
  for (const drop of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-filedrop]"))) enhance(drop);
}

/** @param {HTMLElement} drop */
function enhance(drop) {
  const input = /** @type {HTMLInputElement | null} */ (drop.querySelector("input[type=file]"));
  const list = /** @type {HTMLElement | null} */ (drop.querySelector(".filedrop__list"));
  if (!input || !list) return;
  for (const over of ["dragenter", "dragover"]) {
    drop.addEventListener(over, (event) => {
      if (!(/** @type {DragEvent} */ (event).dataTransfer?.types.includes("Files"))) return;
      event.preventDefault();
      drop.dataset.over = "";
    });
  }
  drop.addEventListener("dragleave", (event) => {
    if (!drop.contains(/** @type {Node | null} */ (/** @type {DragEvent} */ (event).relatedTarget))) delete drop.dataset.over;
  });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    delete drop.dataset.over;
    const dropped = /** @type {DragEvent} */ (event).dataTransfer?.files;
    if (!dropped?.length) return;
    const kept = new DataTransfer();
    for (const file of input.multiple ? dropped : [dropped[0]]) kept.items.add(file);
    input.files = kept.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    list.replaceChildren(...files.map(row));
    list.hidden = files.length === 0;
    drop.dispatchEvent(new CustomEvent("filedrop:files", { bubbles: true, detail: { files, input } }));
  });
}

/** @param {File} file */
function row(file) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.className = "clip";
  name.textContent = file.name;
  const size = document.createElement("span");
  size.className = "nowrap muted";
  size.textContent = sizeInWords(file.size);
  item.append(name, size);
  return item;
}
