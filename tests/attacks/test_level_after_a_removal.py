"""The level of a session falls with the factor that gave it, another factor of the account or not (MFA-3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts import second_proof, sessions
from accounts.models import UserSession
from accounts.strong import linking, means
from tests.accounts.signin.test_means import MEANS, TOTP, add_passkey, add_totp
from tests.strong.steps import CARD
from tests.support.passkey import SoftPasskey
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("MFA-3", "MFA-4")]
REMOVE = f"{TOTP}retirer/"


@pytest.fixture
def person(settings: Any) -> Any:
    settings.SITE_URL = "http://localhost:8000"
    return make_person()


def row_of(person: Any) -> UserSession:
    return UserSession.objects.get(user=person, ended_at=None)


def test_the_app_goes_and_a_passkey_never_shown_here_keeps_no_level(client: Client, person: Any) -> None:
    sign_in(client, person)
    add_totp(client)
    add_passkey(client, SoftPasskey())
    UserSession.objects.update(methods=["password", "totp"])
    assert client.post(REMOVE).status_code == 302
    assert (row_of(person).level, row_of(person).proved_level) == (1, 1)
    assert client.get("/preferences/moyens/cles/ajouter/")["Location"].startswith("/connexion/preuve/")


def test_the_app_goes_and_the_passkey_that_was_shown_keeps_the_level(client: Client, person: Any) -> None:
    sign_in(client, person)
    add_totp(client)
    add_passkey(client, SoftPasskey())
    client.post(REMOVE)
    assert row_of(person).methods == ["password", "mail", "totp", "passkey"]
    assert row_of(person).level == 2


def test_the_card_goes_and_an_app_never_shown_here_gives_nothing(client: Client, person: Any) -> None:
    linking.link(None, person, CARD)
    sign_in(client, person, level=3)
    second_proof.Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    UserSession.objects.update(methods=["card"])
    address = f"{MEANS}cartes/{means.linked(person).get().public_id}/retirer/"
    client.post(address)
    assert (row_of(person).level, row_of(person).proved_level) == (1, 1)
    assert client.get(REMOVE)["Location"].startswith("/connexion/preuve/")


def test_a_recovery_code_still_replaces_a_lost_telephone(client: Client, person: Any) -> None:
    sign_in(client, person)
    add_totp(client)
    add_passkey(client, SoftPasskey())
    UserSession.objects.update(methods=["password", "recovery"], level=1, proved_level=2)
    client.post(REMOVE)
    assert client.get(TOTP).status_code == 200


def test_nothing_is_ever_raised(person: Any) -> None:
    row = sign_in(Client(), person)
    sessions.lower(row, 3)
    assert row.level == 1
