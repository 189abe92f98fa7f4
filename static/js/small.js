// Behaviours of a few lines: closing menus, dismissing messages, focus on arrival, printing, lists that submit themselves.
export default function bind(element) {
  const data = element.dataset;
  if ("portalMenu" in data) menu(element);
  if ("portalFocus" in data) element.focus();
  if ("portalDismiss" in data) dismiss(element, data.portalDismiss);
  if ("portalPrint" in data) {
    element.hidden = false;
    element.addEventListener("click", () => window.print());
  }
  if ("portalAutosubmit" in data) submitAtOnce(element);
}

// A choice made while the scripts were still on their way counts too: its change event is past. One that the browser brought
// back (reload, back) is not a choice: to follow it would close the way back.
function submitAtOnce(field) {
  const { form } = field;
  field.addEventListener("change", () => form.requestSubmit());
  const changed = [...form.elements].some((each) => each.checked && !each.defaultChecked);
  if (changed && performance.getEntriesByType("navigation")[0]?.type !== "navigate") return;
  form.querySelectorAll("[data-portal-nojs]").forEach((button) => { button.hidden = true; });
  if (changed && field.checked) form.requestSubmit();
}

// A named message (an announcement) stays closed on the next pages of this tab: its name alone is kept, never its text.
function dismiss(button, name) {
  const message = button.closest(".banner");
  if (name && sessionStorage.getItem(name)) return message.remove();
  button.hidden = false;
  button.addEventListener("click", () => {
    if (name) sessionStorage.setItem(name, "1");
    message.remove();
    document.getElementById("contenu")?.focus();
  });
}

function menu(details) {
  const close = () => { details.open = false; };
  document.addEventListener("click", (event) => { if (!details.contains(event.target)) close(); });
  details.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !details.contains(event.relatedTarget)) close();
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    close();
    details.querySelector("summary").focus();
  });
}
