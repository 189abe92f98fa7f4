// What was being written when the session closed: kept in this tab only, for that person and that page, and put back once
// after they signed in again. Never a password, a code, a file or a hidden field; nothing at all on a shared desk.
const KEY = "portail-brouillon";
const LIFE = 12 * 3600 * 1000;
const NEVER = ["password", "hidden", "file", "submit", "button", "image", "reset"];

const fields = () => [...document.querySelectorAll("main form[method=post] :is(input, textarea, select)")].filter(
  (field) => field.name && !NEVER.includes(field.type) && field.autocomplete !== "one-time-code" && !("portalAutosubmit" in field.dataset));
const isChoice = (field) => field.type === "checkbox" || field.type === "radio";
const ticked = (field) => (field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value);

function isTouched(field) {
  if (isChoice(field)) return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((option, i) => option.selected !== (option.defaultSelected || (!field.multiple && i === 0 && ![...field.options].some((o) => o.defaultSelected))));
  return field.value !== field.defaultValue;
}

export const holdsTyped = () => fields().some(isTouched);

export function keep(person) {
  const typed = fields().map((field, place) => ({ field, place })).filter(({ field }) => isTouched(field))
    .map(({ field, place }) => [place, field.name, isChoice(field) ? field.checked : ticked(field)]);
  sessionStorage.setItem(KEY, JSON.stringify({ person, page: location.pathname + location.search, at: Date.now(), typed }));
  document.querySelectorAll("[data-portal-unsaved]").forEach((form) => form.removeAttribute("data-portal-unsaved"));
}

export function restore(person) {
  const text = sessionStorage.getItem(KEY);
  if (!text) return;
  const kept = JSON.parse(text);
  const isMine = person && kept.person === person && Date.now() - kept.at < LIFE;
  if (isMine && kept.page !== location.pathname + location.search) return; // on the way back to it
  sessionStorage.removeItem(KEY);
  if (!isMine) return;
  const here = fields();
  for (const [place, name, value] of kept.typed) {
    const field = here[place];
    if (field?.name !== name) continue;
    if (isChoice(field)) field.checked = value;
    else if (field.multiple) [...field.options].forEach((option) => { option.selected = value.includes(option.value); });
    else field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const detail = { text: "Ce que vous aviez écrit avant la fin de votre session est remis dans la page : vérifiez-le, puis enregistrez.", tone: "info" };
  document.dispatchEvent(new CustomEvent("portal:toast", { detail }));
}
