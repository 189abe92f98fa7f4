// Ticks the rules of a password policy while one types. The rules come from the page; the server checks again.
const CLASSES = { lower: /\p{Ll}/u, upper: /\p{Lu}/u, digit: /\d/ };

export function holds(name, text, special) {
  return name === "special" ? [...text].some((sign) => special.includes(sign)) : CLASSES[name].test(text);
}

function met(rule, text, other) {
  const { rule: kind, minimum, classes, special = "" } = rule.dataset;
  if (kind === "length") return [...text].length >= Number(minimum);
  if (kind === "class") return holds(rule.dataset.class, text, special);
  if (kind === "classes") return classes.split(" ").filter((name) => holds(name, text, special)).length >= Number(minimum);
  return text !== "" && text === other;
}

export default function bind(list) {
  const input = document.getElementById(list.dataset.portalPolicy);
  const confirm = document.getElementById(list.dataset.confirm ?? "");
  const rules = [...list.querySelectorAll("[data-rule]")];
  const status = list.querySelector("[role=status]");
  if (!input) return;
  input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), `${input.id}_politique`].filter(Boolean).join(" "));
  let timer;
  const update = () => {
    for (const rule of rules) {
      const done = met(rule, input.value, confirm?.value);
      rule.classList.toggle("met", done);
      rule.querySelector("[data-portal-state]").textContent = input.value ? (done ? "(respecté) " : "(à respecter) ") : "";
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      const left = rules.filter((rule) => !rule.classList.contains("met")).length;
      status.textContent = input.value ? (left ? `${left} règle${left > 1 ? "s" : ""} à respecter` : "Toutes les règles sont respectées") : "";
    }, 900);
  };
  input.addEventListener("input", update);
  confirm?.addEventListener("input", update);
  update();
}
