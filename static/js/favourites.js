// Favourite applications: put in order by dragging, or with each tile's two buttons. The server keeps the order.
import { announce } from "./announce.js";
import { toast } from "./toast.js";

export default function bind(board) {
  const lists = [...board.querySelectorAll("[data-portal-list]")];
  const favourites = board.querySelector('[data-portal-list="favoris"]');
  const form = document.getElementById("favoris-ordre");
  const items = (list) => [...list.children].filter((item) => item.querySelector(".tile"));
  const tile = (item) => item.querySelector(".tile").dataset;
  let dragged, before;

  const refresh = () => {
    const note = favourites.querySelector(".empty-note");
    if (note) note.hidden = items(favourites).length > 0;
  };
  const save = async (restore) => {
    const body = new FormData(form);
    items(favourites).forEach((item) => body.append("ordre", tile(item).key));
    refresh();
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
      if (!answer.ok || (answer.redirected && new URL(answer.url).pathname.startsWith("/connexion/"))) throw new Error(answer.status);
      return true;
    } catch {
      restore();
      refresh();
      toast({ text: "L’ordre n’a pas pu être enregistré. Vérifiez votre connexion et recommencez.", tone: "danger" });
      return false;
    }
  };
  const snapshot = () => {
    const kept = lists.map((list) => [list, [...list.children]]);
    return () => kept.forEach(([list, children]) => list.append(...children));
  };
  const step = async (item, by) => {
    const row = items(favourites), to = row.indexOf(item) + by;
    if (to < 0 || to >= row.length) return announce(by < 0 ? "Déjà en première place" : "Déjà en dernière place");
    const restore = snapshot();
    by < 0 ? row[to].before(item) : row[to].after(item);
    item.querySelector(`[data-portal-move="${by}"]`).focus();
    if (await save(restore)) announce(`${tile(item).name} : place ${to + 1} sur ${row.length}`);
  };
  board.addEventListener("click", (event) => {
    const button = event.target.closest("[data-portal-move]");
    if (!button) return;
    event.preventDefault();
    step(button.closest("li"), Number(button.dataset.portalMove));
  });
  lists.flatMap(items).forEach((item) => {
    item.draggable = true;
    item.addEventListener("dragstart", (event) => {
      dragged = item;
      before = snapshot();
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", tile(item).name);
      item.classList.add("dragging");
    });
    item.addEventListener("dragend", () => {
      item.classList.remove("dragging");
      lists.forEach((list) => list.classList.remove("over"));
      if (dragged) before();
      dragged = null;
    });
  });
  lists.forEach((list) => {
    list.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      list.classList.add("over");
      const near = event.target.closest("li");
      if (!near || near === dragged || near.parentElement !== list || list !== favourites) return;
      const box = near.getBoundingClientRect();
      event.clientX < box.left + box.width / 2 ? near.before(dragged) : near.after(dragged);
    });
    list.addEventListener("dragleave", (event) => { if (!list.contains(event.relatedTarget)) list.classList.remove("over"); });
    list.addEventListener("drop", async (event) => {
      if (!dragged) return;
      event.preventDefault();
      const item = dragged, from = before;
      dragged = null;
      if (item.parentElement !== list) list.append(item);
      if (await save(from)) {
        const place = items(favourites).indexOf(item) + 1;
        announce(place ? `${tile(item).name} : place ${place} dans vos favoris` : `${tile(item).name} retiré de vos favoris`);
        document.dispatchEvent(new CustomEvent("portal:favourites"));
      }
    });
  });
}
