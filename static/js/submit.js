// A second press on a submit button sends nothing more: the button shows it is at work until the answer comes.
// A form opts out with data-portal-multiple (downloads).
const RELEASE_AFTER = 15000;

export default function bind(form) {
  if ("portalMultiple" in form.dataset || form.method === "dialog" || form.target) return;
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) return event.preventDefault();
    if (event.defaultPrevented || form.method === "get") return;
    form.dataset.sending = "1";
    const button = event.submitter;
    button?.setAttribute("aria-busy", "true");
    const release = () => {
      delete form.dataset.sending;
      button?.removeAttribute("aria-busy");
    };
    form.addEventListener("htmx:afterRequest", release, { once: true });
    window.addEventListener("pageshow", release, { once: true });
    setTimeout(release, RELEASE_AFTER);
  });
}
