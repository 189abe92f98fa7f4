// Says something to screen readers without moving the focus.
export function announce(text) {
  let region = document.getElementById("portal-annonce");
  if (!region) {
    region = Object.assign(document.createElement("div"), { id: "portal-annonce", className: "sr-only" });
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 60);
}
