// Copies a text; says so on the button and aloud.
import { announce } from "./announce.js";

async function put(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "sr-only" });
  document.body.append(area);
  area.select();
  document.execCommand("copy"); // plain http addresses have no clipboard interface
  area.remove();
}

export default function bind(button) {
  const label = button.querySelector("span");
  const before = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await put(button.dataset.portalCopy);
    label.textContent = "Copié";
    announce("Copié");
    setTimeout(() => { label.textContent = before; }, 2500);
  });
}
