/**
 * A PDF on the page: each page is drawn when it comes near the window, with its words over the picture, so that they can
 * be selected, searched and read aloud.
 *
 * @module
 */
import { say } from "jinke/player/terms.js";

const LIBRARY = "/static/vendor/pdfjs-dist";
const NEAR = "1000px 0px";
const SHARPEST = 2;

/** Shows the document of the page, if it has one. */
export async function showDocument() {
  const root = /** @type {HTMLElement | null} */ (document.getElementById("document"));
  if (!root?.dataset.src) return;
  try {
    const pdfjs = await import("vendor/pdfjs-dist/legacy/build/pdf.min.mjs");
    pdfjs.GlobalWorkerOptions.workerSrc = `${LIBRARY}/legacy/build/pdf.worker.min.mjs`;
    const pdf = await pdfjs.getDocument({
      url: root.dataset.src,
      cMapUrl: `${LIBRARY}/cmaps/`,
      standardFontDataUrl: `${LIBRARY}/standard_fonts/`,
      iccUrl: `${LIBRARY}/iccs/`,
      // WebAssembly is not allowed by the site's policy; the slower decoders do the same.
      wasmUrl: `${LIBRARY}/wasm/`,
      useWasm: false,
      enableXfa: false,
    }).promise;
    await layOut(root, pdfjs, pdf);
  } catch {
    root.textContent = say("pdf_failed");
    root.classList.add("document--failed");
  }
}

/** @param {HTMLElement} root @param {any} pdfjs @param {any} pdf */
async function layOut(root, pdfjs, pdf) {
  const first = (await pdf.getPage(1)).getViewport({ scale: 1 });
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        void draw(/** @type {HTMLElement} */ (target), pdfjs, pdf);
      }
    },
    { rootMargin: NEAR },
  );
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const sheet = document.createElement("section");
    sheet.className = "document__page";
    sheet.dataset.page = String(number);
    sheet.setAttribute("aria-label", say("page_of", { page: number, pages: pdf.numPages }));
    sheet.style.aspectRatio = `${first.width} / ${first.height}`;
    root.append(sheet);
    near.observe(sheet);
  }
}

/** @param {HTMLElement} sheet @param {any} pdfjs @param {any} pdf */
async function draw(sheet, pdfjs, pdf) {
  const page = await pdf.getPage(Number(sheet.dataset.page));
  const whole = page.getViewport({ scale: 1 });
  sheet.style.aspectRatio = `${whole.width} / ${whole.height}`;
  const scale = sheet.clientWidth / whole.width;
  const viewport = page.getViewport({ scale: scale * Math.min(SHARPEST, devicePixelRatio || 1) });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.floor(viewport.width), Math.floor(viewport.height)];
  canvas.setAttribute("aria-hidden", "true");
  const words = document.createElement("div");
  words.className = "document__words";
  words.style.setProperty("--total-scale-factor", String(scale));
  sheet.append(canvas, words);
  await page.render({ canvas, viewport }).promise;
  await new pdfjs.TextLayer({ textContentSource: page.streamTextContent(), container: words, viewport: page.getViewport({ scale }) }).render();
}
