"""A step is not reached by its address: each one proves on the server that the one before was made (ACL-3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from accounts import codes, devices_means, support, throttle
from accounts.models import UserSession
from tests.accounts.signin.steps import post_password
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD, make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("ACL-3")]

LATER_STEPS = (
    ("/connexion/verification/", {"preuve": "000000", "moyen": "mail"}),
    ("/connexion/verification/envoyer/", {"moyen": "sms"}),
    ("/connexion/code-ephemere/saisie/", {"code": "000000", "mot_de_passe": PASSWORD}),
    ("/connexion/code-ephemere/renvoyer/", {}),
    ("/connexion/moyen-perdu/", {}),
    ("/connexion/moyen-perdu/pas-moi/", {}),
    ("/connexion/rattachement/", {"identifiant": "personne1", "mot_de_passe": PASSWORD}),
    ("/inscription/validation/", {}),
    ("/inscription/renvoyer/", {}),
    (
        "/mot-de-passe/choisir/",
        {"password": "Un-Autre-Secret-91", "password_confirmation": "Un-Autre-Secret-91"},
    ),
)
LATER_STEPS_INSIDE = (
    ("/preferences/mobile/code/", {"code": "000000"}),
    ("/preferences/mobile/code/", {"code": ""}),
    ("/preferences/mobile/renvoyer/", {}),
    ("/preferences/moyens/application/", {"code": "000000"}),
    ("/preferences/moyens/cles/ajouter/", {"nom": "x", "reponse": "{}"}),
    ("/preferences/moyens/codes-de-secours/fichier/", {}),
    ("/preferences/moyens/perdu/", {"perdu": "all"}),
    ("/preferences/moyens/perdu/annuler/", {}),
    ("/preferences/adresse/annuler/", {}),
)
WATCHED = (
    "accounts.User",
    "accounts.UserSession",
    "accounts.MailedLink",
    "accounts.EmailChange",
    "mfa.Authenticator",
)


def state() -> dict[str, Any]:
    return {name: sorted(map(str, apps.get_model(name).objects.values_list())) for name in WATCHED}


@pytest.mark.parametrize(("path", "fields"), LATER_STEPS)
def test_a_visitor_gains_nothing_from_a_later_step(path: str, fields: dict[str, str], outbox: Outbox) -> None:
    make_person(identifiant="personne1", email="cible@cabinet.example", mobile=True)
    before, visitor = state(), Client()
    for data in (fields, {}, {**fields, "user": "1", "level": "3", "etape": "fin", "next": "/preferences/"}):
        answer = visitor.post(path, data)
        assert answer.status_code < 500
        assert "_auth_user_id" not in visitor.session
    assert state() == before
    assert not outbox.messages


@pytest.mark.parametrize(("path", "fields"), LATER_STEPS_INSIDE)
def test_a_signed_in_person_skips_nothing_either(path: str, fields: dict[str, str], outbox: Outbox) -> None:
    person, browser = make_person(), Client()
    row = sign_in(browser, person)
    before = state()
    for data in (fields, {**fields, "user": "1", "mobile_a_prouver": "+33639989999"}):
        assert browser.post(path, data).status_code < 500
    after = state()
    seen = [name for name in WATCHED if name != "accounts.UserSession"]
    assert {name: after[name] for name in seen} == {name: before[name] for name in seen}
    assert UserSession.objects.get(pk=row.pk).level == 1
    assert devices_means.totp_of(person) is None
    assert not outbox.messages


@pytest.mark.security("MFA-1")
def test_half_a_sign_in_opens_no_private_page() -> None:
    person, browser = make_person(), Client()
    post_password(browser, person.identifiant)
    for path in (
        "/preferences/",
        "/preferences/moyens/perdu/",
        "/preferences/mes-donnees/",
        "/preferences/journal/",
    ):
        assert browser.get(path)["Location"].startswith("/connexion/"), path
        assert browser.post(path).status_code in (302, 405), path
    assert not UserSession.objects.exists()


@pytest.mark.security("PWD-4")
def test_a_leaked_password_opens_nothing_any_more(outbox: Outbox) -> None:
    person, agent, thief = make_person(), make_person(is_staff=True), Client()
    sign_in(thief, person)
    support.forbid_password(person, actor=agent, reason="liste publiée")
    assert thief.get("/preferences/").status_code == 302
    assert post_password(Client(), person.identifiant).status_code == 200
    told = outbox.emails(person.email)
    assert "ne peut plus servir" in told[0].subject and "/mot-de-passe/choisir/" in told[-1].link
    with pytest.raises(support.Refused, match="mot de passe utilisable"):
        support.forbid_password(person, actor=agent, reason="encore")


@pytest.mark.security("ABU-5")
def test_whatever_door_a_stranger_closed_the_support_opens_it_again() -> None:
    person, agent = make_person(), make_person(is_staff=True)
    key = codes.account_key(person)
    for door in throttle.DOORS:
        for _ in range(10):
            throttle.failure(door, key)
        assert throttle.wait(door, key), door
    support.unlock(person, actor=agent, reason="appel de 10 h")
    assert [door for door in throttle.DOORS if throttle.wait(door, key)] == []
