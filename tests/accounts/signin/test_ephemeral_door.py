"""« Code Éphémère »: a code first, then another means; the same pages for an account that does not exist."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import OneTimeCode, UserSession
from tests.accounts.signin.steps import DOOR, PROOF, post_proof, text_of
from tests.accounts.signin.test_lock_out import anonymous
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD, make_person

pytestmark = pytest.mark.django_db
ASK = "/connexion/code-ephemere/"
ENTER = "/connexion/code-ephemere/saisie/"


@pytest.fixture(autouse=True)
def _no_padding(settings):
    settings.EVEN_TIME_SECONDS = 0


def ask(client: Client, typed: str, channel: str = "mail", **more: str):
    return client.post(ASK, {"identifiant": typed, "canal": channel, **more})


@pytest.mark.feature("ROR-024", "ROR-017")
@pytest.mark.security("MFA-1")
def test_a_mailed_code_then_the_password_open_a_session(client, outbox: Outbox):
    person = make_person()
    assert 'name="canal"' in text_of(client.get(DOOR, {"onglet": "code-ephemere"}))
    assert ask(client, person.email)["Location"] == ENTER
    answer = client.post(ENTER, {"code": outbox.last(person.email).code})
    assert answer["Location"] == PROOF
    assert not UserSession.objects.exists()
    assert 'type="password"' in text_of(client.get(PROOF))
    assert post_proof(client, PASSWORD, "password").status_code == 302
    row = UserSession.objects.get()
    assert (row.level, row.methods) == (1, ["mail", "password"])


@pytest.mark.feature("ROR-024")
def test_a_code_by_sms_then_one_by_mail_open_a_session(client, outbox: Outbox):
    person = make_person(mobile=True)
    ask(client, person.identifiant, "sms")
    client.post(ENTER, {"code": outbox.last(person.phone_mobile).code})
    html = text_of(client.get(PROOF))
    assert "Recevoir un code par e-mail" in html and "Recevoir un code par SMS" not in html
    client.post("/connexion/verification/envoyer/", {"moyen": "mail"})
    assert post_proof(client, outbox.last(person.email).code, "mail").status_code == 302
    assert UserSession.objects.get().methods == ["sms", "mail"]


@pytest.mark.security("MFA-1")
def test_the_channel_of_the_first_code_is_no_second_proof(client, outbox: Outbox):
    person = make_person()
    ask(client, person.email)
    first = outbox.last(person.email).code
    client.post(ENTER, {"code": first})
    assert client.post("/connexion/verification/envoyer/", {"moyen": "mail"}).status_code == 302
    assert len(outbox.emails()) == 1
    assert post_proof(client, first, "mail").status_code == 200
    assert not UserSession.objects.exists()


def test_a_wrong_password_after_the_code_is_slowed_like_at_its_own_door(client, outbox: Outbox):
    person = make_person()
    ask(client, person.email)
    client.post(ENTER, {"code": outbox.last(person.email).code})
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(5):
            html = text_of(post_proof(client, "faux", "password"))
        assert "Mot de passe incorrect. Prochain essai possible dans 1 seconde." in html
        assert "attendez encore 1 seconde" in text_of(post_proof(client, PASSWORD, "password"))
        other = Client()
        answer = other.post(DOOR, {"identifiant": person.identifiant, "mot_de_passe": PASSWORD})
        assert answer.status_code == 429


@pytest.mark.security("ABU-1", "CODE-6")
def test_known_and_unknown_see_the_same_from_end_to_end(outbox: Outbox):
    person = make_person()
    known, unknown = Client(), Client()
    start = timezone.now()
    for seconds in (0, 1, 31, 62, 93):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            answers = [ask(known, person.email), ask(unknown, "inconnue@cabinet.example")]
            assert answers[0]["Location"] == answers[1]["Location"] == ENTER
            pages = [anonymous(text_of(c.get(ENTER))) for c in (known, unknown)]
            assert pages[0] == pages[1], seconds
    with time_machine.travel(start + timedelta(seconds=100), tick=False):
        for _ in range(7):
            pages = [anonymous(text_of(c.post(ENTER, {"code": "000001"}))) for c in (known, unknown)]
            assert pages[0] == pages[1]
    assert "ce code ne fonctionne plus" in pages[0]
    assert len(outbox.emails()) == 3
    assert OneTimeCode.objects.filter(user=None).count() == 3


@pytest.mark.security("ABU-1")
@pytest.mark.parametrize(
    "fields", [{"status": "pending", "email_verified_at": None}, {"status": "suspended"}]
)
def test_an_account_that_may_not_come_in_gets_no_code_and_nobody_can_tell(client, outbox: Outbox, fields):
    person = make_person(**fields)
    assert ask(client, person.email)["Location"] == ENTER
    assert len(outbox) == 0


def test_no_sms_leaves_for_a_mobile_that_was_not_proved(client, outbox: Outbox):
    person = make_person(phone_mobile="+33639980177")
    assert ask(client, person.email, "sms")["Location"] == ENTER
    assert len(outbox) == 0


@pytest.mark.security("ABU-1")
def test_both_answers_leave_at_the_same_moment(settings):
    settings.EVEN_TIME_SECONDS = 0.2
    person = make_person()
    times = {}
    for name, typed in (("known", person.email), ("unknown", "inconnue@cabinet.example")):
        took = []
        for _ in range(3):
            started = time.monotonic()
            ask(Client(), typed)
            took.append(time.monotonic() - started)
        times[name] = statistics.median(took)
    assert min(times.values()) >= 0.2


@pytest.mark.parametrize("typed", ["", "<b>", "x\x00", "9" * 400])
def test_any_identity_gets_an_answer(client, typed):
    assert ask(client, typed).status_code in (200, 302)


@pytest.mark.parametrize("channel", ["", "pigeon", "mail,sms"])
def test_an_unknown_channel_is_an_error_at_the_field(client, channel):
    answer = ask(client, "quelqu.un", channel)
    assert answer.status_code == 200 and "has-error" in text_of(answer)


@pytest.mark.parametrize(
    "code", ["", "abc", "12345678901234567890123456789012345678901234", "１２３４５６", "\u202e12"]
)
def test_any_code_gets_an_answer(client, code):
    ask(client, make_person().email)
    assert client.post(ENTER, {"code": code}).status_code == 200


def test_the_code_page_without_a_request_goes_back_to_the_door(client):
    assert client.get(ENTER)["Location"].startswith(DOOR)
    assert client.post(f"{ASK}renvoyer/")["Location"] == DOOR


def test_the_person_ends_where_they_were_going(client, outbox: Outbox):
    person = make_person()
    ask(client, person.email, next="/preferences/journal/")
    client.post(ENTER, {"code": outbox.last(person.email).code})
    assert post_proof(client, PASSWORD, "password")["Location"] == "/preferences/journal/"


def test_a_resend_replaces_the_code(client, outbox: Outbox):
    person = make_person()
    ask(client, person.email)
    old = outbox.last().code
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        client.post(f"{ASK}renvoyer/")
        new = outbox.last().code
        assert client.post(ENTER, {"code": old}).status_code == (302 if old == new else 200)
        assert client.post(ENTER, {"code": new})["Location"] == PROOF


def test_the_code_never_stands_in_the_page_or_the_address(client, outbox: Outbox):
    person = make_person()
    answer = ask(client, person.email)
    code = outbox.last().code
    assert code not in answer["Location"]
    assert not re.search(rf"\b{code}\b", client.get(ENTER).content.decode())
