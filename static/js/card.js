// Sign-in with a card: asks the agent of this desk for the card and its signature, then sends the answer as a plain form.
// The code of the card is typed in the agent's own window; nothing here ever sees it.
const LOOK_EVERY = 3000, ANSWER_EVERY = 700;
const MESSAGES = {
  absent: "L’agent de carte ne répond pas sur ce poste, ou n’autorise pas ce portail.",
  old: "L’agent de carte de ce poste est trop ancien pour ce portail.",
  portal: "Le portail n’a pas répondu. Vérifiez votre connexion, puis recommencez.",
  many: "Trop de demandes depuis votre réseau. Attendez une minute, puis recommencez.",
  expired: "La demande a expiré. Recommencez la connexion.",
};

const STATES = {
  absent: "Agent de carte non détecté sur ce poste.",
  old: "Agent de carte trop ancien.",
  module_absent: "Cryptolib CPS n’est pas installé sur ce poste.",
  no_reader: "Aucun lecteur détecté.",
  no_card: "Aucune carte détectée.",
  two_cards: "Plusieurs cartes détectées.",
  not_cpx: "La carte insérée n’est pas une carte CPS.",
};

class Refused extends Error {
  constructor(code, message) {
    super(message ?? MESSAGES[code]);
    this.code = code;
  }
}

function bind(door) {
  const find = (name) => door.querySelector(`[data-card-${name}]`);
  const agent = door.dataset.agent;
  const [status, start, waiting, form, choice] = ["status", "start", "waiting", "form", "choice"].map(find);
  let busy = false, cancelled = false, demand = null, place = "page", told = "";

  const askAgent = async (path, options) => {
    let answer;
    try {
      answer = await fetch(agent + path, { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", ...options });
    } catch {
      throw new Refused("absent");
    }
    const content = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(content.erreur ?? "absent", content.message);
    return content;
  };

  const step = (name) => {
    let passed = true;
    for (const item of door.querySelectorAll("[data-step]")) {
      const here = item.dataset.step === name;
      passed &&= !here;
      item.classList.toggle("is-done", passed);
      here ? item.setAttribute("aria-current", "step") : item.removeAttribute("aria-current");
    }
  };
  const tell = (refused) => {
    told = refused?.code;
    const text = find("message-text");
    text.textContent = refused ? refused.message : "";
    find("message").hidden = !refused;
    for (const help of door.querySelectorAll("[data-card-help]")) help.hidden = help.dataset.cardHelp !== refused?.code;
  };

  // What lies in the reader, said while the person gets ready.
  const look = async () => {
    if (busy || document.hidden) return;
    try {
      const found = await askAgent("/etat");
      if (busy) return;
      if (!(found.protocole >= Number(door.dataset.protocol))) throw new Refused("old");
      place = found.saisie ?? "page";
      if (found.erreur) throw new Refused(found.erreur, found.message);
      const card = found.cartes[0];
      const left = card.essais < 3 && !card.bloquee ? `, il vous reste ${card.essais} tentative(s)` : "";
      say(card.bloquee ? `Carte ${card.etiquette} : bloquée après 3 codes incorrects. 0 tentative restante.` : `Carte ${card.etiquette} détectée${left}.`);
      step(card.bloquee ? "insert" : "choose");
      if (told in STATES) tell(null); // what it asked for is done
    } catch (refused) {
      if (busy) return;
      say(STATES[refused.code] ?? refused.message);
      step("insert");
    }
  };
  const say = (text) => {
    if (status.textContent !== text) status.textContent = text; // the same words are not read aloud again
  };

  const choose = (certificates) => new Promise((resolve) => {
    const rows = find("rows"), model = door.querySelector("[data-card-row]");
    find("host").textContent = `${location.hostname}:${location.port || (location.protocol === "https:" ? 443 : 80)}`;
    rows.replaceChildren(...certificates.map((certificate, rank) => {
      const row = model.content.firstElementChild.cloneNode(true);
      const radio = row.querySelector("input"), cells = row.querySelectorAll("td");
      radio.value = certificate.id;
      radio.checked = rank === 0;
      row.querySelector("label span").textContent = certificate.objet;
      cells[1].textContent = certificate.emetteur;
      cells[2].textContent = certificate.serie;
      return row;
    }));
    choice.returnValue = "";
    choice.onclose = () => resolve(choice.returnValue === "ok" ? rows.querySelector(":checked")?.value : undefined);
    choice.showModal();
  });

  const challenge = async () => {
    const token = form.elements.csrfmiddlewaretoken.value;
    let answer;
    try {
      answer = await fetch(door.dataset.challenge, { method: "POST", headers: { "X-CSRFToken": token, Accept: "application/json" } });
    } catch {
      throw new Refused("portal");
    }
    if (!answer.ok) throw new Refused(answer.status === 429 ? "many" : "portal");
    return answer.json();
  };

  const wait = async () => {
    while (true) {
      const found = await askAgent(`/signature/${demand}`);
      if (found.etat === "faite") return found;
      if (found.etat !== "attente") throw new Refused(found.code, found.message);
      if (cancelled) {
        await askAgent(`/annuler/${demand}`, { method: "POST" });
        continue;
      }
      await new Promise((resume) => setTimeout(resume, ANSWER_EVERY));
    }
  };

  const sign = async (certificate, opened) => {
    const asked = await challenge();
    const content = { certificat: certificate, motif: asked.motif, alea: asked.alea, expire: asked.expire };
    const taken = await askAgent("/signer", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) });
    demand = taken.demande;
    find("window").hidden = !taken.saisie;
    if (taken.saisie) {
      find("window").href = taken.saisie;
      opened?.location.replace(taken.saisie);
    }
    find("in-window").hidden = place === "terminal";
    find("in-terminal").hidden = place !== "terminal";
    waiting.hidden = false;
    const signed = await wait();
    form.elements.alea.value = asked.alea;
    for (const name of ["certificat", "signature", "algorithme"]) form.elements[name].value = signed[name];
    step("done");
    form.submit();
  };

  const run = async () => {
    const { certificats } = await askAgent("/certificats");
    step("choose");
    const chosen = await choose(certificats);
    const back = document.querySelector("[data-card-back]");
    if (!chosen) { // « Annuler » : back to the choice of the means, or to the page of a signed-in person
      if (back) location.assign(back.href);
      return;
    }
    step("pin");
    // Opened while the click still counts as the person's own; it shows the agent's page, never one of ours.
    const opened = place === "page" ? window.open("", "agent-cps", "popup,width=470,height=560") : null;
    try {
      await sign(chosen, opened);
    } catch (refused) {
      if (demand === null) opened?.close();
      throw refused;
    }
  };

  start.addEventListener("click", async () => {
    if (busy) return;
    [busy, cancelled, demand] = [true, false, null];
    start.disabled = true;
    tell(null);
    try {
      await run();
    } catch (refused) {
      tell(refused instanceof Refused ? refused : new Refused("portal"));
      step("insert");
    } finally {
      waiting.hidden = true;
      [busy, start.disabled] = [false, false];
    }
  });
  find("cancel").addEventListener("click", () => { cancelled = true; });
  door.hidden = false;
  look();
  setInterval(look, LOOK_EVERY);
}

document.querySelectorAll("[data-portal-card]").forEach(bind);
