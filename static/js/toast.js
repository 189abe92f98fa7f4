// A short note at the bottom of the page, with an « undo » when the server offers one. It stays until closed when it can be undone.
const LIFE = 8000;

function area() {
  return document.querySelector(".toasts") ?? document.body.appendChild(Object.assign(document.createElement("div"), { className: "toasts" }));
}

export function toast({ text, tone = "positive", undo }) {
  const model = document.getElementById("modele-note");
  const note = model.content.firstElementChild.cloneNode(true);
  note.classList.add(`tone-${tone}`);
  note.querySelector("p").textContent = text;
  const form = note.querySelector("form");
  if (undo) {
    area().querySelectorAll(".toast:has(form)").forEach((older) => older.remove()); // one thing at a time can be undone
    form.action = undo.url;
    const token = document.querySelector("input[name=csrfmiddlewaretoken]");
    if (token) form.append(token.cloneNode());
    for (const [name, value] of Object.entries(undo.fields ?? {})) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    if (undo.target && window.htmx) { // the part of the page it changes comes back alone
      for (const [name, value] of [["post", undo.url], ["target", undo.target], ["swap", "outerHTML"]]) form.setAttribute(`hx-${name}`, value);
      window.htmx.process(note);
      form.addEventListener("htmx:afterRequest", () => note.remove());
    }
    form.querySelector("button").textContent = undo.label ?? "Annuler";
  } else form.remove();
  area().append(note);
  if (undo) return;
  let timer = setTimeout(() => note.remove(), LIFE);
  note.addEventListener("mouseenter", () => clearTimeout(timer));
  note.addEventListener("mouseleave", () => { timer = setTimeout(() => note.remove(), LIFE); });
}
