// Shows or hides what was typed in a password field; hidden again when the form is sent.
export default function bind(button) {
  const input = document.getElementById(button.dataset.portalReveal);
  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.setAttribute("aria-pressed", String(visible));
    button.setAttribute("aria-label", visible ? "Masquer le mot de passe" : "Afficher le mot de passe");
  };
  button.hidden = false;
  button.addEventListener("click", () => show(input.type === "password"));
  input.form?.addEventListener("submit", () => show(false));
  input.addEventListener("portal:reveal", () => show(true));
}
