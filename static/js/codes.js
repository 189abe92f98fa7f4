// Draws one real input as boxes. The input keeps the focus, the value, pasting and automatic filling; the boxes are only looks.
export default function bind(frame) {
  const input = frame.querySelector("input");
  const length = Number(input.dataset.portalDigits) || (input.maxLength > 0 ? input.maxLength : 6);
  const numeric = input.inputMode !== "text";
  const boxes = Array.from({ length }, () => Object.assign(document.createElement("span"), { className: "code-box" }));
  const row = Object.assign(document.createElement("div"), { className: "code-boxes" });
  row.setAttribute("aria-hidden", "true");
  row.append(...boxes);
  frame.append(row);
  frame.classList.add("ready");
  input.removeAttribute("maxlength"); // a code pasted with spaces must arrive whole before it is cleaned
  const draw = () => {
    const at = Math.min(input.value.length, length - 1);
    boxes.forEach((box, i) => {
      box.textContent = input.value[i] ?? "";
      box.classList.toggle("active", document.activeElement === input && i === at);
    });
  };
  const clean = () => {
    const kept = input.value.replace(numeric ? /\D/g : /[\s-]/g, "").slice(0, length);
    if (kept !== input.value) input.value = kept;
    input.setSelectionRange(kept.length, kept.length);
    draw();
  };
  input.addEventListener("input", clean);
  for (const name of ["focus", "blur"]) input.addEventListener(name, draw);
  input.addEventListener("click", () => input.setSelectionRange(input.value.length, input.value.length));
  clean();
}
