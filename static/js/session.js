// Warns before an idle session closes and offers to stay. Several tabs tell each other when one is extended.
import { announce } from "./announce.js";
import { words } from "./countdown.js";
import { holdsTyped, keep, restore } from "./draft.js";

export default function bind(dialog) {
  const form = dialog.querySelector("form");
  const left = dialog.querySelector("[data-portal-session-left]");
  const { person = "", warn } = dialog.dataset;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("portail-session") : null;
  let end = Date.now() + Number(dialog.dataset.seconds) * 1000;
  let told = Infinity, isOver = false;

  const restart = (seconds, tell = true) => {
    if (isOver) return;
    end = Date.now() + seconds * 1000;
    told = Infinity;
    dialog.close();
    if (tell) channel?.postMessage(seconds);
  };
  const extend = async () => {
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      if (answer.redirected && new URL(answer.url).pathname.startsWith("/connexion/")) return close();
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      restart((await answer.json()).seconds_left);
    } catch {
      left.textContent = "quelques instants (le portail ne répond pas : recommencez)";
    } finally {
      delete form.dataset.sending;
    }
  };
  // The page stays under the message: what is written in it can be read, copied, or put back after signing in again.
  const close = () => {
    isOver = true;
    const isKept = person && holdsTyped();
    dialog.querySelector("h2").textContent = "Votre session est fermée";
    dialog.querySelector("#session-texte").textContent = isKept
      ? "Reconnectez-vous : ce que vous avez écrit sera remis dans cette page. Les mots de passe et les fichiers seront à redonner."
      : "Pour garder ce que vous avez écrit, fermez ce message et copiez-le, puis reconnectez-vous.";
    form.querySelector("button").hidden = true;
    announce("Votre session est fermée.");
    const again = Object.assign(document.createElement("a"), { className: "button", href: `/connexion/?suivant=${encodeURIComponent(location.pathname + location.search)}`, textContent: "Me reconnecter" });
    again.addEventListener("click", () => { if (isKept) keep(person); });
    const hide = Object.assign(document.createElement("button"), { className: "button button-quiet", type: "button", textContent: "Fermer ce message" });
    hide.addEventListener("click", () => dialog.close());
    form.querySelector(".actions").append(again, hide);
    if (!dialog.open) dialog.showModal();
    again.focus();
  };
  const tick = () => {
    if (isOver) return;
    const seconds = Math.ceil((end - Date.now()) / 1000);
    if (seconds <= 0) return close();
    if (seconds <= Number(warn)) {
      left.textContent = words(seconds);
      if (!dialog.open) dialog.showModal();
      const step = Math.ceil(seconds / 30);
      if (step < told) { told = step; dialog.querySelector("[role=status]").textContent = `Fin de session dans ${words(seconds)}`; }
    }
    setTimeout(tick, 1000);
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); extend(); });
  dialog.addEventListener("cancel", (event) => { if (!isOver) { event.preventDefault(); extend(); } }); // Escape means « I am here »
  channel?.addEventListener("message", (event) => restart(event.data, false));
  channel?.postMessage(Number(dialog.dataset.seconds)); // opening this page was a sign of life for the other tabs
  restore(person);
  tick();
}
