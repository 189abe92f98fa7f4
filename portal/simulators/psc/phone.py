"""The telephone, as a page beside the browser: the e-CPS application of whoever is chosen."""

from __future__ import annotations

import math
import secrets
from urllib.parse import urlsplit

from portal.simulators.psc import markup, personas
from portal.simulators.psc.markup import Html
from portal.simulators.psc.personas import Persona
from portal.simulators.psc.state import APPROVED, PENDING, REFUSED, Demand, Realm
from portal.simulators.psc.web import Request, Response, Router, html_page, json_answer, redirect

MAX_TRIES = 3
_DONE = {
    APPROVED: "Demande validée. Revenez à votre ordinateur et cliquez sur « Continuer ».",
    REFUSED: "Demande refusée. Personne n’a été connecté.",
    "wrong_code": "Ce n’était pas le nombre affiché à l’écran : la demande est annulée.",
    "expired": "Le temps est écoulé : la demande est annulée.",
    "left": "La demande a été abandonnée sur l’ordinateur.",
}


class Phone:
    """One application per person; the password opens it for this browser."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self.cookie = f"psc_telephone_{urlsplit(realm.wallet).port}"
        self._opened: dict[str, str] = {}
        self._tries: dict[str, int] = {}

    def mount(self, router: Router) -> None:
        router.route("GET", "/telephone/")(self.choose)
        router.route("GET", "/telephone/<key>/")(self.screen)
        router.route("GET", "/telephone/<key>/etat")(self.state)
        router.route("POST", "/telephone/<key>/ouvrir")(self.unlock)
        router.route("POST", "/telephone/<key>/fermer")(self.lock_again)
        router.route("POST", "/telephone/<key>/repondre")(self.answer)

    def choose(self, request: Request) -> Response:
        rows = markup.join(self._row(person) for person in personas.PERSONAS)
        return html_page(
            markup.page("phone_people", title="Le téléphone", place="Application e-CPS", rows=rows)
        )

    def _row(self, person: Persona) -> Html:
        is_active = self.realm.wallets[person.national_id].is_active
        waits = self.realm.demand_for(person) is not None
        return markup.fill(
            "phone_person",
            key=person.key,
            name=person.name,
            number=person.national_id,
            told=person.told,
            state="demande en attente" if waits else "e-CPS active" if is_active else "e-CPS à activer",
            tone="waiting" if waits else "active" if is_active else "inactive",
        )

    def screen(self, request: Request, key: str, error: str = "") -> Response:
        person = personas.BY_KEY.get(key)
        if person is None:
            return html_page(markup.page("missing", title="Personne inconnue"), 404)
        if not self.realm.wallets[person.national_id].is_active:
            return redirect(f"/telephone/activation/?personne={key}")
        demand = self.realm.demand_for(person)
        if not self._is_open(request, person):
            body = self._locked(person, demand, error)
        elif demand is None:
            body = markup.fill("phone_idle", key=key, told=_DONE.get(self._last(person), ""))
        else:
            body = self._request(person, demand)
        title = f"{'Erreur : ' if error else ''}Application e-CPS de {person.name}"
        content = markup.page(
            "phone", title=title, place="Le téléphone", key=key, body=body, demand=_key_of(demand)
        )
        return html_page(content, 400 if error else 200)

    def _locked(self, person: Persona, demand: Demand | None, error: str) -> Html:
        return markup.fill(
            "phone_locked",
            key=person.key,
            told="Une demande d’authentification vous attend."
            if demand
            else "Aucune demande pour le moment.",
            error=markup.error(error),
            described=markup.described(error),
        )

    def _request(self, person: Persona, demand: Demand) -> Html:
        choices = markup.join(
            markup.fill_text(
                '<button class="number" name="nombre" value="{{ n }}">{{ n }}</button>', n=number
            )
            for number in demand.choices
        )
        left = max(0, math.ceil(demand.expires_at - self.realm.now()))
        return markup.fill("phone_request", key=person.key, demand=demand.key, choices=choices, seconds=left)

    def state(self, request: Request, key: str) -> Response:
        """For the page's script: which request waits."""
        person = personas.BY_KEY.get(key)
        return json_answer({"demand": _key_of(self.realm.demand_for(person)) if person else ""})

    def unlock(self, request: Request, key: str) -> Response:
        person = personas.BY_KEY.get(key)
        if person is None:
            return redirect("/telephone/")
        wallet = self.realm.wallets[person.national_id]
        typed = request.form.get("mot_de_passe", "")
        if not wallet.is_active or not secrets.compare_digest(typed.encode(), wallet.password.encode()):
            return self._wrong_password(request, person)
        self._tries.pop(key, None)
        token = secrets.token_urlsafe(18)
        self._opened[token] = person.national_id
        return redirect(f"/telephone/{key}/").cookie(self.cookie, token)

    def _wrong_password(self, request: Request, person: Persona) -> Response:
        """Three wrong passwords refuse the request that waits."""
        tries = self._tries.get(person.key, 0) + 1
        self._tries[person.key] = tries % MAX_TRIES
        demand = self.realm.demand_for(person)
        if tries < MAX_TRIES:
            left = MAX_TRIES - tries
            return self.screen(
                request,
                person.key,
                f"Mot de passe incorrect. Il vous reste {left} essai{'s' if left > 1 else ''}.",
            )
        if demand is not None:
            self.realm.answer(demand, "")
        return self.screen(request, person.key, "Mot de passe incorrect trois fois : la demande est refusée.")

    def lock_again(self, request: Request, key: str) -> Response:
        self._opened.pop(request.cookies.get(self.cookie, ""), None)
        return redirect("/telephone/")

    def answer(self, request: Request, key: str) -> Response:
        person = personas.BY_KEY.get(key)
        if person is None or not self._is_open(request, person):
            return redirect(f"/telephone/{key}/")
        demand = self.realm.live_demand(request.form.get("demande", ""))
        if demand is not None and demand.person is person and demand.stage == PENDING:
            chosen = request.form.get("nombre", "") if "refuser" not in request.form else ""
            self.realm.answer(demand, chosen)
        return redirect(f"/telephone/{key}/")

    def _is_open(self, request: Request, person: Persona) -> bool:
        return self._opened.get(request.cookies.get(self.cookie, "")) == person.national_id

    def _last(self, person: Persona) -> str:
        with self.realm.lock:
            own = [demand for demand in self.realm.demands.values() if demand.person is person]
        return own[-1].stage if own else ""


def _key_of(demand: Demand | None) -> str:
    return demand.key if demand else ""
