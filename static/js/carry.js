// « Mot de passe oublié ? » takes along what was typed in a field of its form: by POST, so that no address shows in the bar.
// Without JavaScript it is a plain link. Usage: <a data-portal-carry="name-of-the-field" href="…"> inside the form.
export default function bind(link) {
  const form = link.closest("form");
  link.addEventListener("click", (event) => {
    const typed = form?.elements[link.dataset.portalCarry]?.value.trim();
    if (!typed || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const carrier = Object.assign(document.createElement("form"), { method: "post", action: link.href, hidden: true });
    const values = { reprise: "1", identifiant: typed, csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value };
    for (const [name, value] of Object.entries(values)) {
      carrier.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(carrier);
    carrier.submit();
  });
}
