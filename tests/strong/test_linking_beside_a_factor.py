"""A stolen password and mailbox add no card of the thief to an account that an app protects (MFA-4)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts import devices_means, keyed, second_proof
from accounts.models import User
from tests.strong.steps import CARD, ECPS, arrive, level_of, live_means, owner_of, post_link, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.security("MFA-4", "RP-4")]
PROOF = "/connexion/verification/"
END = "/connexion/rattachement/fin/"


@pytest.fixture
def secret(person: User) -> str:
    made = devices_means.new_totp_secret()
    data = {"secret": keyed.encrypt(made), "last_t": 0}
    Authenticator.objects.create(user=person, type="totp", data=data)
    return made


def figures(secret: str, shift: int = 0) -> str:
    return second_proof.format_hotp_value(second_proof.hotp_value(secret, int(time.time()) // 30 + shift))


def by_mailed_code(client: Client, person: User, outbox: Outbox) -> Any:
    post_link(client, person.identifiant)
    client.post(f"{PROOF}envoyer/", {"moyen": "mail"})
    return client.post(PROOF, {"preuve": outbox.last(person.email).code, "moyen": "mail"})


@pytest.mark.parametrize("identity", [CARD, ECPS], ids=["card", "e-CPS"])
def test_a_mailed_code_links_nothing_beside_an_app(
    client: Client, person: User, secret: str, outbox: Outbox, identity: Any
) -> None:
    arrive(client, identity)
    assert by_mailed_code(client, person, outbox).headers["Location"] == END
    asked = client.get(END)
    assert asked.headers["Location"].startswith("/connexion/preuve/?next=")
    assert owner_of(identity) is None and not live_means(person)
    assert level_of(client, person) == 1


def test_the_app_asked_next_links_it(client: Client, person: User, secret: str, outbox: Outbox) -> None:
    arrive(client, CARD)
    by_mailed_code(client, person, outbox)
    asked = client.get(END).headers["Location"]
    client.post(asked, {"preuve": PASSWORD, "moyen": "password"})
    proved = client.post(asked, {"preuve": figures(secret), "moyen": "totp"})
    assert proved.headers["Location"] == END
    assert "succès" in text_of(client.get(END, follow=True))
    assert owner_of(CARD) == person and level_of(client, person) == 3


def test_the_app_at_the_second_proof_links_it_at_once(client: Client, person: User, secret: str) -> None:
    arrive(client, CARD)
    post_link(client, person.identifiant)
    client.post(PROOF, {"preuve": figures(secret), "moyen": "totp"})
    assert client.get(END).headers["Location"] == "/connexion/rattachement/reussi/"
    assert owner_of(CARD) == person
