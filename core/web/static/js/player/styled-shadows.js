/**
 * media-chrome writes `<style>` into its shadow roots; a content security policy with nonces lets it only with the
 * page's nonce, so every style gets it. To be imported before media-chrome.
 *
 * @module
 */

const nonce = document.querySelector("script[nonce]")?.nonce ?? "";
const signed = (/** @type {unknown} */ html) => String(html).replaceAll("<style", `<style nonce="${nonce}"`);

const { get, set } = /** @type {{get: any, set: any}} */ (Object.getOwnPropertyDescriptor(ShadowRoot.prototype, "innerHTML"));
Object.defineProperty(ShadowRoot.prototype, "innerHTML", {
  configurable: true,
  enumerable: true,
  get,
  set(html) {
    set.call(this, signed(html));
  },
});

const prototype = /** @type {any} */ (ShadowRoot.prototype);
const { setHTMLUnsafe } = prototype;
if (setHTMLUnsafe) {
  prototype.setHTMLUnsafe = function write(/** @type {unknown} */ html, /** @type {unknown} */ options) {
    setHTMLUnsafe.call(this, signed(html), options);
  };
}
