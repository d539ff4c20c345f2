// A button with data-copy="id" puts the value of that field on the clipboard and says so.

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.lastChild.textContent = button.dataset.copied;
    } catch {
      // No permission, or no TLS: the text is selected, so the keyboard's own copy works.
    }
  });
}
