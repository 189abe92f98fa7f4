// Binds each behaviour to the elements that ask for it (data-portal-…), now and in the same instant in content that arrives later.
// A behaviour is one file whose default export takes the element; it is fetched only when a page needs it.
const behaviours = {
  "[data-portal-login]": () => import("./login.js"),
  "[data-portal-dialog], dialog[data-portal-modal]": () => import("./dialog.js"),
  "[data-portal-reveal]": () => import("./reveal.js"),
  "[data-portal-policy]": () => import("./policy.js"),
  "[data-portal-generate]": () => import("./generator.js"),
  "[data-portal-codes]": () => import("./codes.js"),
  "[data-portal-carry]": () => import("./carry.js"),
  "[data-portal-counter]": () => import("./counter.js"),
  "[data-portal-combobox]": () => import("./combobox.js"),
  "[data-portal-favourites]": () => import("./favourites.js"),
  "[data-portal-copy]": () => import("./copy.js"),
  "[data-portal-countdown]": () => import("./countdown.js"),
  "[data-portal-drop]": () => import("./drop.js"),
  "[data-portal-robot]": () => import("./robot.js"),
  "[data-portal-lock]": () => import("./lock.js"),
  "[data-portal-session]": () => import("./session.js"),
  "[data-portal-parts]": () => import("./parts.js"),
  "[data-portal-unsaved]": () => import("./unsaved.js"),
  "[data-portal-menu], [data-portal-dismiss], [data-portal-focus], [data-portal-print], [data-portal-autosubmit]": () => import("./small.js"),
  "form": () => import("./submit.js"),
};
const bound = new WeakMap();
let waiting = 0;

// What drives the page (a test, an extension) reads on <html> that every behaviour is in place.
const tell = () => document.documentElement.toggleAttribute("data-portal-bound", !waiting);

function bind(root) {
  for (const [selector, load] of Object.entries(behaviours)) {
    const found = [...root.querySelectorAll(selector)];
    if (root.matches?.(selector)) found.unshift(root);
    const fresh = found.filter((element) => !bound.get(element)?.has(selector));
    if (!fresh.length) continue;
    for (const element of fresh) bound.set(element, (bound.get(element) ?? new Set()).add(selector));
    waiting += 1;
    load().then((module) => fresh.forEach((element) => module.default(element))).finally(() => { waiting -= 1; tell(); });
  }
  tell();
}

// Whoever brings content in (htmx, a dialog, a message), nobody has to say so: what was just inserted is seen here.
const arrivals = new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) bind(node);
});

document.documentElement.classList.add("js");
document.addEventListener("portal:toast", (event) => import("./toast.js").then((module) => module.toast(event.detail)));
// A touch that came to nothing is told: htmx itself leaves the page as it was, without a word.
const REFUSED = {
  403: "Cette page est ouverte depuis trop longtemps : rechargez-la, puis recommencez.",
  429: "Trop de demandes en peu de temps : attendez une minute, puis recommencez.",
};
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (event.target.closest?.("[data-portal-quiet]")) return; // asks by itself, nobody touched anything
    const text = REFUSED[event.detail.xhr?.status] ?? "Rien n’a été enregistré : le portail ne répond pas. Vérifiez votre connexion, puis recommencez.";
    document.dispatchEvent(new CustomEvent("portal:toast", { detail: { text, tone: "danger" } }));
  });
}
arrivals.observe(document.documentElement, { childList: true, subtree: true });
bind(document);
