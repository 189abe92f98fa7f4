// Counts down what is left to write; told aloud only after a pause, so that typing is not talked over.
export default function bind(note) {
  const input = document.getElementById(note.dataset.portalCounter);
  const limit = Number(note.dataset.limit);
  const spoken = Object.assign(document.createElement("span"), { className: "sr-only" });
  spoken.setAttribute("role", "status");
  note.after(spoken);
  let timer;
  const update = () => {
    const left = limit - [...input.value.replace(/\r?\n/g, "\r\n")].length;
    const count = Math.abs(left);
    const unit = `caractère${count > 1 ? "s" : ""}`;
    note.textContent = left < 0 ? `${count} ${unit} de trop` : `${count} ${unit} restant${count > 1 ? "s" : ""}`;
    note.classList.toggle("over", left < 0);
    clearTimeout(timer);
    timer = setTimeout(() => { spoken.textContent = input.value ? note.textContent : ""; }, 1200);
  };
  input.removeAttribute("maxlength"); // text that is too long stays visible, to be shortened by its author
  input.addEventListener("input", update);
  update();
}
