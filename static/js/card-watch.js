// The card that opened this session must stay in the reader: out, the session is locked within two seconds.
// One tab watches for all. The agent answers when something changes, so that a tab in the background hears it too.

const PAUSE = 800, PATIENCE = 5000;
const UNSURE = new Set(["busy", "technical", "module_absent"]);
const NUMBER = /\d{8,}/;

export function watch(form, lock) {
  const { agent, card } = form.dataset;
  let seen = "", wasThere = false, since = 0;

  // A label without any number names no card: its presence is all that can be known.
  const isOurs = (label) => !card || label.includes(card) || !NUMBER.test(label);
  const ask = async () => {
    const answer = await fetch(`${agent}/etat?connu=${encodeURIComponent(seen)}`, { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
    const found = await answer.json();
    seen = found.empreinte ?? "";
    if (found.cartes.some((one) => isOurs(one.etiquette))) return "there";
    return UNSURE.has(found.erreur) ? "unsure" : "gone";
  };

  // Where no agent answers, nothing is watched; an agent that falls silent is doubted, then believed gone.
  const step = async () => {
    const state = await ask().catch(() => "unsure");
    if (state === "there") [wasThere, since] = [true, 0];
    if (state === "unsure" && wasThere) since ||= Date.now();
    return state === "gone" || (since && Date.now() - since > PATIENCE);
  };
  const run = async () => {
    while (true) {
      const began = Date.now();
      if (await step()) return lock(form, "carte");
      const rest = PAUSE - (Date.now() - began);
      if (rest > 0) await new Promise((resume) => setTimeout(resume, rest));
    }
  };
  navigator.locks ? navigator.locks.request("portail-carte", run) : run();
}
