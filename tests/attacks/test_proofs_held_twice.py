"""A proof that a session was waiting for, given by several requests of the same instant, or without its password."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY
from django.test import Client
from django.utils import timezone

from accounts.models import UserSession
from tests.accounts.signin.steps import PROOF, post_password, post_proof, text_of
from tests.accounts.signin.test_means import (
    MEANS,
    PASSKEY,
    TOTP,
    add_passkey,
    add_totp,
    figures,
    options_of,
)
from tests.support.passkey import SoftPasskey
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db
REMOVE = f"{TOTP}retirer/"
STEP_UP = f"/connexion/niveau/?niveau=2&next={REMOVE}"


@pytest.fixture
def person(settings) -> Any:
    settings.SITE_URL = "http://localhost:8000"
    return make_person()


def waiting(browser: Client) -> Any:
    """The challenge of that browser, as a request that has already read its session holds it."""
    return browser.session[STATE_SESSION_KEY]


def give(browser: Client, state: Any) -> None:
    store = browser.session
    store[STATE_SESSION_KEY] = state
    store.save()


# --- passkeys: one answer, one use (MFA-6, CODE-4) --------------------------------------------------------
@pytest.mark.security("CODE-4", "MFA-6")
def test_one_answer_of_a_passkey_opens_one_session(client: Client, person: Any) -> None:
    key, here, at_once = SoftPasskey(), Client(), Client()
    sign_in(client, person)
    add_passkey(client, key)
    for browser in (here, at_once):
        post_password(browser, person.identifiant)
    answer = json.dumps(key.get(options_of(here.get(PROOF))))
    give(at_once, waiting(here))
    assert post_proof(here, answer, "passkey").status_code == 302
    assert "n’a pas été reconnue" in text_of(post_proof(at_once, answer, "passkey"))
    assert UserSession.objects.filter(ended_at=None).count() == 2


@pytest.mark.security("CODE-4", "MFA-4")
def test_one_answer_of_a_new_passkey_is_kept_once(client: Client, person: Any) -> None:
    key = SoftPasskey()
    sign_in(client, person)
    answer = json.dumps(key.create(options_of(client.get(PASSKEY))))
    state = waiting(client)
    assert client.post(PASSKEY, {"nom": "Poste", "reponse": answer}).status_code == 302
    give(client, state)
    assert client.post(PASSKEY, {"nom": "Poste", "reponse": answer}).status_code == 200
    assert Authenticator.objects.filter(type="webauthn").count() == 1


# --- a factor without its password (MFA-4) ------------------------------------------------------------------
@pytest.mark.security("MFA-4")
def test_the_factor_alone_raises_the_level_and_removes_no_factor(client: Client, person: Any) -> None:
    sign_in(client, person)
    secret = add_totp(client)
    UserSession.objects.update(level=1, proved_level=1, proved_at=timezone.now() - timedelta(hours=2))
    assert client.post(STEP_UP, {"preuve": figures(secret), "moyen": "totp"})["Location"] == REMOVE
    assert UserSession.objects.get().level == 2
    for answer in (client.get(REMOVE), client.post(REMOVE)):
        assert answer["Location"].startswith("/connexion/preuve/")
    assert "mot de passe" in text_of(client.get(f"/connexion/preuve/?next={REMOVE}"))
    assert Authenticator.objects.filter(type="totp").exists()


@pytest.mark.security("MFA-4")
def test_the_factor_added_to_a_recent_sign_in_makes_a_whole_proof(client: Client, person: Any) -> None:
    sign_in(client, person)
    secret = add_totp(client)
    signed_in_at = timezone.now() - timedelta(minutes=14)
    UserSession.objects.update(level=1, proved_level=1, proved_at=signed_in_at)
    assert client.get(REMOVE).status_code == 302
    client.post(STEP_UP, {"preuve": figures(secret), "moyen": "totp"})
    assert client.get(REMOVE).status_code == 200
    assert UserSession.objects.get().proved_at == signed_in_at
    assert client.get(MEANS).status_code == 200


@pytest.mark.security("MFA-4")
def test_who_has_no_password_owes_none(client: Client) -> None:
    sign_in(client, make_person(password=None))
    secret = add_totp(client)
    UserSession.objects.update(level=1, proved_level=1, proved_at=timezone.now() - timedelta(hours=2))
    client.post(STEP_UP, {"preuve": figures(secret), "moyen": "totp"})
    assert client.get(REMOVE).status_code == 200
