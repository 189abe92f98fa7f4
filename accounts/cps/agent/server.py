"""HTTP on loopback, for the pages of the allowed origins and for the agent's own window.

GET  /etat                    version, readers, cards; with ?connu=<empreinte>, once that has changed
GET  /certificats             Objet, Émetteur, Série of the card present
POST /signer                  JSON {certificat, motif, alea, expire} → 202 {demande, saisie}
GET  /signature/<demande>     attente · faite (certificat, signature, algorithme) · annulee · refusee (code, message)
POST /annuler/<demande>
GET, POST /saisie/<demande>/  the page where the code is typed, for the browser's own navigation only; not served when
                              the code is asked in a window of the desktop or in a terminal
"""

from __future__ import annotations

import base64
import json
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from accounts.cps.agent import VERSION, pages
from accounts.cps.agent.demands import CANCELLED, DONE, WAITING, Demand
from accounts.cps.agent.desk import BadRequest, Desk, ending, wrong_code_sentence
from accounts.cps.agent.errors import MESSAGES, CardError
from accounts.cps.agent.prompts import Counter

MAX_BYTES = 4096
PAGE = "page"
_SEALED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Agent(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and nowhere else; `origins` are the portals it answers.

    counter: where the code is asked, when it is not on the agent's own page.
    """

    daemon_threads = True

    def __init__(
        self, port: int, desk: Desk, origins: frozenset[str], counter: Counter | None = None
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.desk = desk
        self.counter = counter
        self.origins = origins
        self.port = int(self.server_address[1])

    @property
    def form(self) -> str:
        """« page », « fenetre » or « terminal »: the portal's page says where to look."""
        return self.counter.form if self.counter is not None else PAGE

    @property
    def own_origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def server_close(self) -> None:
        super().server_close()
        self.desk.close()


class Handler(BaseHTTPRequestHandler):
    server: Agent
    protocol_version = "HTTP/1.1"
    server_version = f"agent-cps/{VERSION}"
    sys_version = ""
    timeout = 30

    # --- entry ---------------------------------------------------------------------------------------------
    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_OPTIONS(self) -> None:
        """Preflight, with the leave to come from a public page to this machine (Private Network Access)."""
        if not self._is_our_host() or not self._origin_allowed() or self._says_twice():
            self._json(HTTPStatus.FORBIDDEN, {"erreur": "origine"})
            return
        self.send_response(HTTPStatus.NO_CONTENT)
        self._cors()
        self.send_header("Access-Control-Allow-Methods", "GET, POST")
        self.send_header("Access-Control-Allow-Headers", "Content-Type")
        self.send_header("Access-Control-Max-Age", "60")
        for asked in ("Private", "Local"):
            if self.headers.get(f"Access-Control-Request-{asked}-Network") == "true":
                self.send_header(f"Access-Control-Allow-{asked}-Network", "true")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _serve(self, method: str) -> None:
        body = self._body() if method == "POST" else b""
        path = [part for part in self.path.partition("?")[0].split("/") if part]
        # A name that resolves to this machine must not make us somebody else's site (DNS rebinding).
        if not self._is_our_host() or self._says_twice():
            self._json(HTTPStatus.MISDIRECTED_REQUEST, {"erreur": "hote"})
        elif body is None:
            self._json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"erreur": "taille"})
        elif path[:1] == ["saisie"] and len(path) == 2 and self.server.counter is None:
            self._window(method, path[1], body)
        elif not self._origin_allowed():
            self._json(HTTPStatus.FORBIDDEN, {"erreur": "origine"})
        else:
            self._api(method, path, body)

    def _api(self, method: str, path: list[str], body: bytes) -> None:
        routes = {
            ("GET", "etat", 1): self._state,
            ("GET", "certificats", 1): self._certificates,
            ("POST", "signer", 1): self._ask,
            ("GET", "signature", 2): self._answer,
            ("POST", "annuler", 2): self._cancel,
        }
        route = routes.get((method, path[0] if path else "", len(path)))
        if route is None:
            self._json(HTTPStatus.NOT_FOUND, {"erreur": "adresse"})
            return
        try:
            route(path[-1], body)
        except CardError as error:
            self._json(
                HTTPStatus.CONFLICT,
                {"erreur": error.code, "message": error.message, "essais": error.tries_left},
            )
        except BadRequest as error:
            self._json(HTTPStatus.BAD_REQUEST, {"erreur": "demande", "detail": str(error)})

    # --- for the pages of the portal ---------------------------------------------------------------------------
    def _state(self, _last: str, _body: bytes) -> None:
        known = parse_qs(urlsplit(self.path).query).get("connu", [""])[0]
        found = self.server.desk.describe_when_changed(known)
        self._json(HTTPStatus.OK, found | {"saisie": self.server.form})

    def _certificates(self, _last: str, _body: bytes) -> None:
        found = [
            {
                "id": certificate.ident,
                "objet": certificate.subject,
                "emetteur": certificate.issuer,
                "serie": certificate.serial,
                "carte": card.label,
            }
            for card, certificate in self.server.desk.list_certificates()
        ]
        self._json(HTTPStatus.OK, {"certificats": found})

    def _ask(self, _last: str, body: bytes) -> None:
        # This type forces a preflight: no page of another site can send it blindly.
        if self.headers.get_content_type() != "application/json":
            raise BadRequest("type")
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            raise BadRequest("json") from None
        if not isinstance(content, dict):
            raise BadRequest("json")
        demand = self.server.desk.ask(str(self.headers["Origin"]), content)
        window = ""
        if self.server.counter is not None:
            self.server.counter.announce(demand)
        else:
            window = f"{self.server.own_origin}/saisie/{demand.ident}/"
        self._json(HTTPStatus.ACCEPTED, {"demande": demand.ident, "saisie": window})

    def _answer(self, ident: str, _body: bytes) -> None:
        demand = self._own(ident)
        content: dict[str, Any] = {"etat": demand.state, "code": demand.code, "essais": demand.tries_left}
        content["message"] = MESSAGES.get(demand.code, "")
        if demand.state == DONE:
            signature = self.server.desk.demands.collect(demand)
            content["certificat"] = base64.b64encode(demand.certificate.der).decode()
            content["signature"] = base64.b64encode(signature).decode()
            content["algorithme"] = self.server.desk.algorithm
        self._json(HTTPStatus.OK, content)

    def _cancel(self, ident: str, _body: bytes) -> None:
        demand = self._own(ident)
        if demand.state == WAITING:
            demand.end(CANCELLED, "cancelled")
        self._json(HTTPStatus.OK, {"etat": demand.state})

    def _own(self, ident: str) -> Demand:
        demand = self.server.desk.demands.find(ident, origin=self.headers["Origin"])
        if demand is None:
            raise CardError("expired")
        return demand

    # --- the agent's own window -------------------------------------------------------------------------------
    def _window(self, method: str, ident: str, body: bytes) -> None:
        demand = self.server.desk.demands.find(ident)
        if demand is None:
            self._closing("Demande expirée", MESSAGES["expired"], is_bad=True, status=HTTPStatus.NOT_FOUND)
        elif method == "POST" and not self._is_own_form(
            demand, form := parse_qs(body.decode("utf-8", "replace"))
        ):
            self._closing("Saisie refusée", MESSAGES["expired"], is_bad=True, status=HTTPStatus.FORBIDDEN)
        elif demand.state != WAITING:
            self._show_end(demand)
        elif method == "POST" and form.get("action") == ["annuler"]:
            demand.end(CANCELLED, "cancelled")
            self._show_end(demand)
        elif method == "POST":
            self._try(demand, form.get("code", [""])[0])
        else:
            self._show_pin(demand)

    def _is_own_form(self, demand: Demand, form: dict[str, list[str]]) -> bool:
        """Sent by our own page: same origin as the browser tells it, and the token that only that page holds."""
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        origin = self.headers.get("Origin", "")
        return (
            origin in {self.server.own_origin, f"http://localhost:{self.server.port}"}
            and site == "same-origin"
            and demand.accepts(form.get("jeton", [""])[0])
        )

    def _try(self, demand: Demand, typed: str) -> None:
        with self.server.desk.demands.trying:
            if demand.state != WAITING:
                self._show_end(demand)
                return
            try:
                self.server.desk.try_pin(demand, typed)
            except CardError as error:
                if demand.state == WAITING:
                    self._show_pin(demand, wrong_code_sentence(error))
                    return
        self._show_end(demand)

    def _show_pin(self, demand: Demand, error: str = "") -> None:
        try:
            left = self.server.desk.tries_left(demand)
        except CardError as refused:
            demand.tries_left = refused.tries_left
            demand.end("refusee", refused.code)
            self._show_end(demand)
            return
        nonce = secrets.token_urlsafe(16)
        self._html(pages.pin_page(demand, nonce, error=error, tries_left=left), nonce)

    def _show_end(self, demand: Demand) -> None:
        end = ending(demand)
        self._closing(end.title, end.sentence, is_bad=end.is_bad)

    def _closing(
        self, title: str, sentence: str, *, is_bad: bool = False, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        nonce = secrets.token_urlsafe(16)
        self._html(pages.closing_page(title, sentence, nonce, is_bad=is_bad), nonce, status)

    # --- wire --------------------------------------------------------------------------------------------------
    def _is_our_host(self) -> bool:
        return self.headers.get("Host", "") in {
            f"{name}:{self.server.port}" for name in ("127.0.0.1", "localhost")
        }

    def _says_twice(self) -> bool:
        """Two hosts, two origins, two lengths or a whole address: a browser sends none of it, and which one counts
        would be our guess. A body of unknown length could hide a second request."""
        twice = any(len(self.headers.get_all(name, [])) > 1 for name in ("Host", "Origin", "Content-Length"))
        if twice or "Transfer-Encoding" in self.headers or not self.path.startswith("/"):
            self.close_connection = True
            return True
        return False

    def _origin_allowed(self) -> bool:
        return self.headers.get("Origin", "") in self.server.origins

    def _body(self) -> bytes | None:
        """None when it is too long or of unknown length; the line is then closed, for what follows is unread."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BYTES:
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _cors(self) -> None:
        if self._origin_allowed():
            self.send_header("Access-Control-Allow-Origin", self.headers["Origin"])
        self.send_header("Vary", "Origin")

    def _json(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(content, ensure_ascii=False).encode(), cors=True)

    def _html(self, text: str, nonce: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(status, "text/html; charset=utf-8", text.encode(), policy=pages.policy(nonce))

    def _send(
        self, status: HTTPStatus, kind: str, body: bytes, *, policy: str = "", cors: bool = False
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in _SEALED.items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", policy or "default-src 'none'; frame-ancestors 'none'")
        if cors:
            self._cors()
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """No log: a code or a demand must never reach a file."""
