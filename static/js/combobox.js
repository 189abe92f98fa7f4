// A text field that suggests (ARIA 1.2 combobox with a listbox). Suggestions are <li role="option"> sent by the server.
// On the input: data-url, data-minimum, data-value-field (id that keeps the chosen value), data-write (which fact of the option is
// written in the field), data-fill ("fact=field fact=field": fields of the same form filled from the option), data-forget (field
// emptied when the text is changed by hand), data-unless (box that switches the suggestions off), data-context (field sent along: its name, or "parameter=field"),
// data-empty (what to say when nothing is found). The field stays an ordinary text field whatever happens.
const PAUSE = 180;
const SLOW = 700;
const TOO_SLOW = 8000;
const SEARCHING = "Recherche…";
const FAILED = "Les suggestions ne répondent pas : continuez, votre saisie sera vérifiée à l’envoi.";
const count = (number) => (number > 1 ? `${number} suggestions` : "1 suggestion");

export default function bind(frame) {
  const input = frame.querySelector("input:not([type=hidden])");
  const { url, valueField, minimum = "2", write, fill = "", forget, unless, context, empty = "Aucune suggestion." } = input.dataset;
  const store = valueField ? document.getElementById(valueField) : null;
  const fields = input.form?.elements ?? {};
  const [parameter, source = parameter] = (context ?? "").split("=");
  const pairs = fill.split(" ").filter(Boolean).map((pair) => pair.split("="));
  const list = Object.assign(document.createElement("ul"), { id: `${input.id}_liste`, className: "options", hidden: true });
  const status = Object.assign(document.createElement("p"), { className: "combobox-note" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  status.setAttribute("role", "status");
  frame.append(list);
  frame.after(status);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, autocomplete: "off" })) input.setAttribute(name, value);
  let at = -1, timer, slow, request, told = 0;

  const options = () => [...list.querySelectorAll("[role=option]")];
  // What a screen reader only needs (how many) is not written for the others, who see the list.
  const say = (text, { visible = true } = {}) => {
    status.classList.toggle("sr-only", !visible);
    status.textContent = text;
  };
  const open = (shown) => {
    list.hidden = !shown;
    input.setAttribute("aria-expanded", String(shown));
    if (!shown) mark(-1);
  };
  const mark = (index) => {
    at = index;
    options().forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    const chosen = options()[index];
    chosen ? input.setAttribute("aria-activedescendant", chosen.id) : input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  };
  const stop = () => {
    clearTimeout(timer);
    clearTimeout(slow);
    request?.abort();
    input.removeAttribute("aria-busy");
    if (status.textContent === SEARCHING) say("");
  };
  const set = (field, value) => {
    if (!field || field.value === value) return false;
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };
  // Answers the label of the field when it was given another text. A fact the option lacks leaves the field as it is.
  const fillOne = (field, value) => {
    if (!field || field === input || value === undefined || !set(field, value) || !value) return "";
    return field.labels?.[0]?.firstChild.textContent.trim() ?? "";
  };
  const choose = (option) => {
    stop();
    input.value = write ? fact(option, write) || input.value : option.dataset.label ?? option.textContent.trim();
    if (store) store.value = option.dataset.value ?? "";
    const filled = pairs.map(([name, target]) => fillOne(fields[target], fact(option, name))).filter(Boolean);
    open(false);
    list.replaceChildren();
    say(filled.length ? `Rempli : ${filled.join(", ")}. Vérifiez.` : "");
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const fact = (option, name) => option.getAttribute(`data-${name}`) ?? undefined;
  const search = async () => {
    request?.abort();
    const mine = (request = new AbortController());
    const target = new URL(url, location.href);
    target.searchParams.set("q", input.value.trim());
    if (context && fields[source]?.value) target.searchParams.set(parameter, fields[source].value);
    clearTimeout(slow);
    slow = setTimeout(() => say(SEARCHING), SLOW);
    const limit = setTimeout(() => mine.abort("slow"), TOO_SLOW);
    input.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(target, { signal: mine.signal, headers: { "HX-Request": "true" } });
      if (answer.status === 429) return late(`Trop de recherches à la fois : réessayez dans ${Number(answer.headers.get("Retry-After")) || 60} secondes, ou continuez.`);
      if (!answer.ok) return late(FAILED);
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      if (mine === request && (!mine.signal.aborted || mine.signal.reason === "slow")) late(FAILED);
    } finally {
      clearTimeout(limit);
      if (mine === request) { clearTimeout(slow); input.removeAttribute("aria-busy"); }
    }
  };
  const late = (sentence) => { open(false); list.replaceChildren(); say(sentence); };
  const show = (page) => {
    list.replaceChildren(...page.querySelectorAll("[role=option]"));
    options().forEach((option, i) => { option.id = `${list.id}_${i}`; });
    mark(-1);
    const number = options().length;
    open(number > 0 && document.activeElement === input);
    if (!number) return say(empty);
    // The same count twice in a row is read again only if the text changes.
    told = 1 - told;
    say(`${count(number)}, flèches pour parcourir${told ? "." : ""}`, { visible: false });
  };
  input.addEventListener("input", () => {
    stop();
    if (store) store.value = "";
    if (forget && fields[forget]) set(fields[forget], "");
    if (input.value.trim().length < Number(minimum) || (unless && fields[unless]?.checked)) { list.replaceChildren(); say(""); return open(false); }
    timer = setTimeout(search, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const number = options().length;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move && number) {
      event.preventDefault();
      open(true);
      if (!event.altKey) mark((Math.max(at, move < 0 ? 0 : -1) + move + number) % number);
    } else if (event.key === "Enter" && !list.hidden && at >= 0) {
      event.preventDefault();
      choose(options()[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      open(false);
    } else if (event.key === "Tab") open(false);
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => { const option = event.target.closest("[role=option]"); if (option) choose(option); });
  input.addEventListener("blur", () => { stop(); open(false); });
}
