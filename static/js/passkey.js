// Passkeys: asks the browser for a proof (get) or a new key (create), puts the JSON answer in the form and sends it.
const decode = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(text.length / 4) * 4, "="));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
};
const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const binary = (list) => (list ?? []).map((item) => ({ ...item, id: decode(item.id) }));

function request(options) {
  const key = { ...options, challenge: decode(options.challenge) };
  if (key.user) key.user = { ...key.user, id: decode(key.user.id) };
  if (key.allowCredentials) key.allowCredentials = binary(key.allowCredentials);
  if (key.excludeCredentials) key.excludeCredentials = binary(key.excludeCredentials);
  return key;
}

function answer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = encode(credential.response[name]);
  }
  return {
    id: credential.id, rawId: encode(credential.rawId), type: credential.type, response,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

const SENTENCES = {
  NotAllowedError: "L’opération a été annulée ou a pris trop de temps : recommencez.",
  InvalidStateError: "Cet appareil connaît déjà une clé de ce compte.",
  SecurityError: "Cette adresse ne permet pas les clés d’accès : choisissez un autre moyen.",
};

function bind(form) {
  const state = form.querySelector("[data-portal-passkey-state]");
  const button = form.querySelector("[data-portal-passkey-start]");
  const field = form.querySelector("[data-portal-passkey-answer]");
  if (!window.PublicKeyCredential) {
    state.textContent = "Ce navigateur ne connaît pas les clés d’accès : choisissez un autre moyen.";
    return;
  }
  const publicKey = request(JSON.parse(form.dataset.options).publicKey);
  button.hidden = false;
  state.textContent = "";
  button.addEventListener("click", async () => {
    if (!form.reportValidity()) return;
    button.disabled = true;
    state.textContent = "Suivez les indications de votre appareil.";
    try {
      const credential = await navigator.credentials[form.dataset.portalPasskey]({ publicKey });
      field.value = JSON.stringify(answer(credential));
      form.requestSubmit();
    } catch (error) {
      state.textContent = SENTENCES[error.name] ?? "Votre appareil n’a pas répondu : recommencez.";
      button.disabled = false;
    }
  });
}

document.querySelectorAll("form[data-portal-passkey]").forEach(bind);
