"""A stolen password that passed the first step must not outlive the owner's new password (PWD-5, SES-6)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import UserSession
from accounts.workflows import account, credentials
from tests.accounts.signin.steps import PROOF, post_password, post_proof
from tests.hub.people import make_agent
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.security("SES-6", "MFA-1")]
NEW_PASSWORD = "Roseau-Tiede-83-Loire"


def test_a_new_password_ends_the_sign_ins_begun_with_the_old_one(outbox: Outbox) -> None:
    thief, person = Client(), make_person()
    assert post_password(thief, person.identifiant)["Location"] == PROOF
    code = outbox.last(person.email).code
    credentials.change(person, NEW_PASSWORD, request=None)
    assert post_proof(thief, code)["Location"] == "/connexion/"
    assert thief.get(PROOF)["Location"] == "/connexion/"
    assert not UserSession.objects.exists()


def test_a_sign_in_begun_before_a_suspension_goes_nowhere(outbox: Outbox) -> None:
    thief, person = Client(), make_person()
    post_password(thief, person.identifiant)
    code = outbox.last(person.email).code
    account.suspend(person, actor=make_agent(), reason="vol de mot de passe")
    assert post_proof(thief, code)["Location"] == "/connexion/"
    account.reactivate(person, actor=make_agent("autre.agent"), reason="réglé")
    assert post_proof(thief, code)["Location"] == "/connexion/"
    assert not UserSession.objects.exists()


def test_the_second_step_alone_opens_nothing(outbox: Outbox) -> None:
    person = make_person()
    post_password(Client(), person.identifiant)
    code = outbox.last(person.email).code
    stranger = Client()
    for path in (PROOF, "/connexion/verification/envoyer/", "/connexion/code-ephemere/saisie/"):
        answer = stranger.post(path, {"preuve": code, "code": code, "moyen": "mail"})
        assert answer.status_code == 302 and answer["Location"].startswith("/connexion/")
    assert not UserSession.objects.exists()
