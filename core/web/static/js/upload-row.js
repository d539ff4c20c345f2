/**
 * The row of one upload: its name, its bar, its state in words, and the buttons that make sense in that state.
 *
 * @module
 */
import { icon } from "jinke/toast.js";
import { sizeInWords } from "jinke/filedrop.js";

const ACTS = {
  preparing: ["remove"],
  uploading: ["pause", "remove"],
  paused: ["resume", "remove"],
  line: ["pause", "remove"],
  checking: [],
  ready: ["show"],
  failed: ["retry", "remove"],
  refused: ["remove"],
  interrupted: ["choose", "remove"],
};
const ICONS = { checking: "clock", ready: "success", failed: "error", refused: "error", line: "warning", interrupted: "info" };
const MEASURE_MS = 8000;

export class UploadRow {
  /** @param {HTMLFormElement} form @param {Record<string, string>} words @param {string} name @param {number} size */
  constructor(form, words, name, size) {
    const template = /** @type {HTMLTemplateElement} */ (form.querySelector("[data-upload-row]"));
    const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    this.element = /** @type {HTMLElement} */ (fragment.firstElementChild);
    this.rows = /** @type {HTMLElement} */ (form.querySelector("[data-upload-rows]"));
    this.words = words;
    this.name = name;
    this.percent = 0;
    /** @type {{at: number, sent: number}[]} */
    this.measured = [];
    this.part("name").textContent = name;
    this.part("size").textContent = sizeInWords(size);
    this.bar = /** @type {HTMLProgressElement} */ (this.part("bar"));
    this.bar.setAttribute("aria-label", name);
    for (const button of this.element.querySelectorAll("[data-act]")) {
      const label = button.textContent?.trim() ?? "";
      button.setAttribute("aria-label", `${label}: ${name}`);
    }
    this.rows.append(this.element);
    this.rows.hidden = false;
  }

  /** @param {string} name @returns {HTMLElement} */
  part(name) {
    return /** @type {HTMLElement} */ (this.element.querySelector(`[data-part=${name}]`));
  }

  /** @param {string} act @param {() => void} listener */
  on(act, listener) {
    this.element.querySelector(`[data-act=${act}]`)?.addEventListener("click", listener);
  }

  /** @param {string} key @param {Record<string, string>} values */
  say(key, values) {
    return (this.words[key] ?? key).replace(/\{(\w+)\}/g, (_whole, name) => values[name] ?? "");
  }

  preparing() {
    this.measured = [];
    this.show("preparing", this.say("preparing", {}));
  }

  /** @param {number} sent @param {number} all bytes */
  uploading(sent, all) {
    this.percent = all ? (sent / all) * 100 : 0;
    const now = performance.now();
    this.measured = [...this.measured.filter((each) => now - each.at < MEASURE_MS), { at: now, sent }];
    const first = this.measured[0];
    const speed = (sent - first.sent) / Math.max(1, now - first.at);
    const isKnown = now - first.at > 2000 && speed > 0;
    const time = isKnown ? timeInWords((all - sent) / speed) : "";
    this.show("uploading", this.say(isKnown ? "left" : "uploading", { percent: this.inPercent(), time }));
  }

  paused() {
    this.show("paused", this.say("paused", { percent: this.inPercent() }));
  }

  /** @param {string} sentence what the server said, if it said something */
  waitingForLine(sentence) {
    this.show("line", sentence || this.say("line", { percent: this.inPercent() }));
  }

  checking() {
    this.percent = 100;
    this.show("checking", this.say("checking", {}));
  }

  /** @param {string} sentence */
  ready(sentence) {
    this.show("ready", sentence);
  }

  /** @param {string} sentence @param {boolean} again whether trying again may help */
  failed(sentence, again) {
    this.show(again ? "failed" : "refused", sentence);
  }

  interrupted() {
    this.element.dataset.interrupted = this.name;
    this.show("interrupted", this.say("interrupted", {}));
  }

  remove() {
    this.element.remove();
    this.rows.hidden = this.rows.childElementCount === 0;
  }

  /** @param {keyof typeof ACTS} state @param {string} words */
  show(state, words) {
    const isNew = this.state !== state;
    this.state = state;
    this.element.dataset.state = state;
    this.bar.value = this.percent;
    this.bar.hidden = ["ready", "refused", "interrupted"].includes(state);
    this.part("words").textContent = words;
    if (!isNew) return;
    // Read out once per state: a percentage every second would drown everything else.
    this.part("said").textContent = `${this.name}: ${words}`;
    const name = /** @type {Record<string, string>} */ (ICONS)[state];
    this.part("icon").replaceChildren(...(name ? [icon(name)] : []));
    const focused = this.element.contains(document.activeElement);
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("[data-act]"))) {
      button.hidden = !ACTS[state].includes(button.dataset.act ?? "");
    }
    if (focused) /** @type {HTMLElement | null} */ (this.element.querySelector("[data-act]:not([hidden])"))?.focus();
  }

  inPercent() {
    const format = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
    return format.format(Math.floor(this.percent) / 100);
  }
}

/** @param {number} milliseconds */
function timeInWords(milliseconds) {
  const minutes = milliseconds / 60_000;
  const [value, unit] = minutes < 1 ? [Math.max(5, Math.ceil(minutes * 12) * 5), "second"] : minutes < 90 ? [Math.round(minutes), "minute"] : [Math.round(minutes / 60), "hour"];
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: String(unit), unitDisplay: "long" }).format(Number(value));
}
