"""Proven identities, and the steps of a browser that holds one."""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from accounts.models import NationalLink, StrongMeans, User
from accounts.strong.identity import StrongIdentity
from tests.accounts.signup.people import robot_answer
from tests.strong import urls
from tests.support.sign_in import PASSWORD

LINK = "/connexion/rattachement/"
RPPS = "99700418904"
OTHER_RPPS = "99700273917"
ADELI = "759912345"
_keys = itertools.count(1)

CARD = StrongIdentity(
    means="card",
    issuer="CN=TEST AC IGC-SANTE FORT PERSONNES",
    subject=f"8{RPPS}",
    national_id=f"8{RPPS}",
    nom="Martel",
    prenom="Ariane",
    profession_codes=("10",),
    card_kind="CPS",
    card_number="2900000001",
    serial="63DAFFCFC8034B01",
    key_id="a" * 40,
)
ECPS = StrongIdentity(
    means="ecps",
    issuer="https://auth.psc.example/realms/esante",
    subject="f:550e8400:899700418904",
    national_id=f"8{RPPS}",
    nom="Martel",
    prenom="Ariane",
    civilite="madame",
    profession_codes=("10",),
    acr="eidas1",
)
SOMEBODY_ELSE = replace(
    CARD,
    subject=f"8{OTHER_RPPS}",
    national_id=f"8{OTHER_RPPS}",
    nom="Vasseur",
    prenom="Luc",
    card_number="2900000099",
    serial="AA",
    key_id="b" * 40,
)


def arrive(client: Client, identity: StrongIdentity, next_url: str = "") -> Any:
    """Present a verified card or e-CPS to the portal, as its door does."""
    key = str(next(_keys))
    urls.ARRIVALS[key] = identity
    return client.get(f"/essai/arrivee/{key}/?{urlencode({'next': next_url})}")


def mark_shown(client: Client) -> str:
    """What the form shows for the identity that waits; "" when the page has no form of that kind."""
    page = client.get(LINK, {"compte": "oui"}).content.decode()
    found = re.search(r'name="identite" value="([0-9a-f]+)"', page)
    return found[1] if found else ""


def post_link(client: Client, typed: str, password: str = PASSWORD, **more: str) -> Any:
    data = {
        "compte": "oui",
        "identite": mark_shown(client),
        "identifiant": typed,
        "mot_de_passe": password,
        **robot_answer(),
    }
    return client.post(LINK, {"compte": "oui", **robot_answer()} | data | more)


def link_with_account(client: Client, identity: StrongIdentity, person: User, outbox: Any) -> Any:
    """Unknown identity, password, code, link; the answer that follows the second proof's redirection."""
    arrive(client, identity)
    answer = post_link(client, person.identifiant)
    assert answer.headers["Location"] == "/connexion/verification/", answer.content.decode()[:2000]
    proved = client.post(
        "/connexion/verification/", {"preuve": outbox.last(person.email).code, "moyen": "mail"}
    )
    return client.get(proved.headers["Location"])


def owner_of(identity: StrongIdentity) -> User | None:
    link = NationalLink.objects.filter(national_id=identity.national_id, ended_at=None).first()
    return link.user if link else None


def live_means(person: User) -> list[StrongMeans]:
    rows = StrongMeans.objects.filter(link__user=person, link__ended_at=None, unlinked_at=None)
    return list(rows.order_by("pk"))


def level_of(client: Client, person: User) -> int:
    row = person.portal_sessions.filter(ended_at=None).order_by("-started_at", "-pk").first()
    return row.level if row else 0


def text_of(response: Any) -> str:
    """The page on one line, with straight apostrophes and plain spaces."""
    return " ".join(html.unescape(response.content.decode()).replace("’", "'").split())
