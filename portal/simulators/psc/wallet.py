"""The wallet: where the browser chooses a means of proof, and waits for the telephone."""

from __future__ import annotations

import math
import secrets
from urllib.parse import urlsplit

from portal.simulators.psc import markup, personas
from portal.simulators.psc.markup import Html
from portal.simulators.psc.state import (
    APPROVED,
    EXPIRED,
    LEFT,
    PENDING,
    REFUSED,
    WRONG,
    Asked,
    Client,
    Demand,
    Realm,
    return_url,
)
from portal.simulators.psc.web import Request, Response, Router, html_page, json_answer, redirect

REMEMBER_SECONDS = 365 * 86400
_ERRORS = {
    REFUSED: ("access_denied", "refused"),
    WRONG: ("access_denied", "wrong_code"),
    LEFT: ("access_denied", "left"),
    EXPIRED: ("temporarily_unavailable", "authentication_expired"),
}
_UNKNOWN = (
    "Cet identifiant n’a pas d’e-CPS active. "
    "Vérifiez-le (12 chiffres, en commençant par 8), ou activez votre e-CPS."
)


class Wallet:
    """The pages of one wallet; cookies carry its port, because a browser shares them between ports."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        port = urlsplit(realm.wallet).port
        self.session_cookie = f"psc_session_{port}"
        self.browser_cookie = f"psc_navigateur_{port}"
        self.identifier_cookie = f"psc_identifiant_{port}"

    def mount(self, router: Router) -> None:
        router.route("GET", "/auth")(self.authorize)
        router.route("GET", "/connexion/<key>/")(self.sign_in_page)
        router.route("POST", "/connexion/<key>/ecps")(self.ask_telephone)
        router.route("POST", "/connexion/<key>/carte")(self.read_card)
        router.route("POST", "/connexion/<key>/quitter")(self.give_up)
        router.route("GET", "/authentification/<key>/")(self.waiting_page)
        router.route("GET", "/authentification/<key>/etat")(self.waiting_state)
        router.route("POST", "/authentification/<key>/quitter")(self.leave)
        router.route("POST", "/authentification/<key>/continuer")(self.go_on)
        router.route("GET", "/faq/")(lambda request: _plain("faq", "FAQ e-CPS"))
        router.route("GET", "/donnees-personnelles/")(
            lambda request: _plain("privacy", "Vos données et vos droits")
        )

    # --- the authorization request ------------------------------------------------------------------------
    def authorize(self, request: Request) -> Response:
        client = self.realm.clients.get(request.query.get("client_id", ""))
        target = request.query.get("redirect_uri", "")
        if client is None or target not in client.redirect_uris:
            return html_page(markup.page("wrong_redirect", title="Adresse de retour refusée"), 400)
        asked = _read(client, request.query)
        error = self._error_of(asked, request.query)
        if error:
            return self._back(asked, error=error[0], error_description=error[1])
        session = self.realm.live_session(request.cookies.get(self.session_cookie, ""))
        prompt = request.query.get("prompt", "").split()
        if session is not None and "login" not in prompt:
            return self._answer(asked, self.realm.give_code(asked, session))
        if "none" in prompt:
            return self._back(asked, error="login_required", error_description="User not authenticated")
        key, browser = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
        with self.realm.lock:
            self.realm.waiting[key] = (asked, browser)
        return redirect(f"/connexion/{key}/").cookie(self.browser_cookie, browser)

    def _error_of(self, asked: Asked, query: dict[str, str]) -> tuple[str, str] | None:
        failures = self.realm.failures
        if failures.is_on("server_error"):
            return "server_error", "Internal error"
        if failures.is_on("error_markup"):
            return "<script>alert(1)</script>", "<img src=x onerror=alert(1)>"
        if query.get("response_type") != "code":
            return "unsupported_response_type", "Only code is allowed for this client"
        if "openid" not in asked.scope.split():
            return "invalid_scope", "openid is missing"
        if asked.challenge and asked.challenge_method not in {"plain", "S256"}:
            return "invalid_request", "Invalid parameter: code_challenge_method"
        return None

    # --- « Connectez-vous » ---------------------------------------------------------------------------------
    def sign_in_page(self, request: Request, key: str, error: str = "", typed: str = "") -> Response:
        waiting = self._waiting(request, key)
        if waiting is None:
            return _gone()
        on_card = request.query.get("onglet") == "carte" or request.path.endswith("/carte")
        kept = request.cookies.get(self.identifier_cookie, "")
        body = (
            self._card_form(key, error)
            if on_card
            else self._application_form(key, typed or kept, bool(kept), error)
        )
        content = markup.page(
            "sign_in",
            title=f"{'Erreur : ' if error else ''}Connectez-vous",
            place="Pro Santé Connect",
            application_current=Html() if on_card else Html(' aria-current="page"'),
            card_current=Html(' aria-current="page"') if on_card else Html(),
            form=body,
            key=key,
        )
        return html_page(content, 400 if error else 200)

    def _application_form(self, key: str, typed: str, is_kept: bool, error: str) -> Html:
        return markup.fill(
            "sign_in_application",
            key=key,
            typed=typed,
            error=markup.error(error),
            described=markup.described(error, "aide-texte"),
            checked=Html(" checked") if is_kept else Html(),
        )

    def _card_form(self, key: str, error: str) -> Html:
        options = markup.join(
            markup.fill_text(
                '<option value="{{ key }}">{{ name }} — {{ told }}</option>',
                key=p.key,
                name=p.name,
                told=p.told,
            )
            for p in personas.PERSONAS
            if p.has_card
        )
        return markup.fill(
            "sign_in_card",
            key=key,
            options=options,
            error=markup.error(error),
            described=markup.described(error, "aide-code"),
        )

    def ask_telephone(self, request: Request, key: str) -> Response:
        waiting = self._waiting(request, key)
        if waiting is None:
            return _gone()
        typed = request.form.get("identifiant", "")
        person = personas.find(typed)
        if person is None or not self.realm.wallets[person.national_id].is_active:
            return self.sign_in_page(request, key, error=_UNKNOWN, typed=typed[:40])
        demand = self.realm.demand(person, waiting[1], waiting[0])
        self._forget(key)
        kept = person.national_id if request.form.get("memoriser") else ""
        answer = redirect(f"/authentification/{demand.key}/")
        return answer.cookie(self.identifier_cookie, kept, REMEMBER_SECONDS if kept else 0)

    def read_card(self, request: Request, key: str) -> Response:
        waiting = self._waiting(request, key)
        if waiting is None:
            return _gone()
        person = personas.BY_KEY.get(request.form.get("carte", ""))
        if person is None or not person.has_card or request.form.get("code_porteur") != personas.CARD_PIN:
            return self.sign_in_page(request, key, error="Code porteur incorrect. Il compte 4 chiffres.")
        self._forget(key)
        session = self.realm.open_session(person, "CARD")
        answer = self._answer(waiting[0], self.realm.give_code(waiting[0], session))
        return answer.cookie(self.session_cookie, session.sid)

    def give_up(self, request: Request, key: str) -> Response:
        waiting = self._waiting(request, key)
        if waiting is None:
            return _gone()
        self._forget(key)
        return self._back(waiting[0], error="access_denied", error_description="left")

    # --- waiting for the telephone --------------------------------------------------------------------------
    def waiting_page(self, request: Request, key: str) -> Response:
        demand = self._demand(request, key)
        if demand is None:
            return _gone()
        left = self._seconds_left(demand)
        content = markup.page(
            "waiting",
            title="Authentification",
            place="Pro Santé Connect",
            key=key,
            number=demand.number,
            seconds=left,
            status=demand.stage,
            outcome=markup.fill(f"outcome_{demand.stage}", key=key, seconds=left, number=demand.number),
        )
        return html_page(content)

    def waiting_state(self, request: Request, key: str) -> Response:
        """For the page's script: where the request stands."""
        demand = self._demand(request, key)
        if demand is None:
            return json_answer({"status": EXPIRED, "seconds": 0}, 404)
        return json_answer({"status": demand.stage, "seconds": self._seconds_left(demand)})

    def leave(self, request: Request, key: str) -> Response:
        demand = self._demand(request, key)
        if demand is None or demand.asked is None:
            return _gone()
        with self.realm.lock:
            demand.stage = LEFT
        return self.go_on(request, key)

    def go_on(self, request: Request, key: str) -> Response:
        """« Continuer »: back to the service, with a code or with the reason why not."""
        demand = self._demand(request, key)
        if demand is None or demand.asked is None or demand.is_spent:
            return _gone()
        if demand.stage == PENDING:
            return redirect(f"/authentification/{key}/")
        demand.is_spent = True
        if demand.stage != APPROVED:
            error, description = _ERRORS[demand.stage]
            return self._back(demand.asked, error=error, error_description=description)
        session = self.realm.open_session(demand.person, "MOBILE")
        answer = self._answer(demand.asked, self.realm.give_code(demand.asked, session))
        return answer.cookie(self.session_cookie, session.sid)

    # --- helpers --------------------------------------------------------------------------------------------
    def _waiting(self, request: Request, key: str) -> tuple[Asked, str] | None:
        """The request of this browser and of no other."""
        found = self.realm.waiting.get(key)
        return found if found and request.cookies.get(self.browser_cookie) == found[1] else None

    def _forget(self, key: str) -> None:
        with self.realm.lock:
            self.realm.waiting.pop(key, None)

    def _demand(self, request: Request, key: str) -> Demand | None:
        found = self.realm.live_demand(key)
        return found if found and found.browser == request.cookies.get(self.browser_cookie) else None

    def _seconds_left(self, demand: Demand) -> int:
        return max(0, math.ceil(demand.expires_at - self.realm.now()))

    def _back(self, asked: Asked, **values: str) -> Response:
        return redirect(return_url(asked, self.realm.issuer, **values))

    def _answer(self, asked: Asked, code: str) -> Response:
        """Back with a code, bent by the switches of the return."""
        failures, values = self.realm.failures, {"code": code}
        if failures.is_on("no_code"):
            values = {}
        if failures.is_on("no_state"):
            values["state"] = ""
        if failures.is_on("wrong_state"):
            values["state"] = secrets.token_urlsafe(32)
        if failures.is_on("wrong_iss_parameter"):
            values["iss"] = "https://auth.exemple.invalid/auth/realms/esante-wallet"
        return self._back(asked, **values)


def _read(client: Client, query: dict[str, str]) -> Asked:
    return Asked(
        client_id=client.client_id,
        redirect_uri=query["redirect_uri"],
        scope=query.get("scope", ""),
        state=query.get("state", ""),
        nonce=query.get("nonce", ""),
        challenge=query.get("code_challenge", ""),
        challenge_method=query.get("code_challenge_method", "plain"),
        acr=query.get("acr_values", ""),
    )


def _card_option(person: personas.Persona) -> Html:
    shown = f"{person.name} — {person.told}"
    return markup.fill_text('<option value="{{ key }}">{{ shown }}</option>', key=person.key, shown=shown)


def _gone() -> Response:
    return html_page(markup.page("gone", title="Cette page n’est plus valable"), 410)


def _plain(name: str, title: str) -> Response:
    return html_page(markup.page(name, title=title, place="Pro Santé Connect"))
