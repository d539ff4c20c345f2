/**
 * Texts in Markdown: a button shows what readers will see, another press goes on writing.
 *
 * @module
 */
import { csrfToken } from "jinke/api.js";

for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-markdown]"))) enhance(box);

/** @param {HTMLElement} box */
function enhance(box) {
  const text = box.querySelector("textarea");
  const toggle = /** @type {HTMLElement | null} */ (box.querySelector("[data-markdown-toggle]"));
  const preview = /** @type {HTMLElement | null} */ (box.querySelector("[data-markdown-preview]"));
  if (!text || !toggle || !preview) return;
  toggle.addEventListener("click", async () => {
    const showing = toggle.getAttribute("aria-pressed") === "true";
    toggle.setAttribute("aria-pressed", String(!showing));
    preview.hidden = showing;
    if (showing) text.focus();
    else await render(text.value, preview, box);
  });
}

/** @param {string} text @param {HTMLElement} preview @param {HTMLElement} box */
async function render(text, preview, box) {
  const body = new URLSearchParams({ text, csrf_token: csrfToken() });
  const answer = await fetch(box.dataset.previewUrl ?? "", { method: "POST", body, headers: { Accept: "application/json" } });
  const said = await answer.json();
  // The server's sanitised HTML; a refusal is a sentence and stays text.
  if (answer.ok && said.html) preview.innerHTML = said.html;
  else preview.textContent = answer.ok ? (box.dataset.wordsEmpty ?? "") : said.detail;
}
