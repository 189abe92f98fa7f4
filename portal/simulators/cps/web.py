"""The desk as a page, and the revocation lists at the addresses that the cards name.

GET  /                              the cards and the reader
GET  /cartes.json                   the same, for programs
POST /cartes/<slug>/inserer         alone in the reader; « ajouter » leaves the others in
POST /cartes/<slug>/retirer · /cartes/<slug>/debloquer
POST /lecteur/brancher · /lecteur/debrancher · /lecteur/vider
POST /listes/a-jour · /listes/perimees · POST /remise-a-zero
GET  /listes/<autorité>.crl         signed at each request
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from portal.simulators.cps.authorities import Authorities, signed_list
from portal.simulators.cps.desk import CardDesk, UnknownCard

_STYLE = """
*{box-sizing:border-box}body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:#1c2530;background:#f2f4f7}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 3rem}h1{font-size:1.5rem;margin:0 0 .3rem}p{margin:.2rem 0 1rem}
.desk{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;background:#fff;border:1px solid #cfd6de;
border-radius:.6rem;padding:.8rem 1rem;margin-bottom:1.2rem}.desk p{margin:0;flex:1 1 16rem}
ul{list-style:none;margin:0;padding:0;display:grid;gap:.6rem;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr))}
li{background:#fff;border:1px solid #cfd6de;border-radius:.6rem;padding:.8rem 1rem;display:flex;flex-direction:column;
gap:.2rem}
li.in{border-color:#1c5fa8;box-shadow:inset 0 0 0 2px #1c5fa8}strong{font-size:1.02rem}small{color:#54606c}
form{display:inline}.row{display:flex;flex-wrap:wrap;gap:.4rem;margin-top:auto;padding-top:.5rem}
button{font:inherit;min-height:2.5rem;padding:0 .9rem;border-radius:.4rem;border:1.5px solid #1c5fa8;background:#fff;
color:#1c5fa8;cursor:pointer}button.main{background:#1c5fa8;color:#fff}
:focus-visible{outline:3px solid #f2a900;outline-offset:2px}
"""


class DeskServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, desk: CardDesk, authorities: Authorities) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.desk = desk
        self.authorities = authorities


class Handler(BaseHTTPRequestHandler):
    server: DeskServer
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", page(self.server.desk).encode())
        elif path == "/cartes.json":
            self._json(HTTPStatus.OK)
        elif path.startswith("/listes/") and path.endswith(".crl"):
            self._list(path.removeprefix("/listes/").removesuffix(".crl"))
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        self.rfile.read(min(int(length), 4096) if length.isdecimal() else 0)
        origin = self.headers.get("Origin", "")
        # Only this page and programs may move the cards: another site open in the same browser may not.
        if origin and urlsplit(origin).netloc != self.headers.get("Host"):
            self._send(HTTPStatus.FORBIDDEN, "text/plain; charset=utf-8", b"")
            return
        words = [word for word in urlsplit(self.path).path.split("/") if word]
        try:
            known = act(self.server.desk, words)
        except UnknownCard:
            known = False
        if not known:
            self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"")
        elif "text/html" in self.headers.get("Accept", ""):
            self._send(HTTPStatus.SEE_OTHER, "text/plain; charset=utf-8", b"", Location="/")
        else:
            self._json(HTTPStatus.OK)

    def _list(self, name: str) -> None:
        authority = self.server.authorities.by_file(name)
        if authority is None:
            self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"")
            return
        body = signed_list(authority, stale=self.server.desk.lists_are_stale())
        self._send(HTTPStatus.OK, "application/pkix-crl", body)

    def _json(self, status: HTTPStatus) -> None:
        desk = self.server.desk
        content = {"plugged": desk.is_plugged(), "lists_stale": desk.lists_are_stale(), "cards": desk.cards()}
        self._send(status, "application/json", json.dumps(content, ensure_ascii=False).encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """No log: what is done is seen on the page."""


def act(desk: CardDesk, words: list[str]) -> bool:
    """Do what the address says; False when it says nothing known. Raises UnknownCard."""
    simple: dict[tuple[str, ...], Callable[[], None]] = {
        ("lecteur", "brancher"): desk.plug,
        ("lecteur", "debrancher"): lambda: desk.plug(False),
        ("lecteur", "vider"): desk.remove,
        ("listes", "a-jour"): lambda: desk.make_lists_stale(False),
        ("listes", "perimees"): desk.make_lists_stale,
        ("remise-a-zero",): desk.reset,
    }
    if tuple(words) in simple:
        simple[tuple(words)]()
        return True
    if len(words) != 3 or words[0] != "cartes":
        return False
    of_card: dict[str, Callable[[str], None]] = {
        "inserer": desk.insert,
        "ajouter": lambda slug: desk.insert(slug, alone=False),
        "retirer": desk.remove,
        "debloquer": desk.unblock,
    }
    action = of_card.get(words[2])
    if action is None:
        return False
    action(words[1])
    return True


def page(desk: CardDesk) -> str:
    plugged, stale = desk.is_plugged(), desk.lists_are_stale()
    state = "Le lecteur est branché." if plugged else "Le lecteur est débranché."
    state += " Listes de révocation périmées." if stale else ""
    buttons = _button(
        "/lecteur/debrancher" if plugged else "/lecteur/brancher", "Débrancher" if plugged else "Brancher"
    )
    buttons += _button("/lecteur/vider", "Vider le lecteur")
    buttons += _button(
        "/listes/a-jour" if stale else "/listes/perimees", "Listes à jour" if stale else "Listes périmées"
    )
    buttons += _button("/remise-a-zero", "Tout remettre à zéro")
    cards = "".join(_item(card) for card in desk.cards())
    return f"""<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lecteur de cartes d’essai</title><style>{_STYLE}</style></head><body><main>
<h1>Lecteur de cartes d’essai</h1>
<p>Insérez une carte, puis connectez-vous au portail par l’onglet « Carte CPS ». Le code est sur chaque carte.</p>
<div class="desk"><p role="status">{state}</p>{buttons}</div>
<ul>{cards}</ul></main></body></html>
"""


def _item(card: dict[str, Any]) -> str:
    slug = card["slug"]
    act = ("retirer", "Retirer") if card["inserted"] else ("inserer", "Insérer")
    unblock = _button(f"/cartes/{slug}/debloquer", "Débloquer") if card["tries"] < 3 else ""
    lines = (card["label"], card["national_id"], card["profession"], f"Code {card['pin']}")
    details = " · ".join(escape(line) for line in lines if line)
    left = f"{card['tries']} essai(s) restant(s)" + (" – dans le lecteur" if card["inserted"] else "")
    return (
        f'<li class="{"in" if card["inserted"] else "out"}">'
        f"<strong>{escape(card['holder'])} ({escape(card['kind'])})</strong>"
        f"<span>{details}</span><small>{escape(card['expected'])}</small><small>{left}</small>"
        f'<div class="row">{_button(f"/cartes/{slug}/{act[0]}", act[1], main=True)}{unblock}</div></li>'
    )


def _button(action: str, label: str, *, main: bool = False) -> str:
    style = ' class="main"' if main else ""
    return f'<form method="post" action="{escape(action)}"><button{style}>{escape(label)}</button></form>'
