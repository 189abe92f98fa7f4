// Leaves what the screen shows at once, in every tab; once the server has locked the session, shows its page.
const PAGE = "/session/verrouillee/", PATIENCE = 4000;
const channel = "BroadcastChannel" in window ? new BroadcastChannel("portail-verrou") : null;

const go = () => location.replace(PAGE);

function cover() {
  // What was typed goes with its form: unsaved.js then lets the page be left.
  document.body.replaceChildren();
  document.title = "Poste verrouillé";
}

export async function lock(form, reason) {
  const body = new FormData(form), { action } = form;
  body.set("raison", reason);
  body.set("next", location.pathname + location.search);
  channel?.postMessage("couvrir");
  cover();
  try {
    await fetch(action, { method: "POST", body, keepalive: true, redirect: "manual" });
  } finally {
    channel?.postMessage("fait");
    go();
  }
}

export default function bind(form) {
  channel?.addEventListener("message", (event) => {
    if (event.data === "fait") return go();
    cover();
    setTimeout(go, PATIENCE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    lock(form, "");
  });
  if ("agent" in form.dataset) import("./card-watch.js").then((module) => module.watch(form, lock));
}
