"""var/<plateforme>/demo.json: what a person or a program needs to try the portal (mode 0600)."""

from __future__ import annotations

import json
import os
from typing import Any

from portal.launcher import cards
from portal.launcher.place import Place
from portal.simulators.partner.people import ACCOUNTS
from portal.simulators.psc import personas


def read_people(place: Place) -> list[dict[str, Any]]:
    """The demo people as `charger_demo --json` wrote them: a list, or a dictionary that holds `people`."""
    content = json.loads(place.people_file.read_text())
    people = content.get("people", []) if isinstance(content, dict) else content
    return cards.with_pins(list(people), cards.described(place))


def read_clients(place: Place) -> list[dict[str, Any]]:
    """The OpenID clients of the demo, when the same file holds some."""
    content = json.loads(place.people_file.read_text())
    return list(content.get("openid_clients", [])) if isinstance(content, dict) else []


def addresses(place: Place) -> dict[str, str]:
    """What answers, by name."""
    found = {
        "portal": place.site_url,
        "trial": f"{place.site_url}/demo/",
        "sign_in": f"{place.site_url}/connexion/",
        "admin": f"{place.site_url}/administration/",
        "messages": f"{place.site_url}/demo/messages/",
        "messages_json": f"{place.site_url}/demo/messages.json",
    }
    found["smtp"] = place.given.get("EMAIL_URL") or f"smtp://127.0.0.1:{place.port_of('smtp')}"
    found["sms"] = place.given.get("SMS_URL") or f"http://127.0.0.1:{place.port_of('sms')}/sms"
    if place.plays_psc:
        found["psc_issuer"] = place.address("psc") + "/auth/realms/esante-wallet"
        found["psc_wallet"] = place.address("psc_wallet")
        found["psc_telephone"] = place.address("psc_wallet") + "/telephone/"
        found["psc_control"] = place.address("psc_wallet") + "/pilotage/"
    found["partner"] = place.address("partner") + "/"
    found["partner_control"] = place.address("partner") + "/pilotage/"
    return found | cards.addresses(place)


def ecps(place: Place) -> dict[str, Any]:
    """The telephones of the demo: application password, code of the simulated cards, people and why each is there."""
    if not place.plays_psc:
        return {}
    people = [{"national_id": p.national_id, "name": p.name, "role": p.told} for p in personas.PERSONAS]
    return {"app_password": personas.APP_PASSWORD, "card_pin": personas.CARD_PIN, "people": people}


def partner_accounts() -> list[dict[str, str]]:
    """Local accounts of the partner application, asked at the first entry of a person."""
    return [{"login": one.username, "password": one.password, "name": one.name} for one in ACCOUNTS]


def write(place: Place) -> dict[str, Any]:
    """Write the file in one step and return its content."""
    content = {
        "plateforme": place.plateforme,
        "addresses": addresses(place),
        "people": read_people(place),
        "openid_clients": read_clients(place),
        "cards": cards.described(place),
        "ecps": ecps(place),
        "partner_accounts": partner_accounts(),
    }
    draft = place.demo_file.with_suffix(".en-cours")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(content, file, ensure_ascii=False, indent=2)
        file.write("\n")
    draft.replace(place.demo_file)
    return content


def without_passwords(url: str) -> str:
    """An address for the screen: what lies between « :// » and « @ » is hidden."""
    scheme, found, rest = url.partition("://")
    if not found or "@" not in rest:
        return url
    return f"{scheme}://…@{rest.rsplit('@', 1)[1]}"
