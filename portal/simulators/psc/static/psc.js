// Live countdowns, and pages that follow what happens on the other device.
const TICK = 1000;

function countDown(element) {
  const seconds = Number(element.dataset.seconds ?? element.textContent);
  const end = Date.now() + seconds * TICK;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / TICK));
    element.textContent = String(left);
    if (left > 0) setTimeout(tick, 250);
    else if (element.closest("[data-phone]")) location.reload();
  };
  tick();
}

// Asks `url` every second and reloads the page when `has changed` says so.
function follow(url, changed, seen) {
  const ask = async () => {
    try {
      const answer = await (await fetch(url, { headers: { Accept: "application/json" } })).json();
      if (seen) seen(answer);
      if (changed(answer)) {
        location.reload();
        return;
      }
    } catch {
      // The service is away for a moment: ask again.
    }
    setTimeout(ask, TICK);
  };
  setTimeout(ask, TICK);
}

for (const element of document.querySelectorAll("[data-countdown]")) countDown(element);

const waiting = document.querySelector("[data-wait]");
if (waiting && waiting.dataset.status === "pending") {
  const announce = waiting.querySelector("[data-announce]");
  let told = 0;
  follow(waiting.dataset.wait, (answer) => answer.status !== "pending", (answer) => {
    // Said aloud every thirty seconds only.
    const step = Math.ceil(answer.seconds / 30);
    if (announce && step !== told) announce.textContent = `Il vous reste ${answer.seconds} secondes`;
    told = step;
  });
} else if (waiting) {
  waiting.querySelector("button")?.focus();
}

const phone = document.querySelector("[data-phone]");
if (phone) {
  follow(phone.dataset.phone, (answer) => answer.demand !== phone.dataset.demand && !phone.querySelector("input:not([type=hidden]):focus"));
}

const activation = document.querySelector("[data-activation]");
if (activation) follow(activation.dataset.activation, (answer) => answer.status !== activation.dataset.status);
