// Opens the sign-in form in a dialog. The link works by itself: any trouble simply follows it.
let dialog;

async function fill(link) {
  const answer = await fetch(link.href, { headers: { "HX-Request": "true", "X-Portal-Modal": "1" } });
  if (!answer.ok || answer.redirected) throw new Error("no form");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.querySelector("[data-portal-login-form]") ?? (page.querySelector("header.header") ? null : page.body);
  if (!form?.querySelector("form")) throw new Error("no form");
  const body = dialog.querySelector("[data-portal-login-body]");
  body.replaceChildren(...(form === page.body ? form.childNodes : [form]));
  window.htmx?.process(body);
}

async function open(link) {
  dialog ??= document.getElementById("connexion-fenetre");
  if (!dialog.dataset.ready) {
    await fill(link);
    dialog.dataset.ready = "1";
  }
  dialog.showModal();
  (dialog.querySelector("[autofocus]") ?? dialog.querySelector("input:not([type=hidden])"))?.focus();
}

export default function bind(link) {
  if (!window.HTMLDialogElement || !document.getElementById("connexion-fenetre")) return;
  link.setAttribute("aria-haspopup", "dialog");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    link.setAttribute("aria-busy", "true");
    open(link).catch(() => location.assign(link.href)).finally(() => link.removeAttribute("aria-busy"));
  });
}
