// « Je ne suis pas un robot »: the browser works a second on a sum the server set (ALTCHA's first format), by itself at the
// first touch of the form or when the box is ticked. The box is a real one: without JavaScript the server has its own way.
const MESSAGES = {
  idle: "Cochez la case pour vérifier",
  working: "Vérification en cours",
  done: "Vérification réussie",
  failed: "La vérification n’a pas abouti : cochez la case pour recommencer",
  expired: "La vérification a expiré : cochez la case pour recommencer",
};

export default function bind(frame) {
  const field = frame.querySelector("[data-portal-robot-solution]");
  const box = frame.querySelector("[data-portal-robot-box]");
  const status = frame.querySelector("[data-portal-robot-state]");
  const bar = frame.querySelector("progress");
  const form = frame.closest("form");
  const hasImage = Boolean(frame.querySelector("img")); // people who can read the picture need no sum
  let state = "idle", worker, waiting;

  const show = (next) => {
    state = next;
    frame.dataset.state = next;
    if (status) status.textContent = MESSAGES[next];
    if (bar) bar.hidden = next !== "working";
    box.checked = next === "done" || next === "working";
    if (next !== "done") field.value = "";
  };
  const fail = () => {
    worker?.terminate();
    waiting = undefined;
    show("failed");
  };
  const watchExpiry = (salt) => {
    const until = Number(new URLSearchParams(salt.split("?")[1] ?? "").get("expires"));
    if (until) setTimeout(() => show("expired"), Math.min(2 ** 31 - 1, Math.max(0, until * 1000 - Date.now())));
  };
  const solve = ({ algorithm, challenge, salt, signature, maxnumber, maxNumber }) => {
    const started = Date.now();
    worker = new Worker(frame.dataset.worker ?? new URL("./robot-worker.js", import.meta.url));
    worker.onerror = fail;
    worker.onmessage = ({ data }) => {
      if (data.progress !== undefined) {
        if (bar) bar.value = data.progress;
        return;
      }
      worker.terminate();
      if (data.number === undefined) return fail();
      show("done");
      field.value = btoa(JSON.stringify({ algorithm, challenge, number: data.number, salt, signature, took: Date.now() - started }));
      watchExpiry(salt);
      if (waiting) form.requestSubmit(waiting === true ? undefined : waiting);
    };
    worker.postMessage({ challenge, salt, algorithm, maximum: maxnumber ?? maxNumber ?? 1e6 });
  };
  const start = async () => {
    if (state === "working" || state === "done") return;
    show("working");
    bar?.removeAttribute("value");
    try {
      const answer = await fetch(frame.dataset.url, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      solve(await answer.json());
    } catch { fail(); }
  };
  frame.hidden = false;
  if (!hasImage && status) status.textContent = MESSAGES.idle;
  box.addEventListener("change", () => {
    if (box.checked) start();
    else if (state === "working") box.checked = true;
    else if (state === "done") show("idle");
  });
  if (!hasImage) {
    const begin = (event) => { if (!frame.contains(event.target)) start(); };
    form.addEventListener("focusin", begin, { once: true });
    if (form.contains(document.activeElement) && !frame.contains(document.activeElement)) start();
  }
  // Pressed « send » while the sum is being worked out: the form leaves by itself as soon as it is done.
  form.addEventListener("submit", (event) => {
    if (state !== "working") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    waiting = event.submitter ?? true;
  }, true);
  // A page brought back by the « back » button must not send the same answer twice.
  window.addEventListener("pageshow", (event) => { if (event.persisted) show("expired"); });
}
