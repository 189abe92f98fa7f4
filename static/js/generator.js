// Fills the password fields with one the policy accepts, drawn by the browser's own random source, and shows it.
const SETS = { lower: "abcdefghijkmnopqrstuvwxyz", upper: "ABCDEFGHJKLMNPQRSTUVWXYZ", digit: "23456789" };

function below(limit) {
  const ceiling = Math.floor(2 ** 32 / limit) * limit; // no value is likelier than another
  const box = new Uint32Array(1);
  do crypto.getRandomValues(box); while (box[0] >= ceiling);
  return box[0] % limit;
}
const pick = (set) => set[below(set.length)];

export function generate({ length, classes, special }) {
  const sets = classes.split(" ").map((name) => (name === "special" ? special : SETS[name]));
  const signs = sets.map(pick);
  const all = sets.join("");
  while (signs.length < Math.max(16, Number(length))) signs.push(pick(all));
  for (let i = signs.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [signs[i], signs[j]] = [signs[j], signs[i]];
  }
  return signs.join("");
}

export default function bind(button) {
  const inputs = [button.dataset.portalGenerate, button.dataset.confirm].map((id) => document.getElementById(id ?? "")).filter(Boolean);
  button.hidden = false;
  button.addEventListener("click", () => {
    const password = generate(button.dataset);
    for (const input of inputs) {
      input.value = password;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("portal:reveal"));
    }
    inputs[0].focus();
    inputs[0].select();
  });
}
