// A place to drop files around the browser's own field, which keeps working by itself.
import { announce } from "./announce.js";

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} ko` : `${(bytes / 1e6).toFixed(1).replace(".", ",")} Mo`);

export default function bind(zone) {
  const input = zone.querySelector("input[type=file]");
  const list = zone.querySelector(".drop-list");
  const limit = Number(input.dataset.maxBytes ?? Infinity);
  zone.classList.add("ready");
  const show = () => {
    list.replaceChildren(...[...input.files].map((file) => {
      const line = document.createElement("li");
      const heavy = file.size > limit;
      line.textContent = `${file.name} (${size(file.size)})${heavy ? ` : trop lourd, ${size(limit)} au plus` : ""}`;
      line.classList.toggle("too-heavy", heavy);
      return line;
    }));
    const heavy = [...input.files].some((file) => file.size > limit);
    input.setCustomValidity(heavy ? `Choisissez un fichier de ${size(limit)} au plus.` : "");
  };
  const over = (event, inside) => { event.preventDefault(); zone.classList.toggle("over", inside); };
  zone.addEventListener("dragover", (event) => over(event, true));
  zone.addEventListener("dragleave", (event) => over(event, false));
  zone.addEventListener("drop", (event) => {
    over(event, false);
    const files = [...event.dataTransfer.files];
    if (!files.length) return;
    if (files.length > 1 && !input.multiple) return announce("Un seul fichier à la fois.");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", show);
}
