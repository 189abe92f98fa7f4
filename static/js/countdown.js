// Counts down to a moment; told aloud at each minute then at 30 and 10 seconds, and at the end.
import { announce } from "./announce.js";

export function words(seconds) {
  const minutes = Math.floor(seconds / 60), rest = seconds % 60;
  if (!minutes) return `${rest} seconde${rest > 1 ? "s" : ""}`;
  return `${minutes} minute${minutes > 1 ? "s" : ""}${rest ? ` ${String(rest).padStart(2, "0")}` : ""}`;
}

export default function bind(note) {
  const text = note.querySelector("[data-portal-countdown-text]");
  const [label, time] = text.children;
  const end = Date.now() + Number(note.dataset.portalCountdown) * 1000; // the clock decides: timers sleep in hidden tabs
  // Without JavaScript the button answers by itself how long there is to wait.
  const held = document.getElementById(note.dataset.enables ?? "");
  const hold = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  if (held) {
    held.setAttribute("aria-disabled", "true");
    held.addEventListener("click", hold);
  }
  let last = -1;
  const finish = () => {
    text.textContent = note.dataset.done;
    announce(note.dataset.done);
    held?.removeAttribute("aria-disabled");
    held?.removeEventListener("click", hold);
    if (held) held.disabled = false;
  };
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left === 0) return finish();
    if (left !== last) {
      time.textContent = words(left);
      if (last !== -1 && (left % 60 === 0 || left === 30 || left === 10)) announce(`${label.textContent} ${words(left)}`);
      last = left;
    }
    setTimeout(tick, 250);
  };
  tick();
}
