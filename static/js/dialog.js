// Buttons that open a dialog (data-portal-dialog="id"); closing by button, Escape or a press outside gives the focus back.
export default function bind(element) {
  if (element.matches("dialog")) {
    element.querySelectorAll("[data-portal-close]").forEach((button) => {
      button.addEventListener("click", () => element.close());
    });
    element.addEventListener("mousedown", (event) => { if (event.target === element) element.close(); });
    return;
  }
  const dialog = document.getElementById(element.dataset.portalDialog);
  if (!dialog?.showModal) return;
  element.setAttribute("aria-haspopup", "dialog");
  element.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
    dialog.addEventListener("close", () => element.focus(), { once: true });
  });
}
