/**
 * Lists put in order by pointer, finger or keyboard, also across groups: lessons move between chapters.
 *
 * Markup: a root with data-sortable-root holds lists (data-sortable="kind"), whose items (data-sortable-item, data-id,
 * data-name) may hold further lists. An item moves within and between lists of its own kind. On its handle
 * (data-sortable-handle) Space or Enter picks it up, the arrow keys move it, Space puts it down, Escape puts it back.
 * The buttons with data-sortable-step, which without a script post a form, move it one place.
 *
 * After each move the root emits `sortable:change`; its detail is `{id, kind, order}`, where order is a tree of
 * `{id, items}`. Call `detail.undo()` to put the item back when saving fails.
 *
 * @module
 */

/** @typedef {{id: string, items: Branch[]}} Branch */
/** @typedef {{list: HTMLElement, next: Element | null}} Place */

const EDGE = 64;

/** @param {ParentNode} root */
export function enhanceSortables(root) {
  for (const element of root.querySelectorAll("[data-sortable-root]")) new Sortable(/** @type {HTMLElement} */ (element));
}

/** @param {Element} element */
const itemOf = (element) => /** @type {HTMLElement | null} */ (element.closest("[data-sortable-item]"));
/** @param {Element} item */
const listOf = (item) => /** @type {HTMLElement} */ (item.parentElement);
/** @param {Element} list @returns {HTMLElement[]} */
const itemsOf = (list) => /** @type {HTMLElement[]} */ ([...list.children].filter((child) => child.matches("[data-sortable-item]")));

/**
 * The order of everything below an element.
 *
 * @param {Element} root
 * @returns {Branch[]}
 */
export function orderOf(root) {
  /** @type {Branch[]} */
  const nodes = [];
  for (const list of root.querySelectorAll("[data-sortable]")) {
    const owner = list.parentElement && itemOf(list.parentElement);
    if (owner && root.contains(owner) && owner !== root) continue;
    nodes.push(...itemsOf(list).map((item) => ({ id: item.dataset.id ?? "", items: orderOf(item) })));
  }
  return nodes;
}

class Sortable {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {HTMLElement | null} */
    this.lifted = null;
    /** @type {Place | null} */
    this.from = null;
    this.voice = document.createElement("div");
    this.voice.className = "visually-hidden";
    this.voice.setAttribute("aria-live", "assertive");
    root.append(this.voice);
    root.addEventListener("keydown", (event) => this.onKey(event));
    root.addEventListener("click", (event) => this.onStep(event));
    root.addEventListener("pointerdown", (event) => this.onPress(event));
    root.addEventListener("focusout", (event) => {
      // A lifted item never stays lifted out of sight: tabbing away puts it down where it is.
      if (this.lifted && !this.moving && !this.dragging && event.relatedTarget) this.drop();
    });
    this.moving = false;
    this.dragging = false;
  }

  /** All lists an item may stand in, in the order of the page. @param {HTMLElement} item */
  lists(item) {
    const kind = listOf(item).dataset.sortable ?? "";
    return /** @type {HTMLElement[]} */ ([...this.root.querySelectorAll(`[data-sortable="${CSS.escape(kind)}"]`)]);
  }

  /** @param {HTMLElement} item */
  lift(item) {
    this.lifted = item;
    this.from = { list: listOf(item), next: item.nextElementSibling };
    item.dataset.lifted = "";
    this.say("lifted", item);
  }

  drop() {
    const item = this.lifted;
    const from = this.from;
    if (!item || !from) return;
    this.lifted = null;
    delete item.dataset.lifted;
    this.say("dropped", item);
    if (from.list === listOf(item) && from.next === item.nextElementSibling) return;
    const detail = {
      id: item.dataset.id,
      kind: listOf(item).dataset.sortable,
      order: orderOf(this.root),
      undo: () => from.list.insertBefore(item, from.next),
    };
    this.root.dispatchEvent(new CustomEvent("sortable:change", { bubbles: true, detail }));
  }

  cancel() {
    const item = this.lifted;
    if (!item || !this.from) return;
    this.lifted = null;
    delete item.dataset.lifted;
    this.place(item, this.from.list, this.from.next);
    this.say("cancelled", item);
  }

  /** @param {HTMLElement} item @param {HTMLElement} list @param {Element | null} next */
  place(item, list, next) {
    if (listOf(item) === list && item.nextElementSibling === next) return;
    const focused = /** @type {HTMLElement | null} */ (item.contains(document.activeElement) ? document.activeElement : null);
    this.moving = true;
    list.insertBefore(item, next);
    focused?.focus();
    this.moving = false;
  }

  /** One place up or down, over the end of a list into the neighbouring one. @param {HTMLElement} item @param {-1 | 1} by */
  step(item, by) {
    const list = listOf(item);
    const items = itemsOf(list);
    const at = items.indexOf(item);
    if (at + by >= 0 && at + by < items.length) {
      this.place(item, list, by < 0 ? items[at - 1] : items[at + 1].nextElementSibling);
      return;
    }
    const lists = this.lists(item);
    const neighbour = lists[lists.indexOf(list) + by];
    if (neighbour) this.place(item, neighbour, by < 0 ? null : neighbour.firstElementChild);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const target = /** @type {Element} */ (event.target);
    if (!target.closest("[data-sortable-handle]")) return;
    const item = itemOf(target);
    if (!item) return;
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (event.key === " " || event.key === "Enter") this.lifted ? this.drop() : this.lift(item);
    else if (event.key === "Escape" && this.lifted) this.cancel();
    else if (by && this.lifted) {
      this.step(item, /** @type {-1 | 1} */ (by));
      item.scrollIntoView({ block: "nearest" });
      this.say("moved", item);
    } else return;
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  onStep(event) {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-sortable-step]"));
    const item = button && itemOf(button);
    if (!button || !item) return;
    event.preventDefault();
    this.lift(item);
    this.step(item, button.dataset.sortableStep === "up" ? -1 : 1);
    this.drop();
  }

  /** @param {PointerEvent} event */
  onPress(event) {
    const handle = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-sortable-handle]"));
    const item = handle && itemOf(handle);
    if (!handle || !item || event.button !== 0) return;
    event.preventDefault();
    handle.focus();
    this.dragging = true;
    if (!this.lifted) this.lift(item);
    document.documentElement.classList.add("is-sorting");
    // On the document: moving the item in the page would end a capture on its handle.
    const over = new AbortController();
    const listen = { signal: over.signal };
    /** @param {() => void} then */
    const finish = (then) => {
      over.abort();
      document.documentElement.classList.remove("is-sorting");
      this.dragging = false;
      then();
    };
    document.addEventListener("pointermove", (move) => this.follow(item, move.clientY), listen);
    document.addEventListener("pointerup", () => finish(() => this.drop()), listen);
    document.addEventListener("pointercancel", () => finish(() => this.cancel()), listen);
  }

  /** Puts the item where the pointer is, scrolling near the edges of the window. @param {HTMLElement} item @param {number} y */
  follow(item, y) {
    if (y < EDGE) window.scrollBy(0, -12);
    else if (y > innerHeight - EDGE) window.scrollBy(0, 12);
    const lists = this.lists(item);
    const list = lists.find((each) => y <= each.getBoundingClientRect().bottom) ?? lists.at(-1);
    if (!list || item.contains(list)) return;
    const next = itemsOf(list).find((other) => {
      const box = other.getBoundingClientRect();
      return other !== item && y < box.top + box.height / 2;
    });
    if (next === undefined || next.previousElementSibling !== item) this.place(item, list, next ?? null);
  }

  /** @param {"lifted" | "moved" | "dropped" | "cancelled"} what @param {HTMLElement} item */
  say(what, item) {
    const words = { lifted: "saidLifted", moved: "saidMoved", dropped: "saidDropped", cancelled: "saidCancelled" };
    const items = itemsOf(listOf(item));
    this.voice.textContent = (this.root.dataset[words[what]] ?? "")
      .replace("{name}", item.dataset.name ?? "")
      .replace("{place}", String(items.indexOf(item) + 1))
      .replace("{count}", String(items.length));
  }
}
