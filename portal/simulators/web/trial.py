"""What somebody who tries the demo needs at hand: who signs in, with what, and where the outside systems are played.

Read from the file that `bin/run` writes (design.md §5), so that the page never tells more, nor anything else.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from django_otp.oath import TOTP

PERIOD_SECONDS = 30
DIGITS = 6
PLACES = (
    ("messages", "Courriels et SMS reçus", "Les codes et les liens vraiment envoyés par le portail.", "mail"),
    ("cards", "Cartes d’essai", "Insérer une carte CPS dans le lecteur, la retirer.", "card"),
    ("psc_telephone", "Téléphone e-CPS", "Choisir le nombre affiché, refuser, laisser expirer.", "phone"),
    ("psc_control", "Pannes de Pro Santé Connect", "Lent, menteur, muet : chaque défaut se met et s’enlève.", "alert"),
    ("partner", "Application partenaire", "Elle rattache ses propres comptes à la première entrée.", "external"),
    ("admin", "Administration", "Les pages du support : comptes, demandes, applications, journal.", "settings"),
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """code: of the authenticator app at this moment, "" for who has none; code_seconds: how long it still holds."""

    name: str
    login: str
    password: str
    role: str = ""
    email: str = ""
    phone: str = ""
    card_pin: str = ""
    code: str = ""
    code_seconds: int = 0


@dataclass(frozen=True)
class Trial:
    people: list[Person] = field(default_factory=list)
    places: list[dict[str, str]] = field(default_factory=list)
    ecps: dict[str, Any] = field(default_factory=dict)
    partner_accounts: list[dict[str, str]] = field(default_factory=list)


def read(path: Path, *, now: float | None = None) -> Trial:
    """What the file says, the codes of the moment added; an empty trial while the start is not over."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Trial()
    moment = time.time() if now is None else now
    addresses = content.get("addresses", {})
    return Trial(
        people=[_person(described, moment) for described in content.get("people", [])],
        places=[
            {"address": addresses[name], "title": title, "text": text, "icon": icon}
            for name, title, text, icon in PLACES
            if addresses.get(name)
        ],
        ecps=content.get("ecps", {}),
        partner_accounts=content.get("partner_accounts", []),
    )


def _person(described: dict[str, Any], moment: float) -> Person:
    names = [one.name for one in fields(Person)]
    person = Person(**{name: described[name] for name in names if name in described})
    secret = described.get("totp_secret", "")
    if not secret:
        return person
    clock = TOTP(base64.b32decode(secret + "=" * (-len(secret) % 8)), step=PERIOD_SECONDS, digits=DIGITS)
    clock.time = moment
    left = PERIOD_SECONDS - int(moment) % PERIOD_SECONDS
    return replace(person, code=f"{clock.token():0{DIGITS}d}", code_seconds=left)
