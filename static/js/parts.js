// Tells beside each part of a long form whether what it requires is filled. The server alone judges what is right.
function isFilled(field) {
  if (field.type === "radio") return [...field.form.elements].some((other) => other.name === field.name && other.checked);
  return field.type === "checkbox" ? field.checked : field.value.trim() !== "";
}

export default function bind(list) {
  const parts = [...list.querySelectorAll("a[href^='#']")].map((link) => ({ link, part: document.querySelector(link.hash) })).filter(({ part }) => part);
  // What the server refused stays to be corrected until it is touched.
  const refused = new Set(parts.flatMap(({ part }) => [...part.querySelectorAll("[aria-invalid=true]")].map((field) => field.name)));
  const update = (event) => {
    refused.delete(event?.target.name);
    for (const { link, part } of parts) {
      const required = [...part.querySelectorAll("input, select, textarea")].filter((field) => field.required || field.ariaRequired === "true");
      const isRefused = [...part.querySelectorAll("input, select, textarea")].some((field) => refused.has(field.name));
      const filled = !isRefused && required.every(isFilled) && [...part.querySelectorAll("input:not([type=hidden]), select, textarea")].some(isFilled);
      link.classList.toggle("filled", filled);
      link.querySelector("[data-portal-state]").textContent = isRefused ? "(à corriger)" : filled ? "(rempli)" : "";
    }
  };
  const form = parts[0]?.part.closest("form");
  form?.addEventListener("input", update);
  form?.addEventListener("change", update);
  update();
}
