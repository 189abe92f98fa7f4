// Asks before leaving a page with something typed and not sent. Nothing is kept on the machine.
export default function bind(form) {
  let dirty = false;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", (event) => { if (!event.defaultPrevented) dirty = false; });
  form.addEventListener("reset", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty && form.isConnected && "portalUnsaved" in form.dataset) event.preventDefault(); });
}
