"""/pilotage/ : what the stand-in does wrong, its clock, its keys; by hand on a page, by tests in JSON.

GET  /pilotage/etat        everything, as JSON
POST /pilotage/etat        {"failure": "bad_signature", "times": 1}
                           {"failure": "slow", "endpoint": "token", "seconds": 9}
                           {"clock": 7200} · {"demand_seconds": 5} · {"auto": "approved"} · {"rotate": true}
                           {"reset": true}
POST /pilotage/telephone   {"identifiant": "899700000013", "action": "approve" | "refuse" | "wrong" | "expire"}
"""

from __future__ import annotations

from typing import Any

from portal.simulators.psc import failures, markup, personas
from portal.simulators.psc.markup import Html
from portal.simulators.psc.state import APPROVED, REFUSED, Realm
from portal.simulators.psc.web import Request, Response, Router, html_page, json_answer, redirect

AUTO = {
    "": "le téléphone attend une personne",
    APPROVED: "tout est validé d’office",
    REFUSED: "tout est refusé d’office",
}


def mount(router: Router, realm: Realm) -> None:
    router.route("GET", "/pilotage/")(lambda request: _page(realm))
    router.route("POST", "/pilotage/")(lambda request: _by_form(realm, request))
    router.route("GET", "/pilotage/etat")(lambda request: json_answer(_state(realm)))
    router.route("POST", "/pilotage/etat")(lambda request: _by_json(realm, request))
    router.route("POST", "/pilotage/telephone")(lambda request: _telephone(realm, request))


def _state(realm: Realm) -> dict[str, Any]:
    return {
        "failure": realm.failures.shown(),
        "failures": failures.MODES,
        "endpoints": failures.ENDPOINTS,
        "clock": realm.clock_offset,
        "demand_seconds": realm.demand_seconds,
        "auto": realm.auto,
        "kid": realm.keys.current.kid,
        "sessions": len(realm.sessions),
        "people": [{"national_id": p.national_id, "name": p.name, "told": p.told} for p in personas.PERSONAS],
    }


def _by_json(realm: Realm, request: Request) -> Response:
    asked = request.json
    try:
        _apply(realm, asked)
    except (ValueError, TypeError) as error:
        return json_answer({"error": str(error)}, 400)
    return json_answer(_state(realm))


def _apply(realm: Realm, asked: dict[str, Any]) -> None:
    """ValueError or TypeError for what cannot be set; nothing else is changed then."""
    if asked.get("reset"):
        realm.reset()
    if "failure" in asked:
        realm.failures.set(
            str(asked["failure"]),
            endpoint=str(asked.get("endpoint", "token")),
            seconds=float(asked.get("seconds", 12)),
            times=None if asked.get("times") is None else int(asked["times"]),
        )
    if "clock" in asked:
        realm.clock_offset = float(asked["clock"])
    if "demand_seconds" in asked:
        realm.demand_seconds = float(asked["demand_seconds"])
    if "auto" in asked:
        if asked["auto"] not in AUTO:
            raise ValueError(f"unknown auto: {asked['auto']}")
        realm.auto = str(asked["auto"])
    if asked.get("rotate"):
        realm.keys.rotate()


def _telephone(realm: Realm, request: Request) -> Response:
    """Answer the request that waits on somebody's telephone, as their finger would."""
    person = personas.find(str(request.json.get("identifiant", "")))
    demand = realm.demand_for(person) if person else None
    action = request.json.get("action")
    if demand is None or action not in {"approve", "refuse", "wrong", "expire"}:
        return json_answer({"error": "no such request or action"}, 404)
    if action == "expire":
        demand.expires_at = realm.now()
        realm.live_demand(demand.key)
    else:
        wrong = next(number for number in demand.choices if number != demand.number)
        realm.answer(demand, {"approve": demand.number, "refuse": "", "wrong": wrong}[action])
    return json_answer({"status": demand.stage})


def _page(realm: Realm) -> Response:
    now = realm.failures.shown()
    content = markup.page(
        "control",
        title="Pilotage du simulateur",
        place="Pro Santé Connect",
        now=failures.MODES.get(now["mode"], "aucune panne : le service répond comme il doit"),
        groups=markup.join(_group(title, modes, now["mode"]) for title, modes in failures.GROUPS),
        endpoints=markup.join(
            markup.fill_text('<option value="{{ n }}">{{ n }}</option>', n=name)
            for name in failures.ENDPOINTS
        ),
        auto=markup.join(_choice("auto", name, words, realm.auto) for name, words in AUTO.items()),
        clock=f"{realm.clock_offset:g}",
        life=f"{realm.demand_seconds:g}",
        kid=realm.keys.current.kid,
    )
    return html_page(content)


def _group(title: str, modes: dict[str, str], chosen: str) -> Html:
    rows = markup.join(_choice("failure", name, words, chosen) for name, words in modes.items())
    return markup.fill_text(
        "<fieldset><legend>{{ title }}</legend>{{ rows }}</fieldset>", title=title, rows=rows
    )


def _choice(field: str, value: str, words: str, chosen: str) -> Html:
    return markup.fill_text(
        '<label class="choice"><input type="radio" name="{{ field }}" value="{{ value }}"{{ on }}> {{ words }}</label>',
        field=field,
        value=value,
        words=words,
        on=Html(" checked") if value == chosen else Html(),
    )


def _by_form(realm: Realm, request: Request) -> Response:
    asked: dict[str, Any] = {
        name: value for name, value in request.form.items() if value != "" or name == "auto"
    }
    if "stop" in asked:
        asked["failure"] = ""
    try:
        _apply(realm, asked)
    except ValueError:
        return html_page(markup.page("missing", title="Réglage refusé"), 400)
    return redirect("/pilotage/")
