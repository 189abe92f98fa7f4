"""One-time codes: budget, life, tries, single use, binding to the browser and the purpose."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AttemptCounter, OneTimeCode, UserSession
from tests.accounts.signin.steps import PROOF, post_password, post_proof, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person

pytestmark = pytest.mark.django_db
SEND = "/connexion/verification/envoyer/"


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


@pytest.fixture
def person(db):
    return make_person(mobile=True)


@pytest.fixture
def code(client, person, outbox: Outbox) -> str:
    """The code of a sign-in begun in `client`."""
    post_password(client, person.identifiant)
    return outbox.last(person.email).code


def test_while_the_code_is_asked_the_header_offers_no_second_sign_in(client, code):
    assert "data-portal-login" not in client.get(PROOF).content.decode()
    assert "data-portal-login" in Client().get("/").content.decode()


@pytest.mark.security("CODE-1", "CODE-7")
def test_only_a_keyed_hash_is_kept_and_it_goes_once_used(client, code):
    row = OneTimeCode.objects.get()
    assert re.fullmatch(r"\d{6}", code)
    assert code not in str(vars(row)) and len(row.code_hash) == 64
    post_proof(client, code)
    row.refresh_from_db()
    assert row.code_hash == "" and row.used_at is not None


@pytest.mark.feature("EA-036", "EA-037")
def test_a_wrong_code_says_how_many_tries_remain(client, code):
    html = text_of(post_proof(client, other(code)))
    assert "Ce code n’est pas le bon. Il vous reste 4 essais." in html
    assert post_proof(client, code).status_code == 302


@pytest.mark.feature("CVL-041")
def test_a_code_with_spaces_and_leading_zeros_is_the_same_code(client, person, outbox: Outbox, monkeypatch):
    monkeypatch.setattr("accounts.codes.secrets.randbelow", lambda limit: 787)
    post_password(client, person.identifiant)
    assert outbox.last().code == "000787"
    assert post_proof(client, " 000 787 ").status_code == 302


@pytest.mark.security("CODE-5")
def test_five_wrong_tries_kill_the_code(client, code):
    now = timezone.now()
    for number in range(5):
        with time_machine.travel(now + timedelta(seconds=number), tick=False):
            answer = post_proof(client, other(code))
    assert "ce code ne fonctionne plus" in text_of(answer)
    with time_machine.travel(now + timedelta(seconds=60), tick=False):
        assert "ce code ne fonctionne plus" in text_of(post_proof(client, code))
    assert not UserSession.objects.exists()


@pytest.mark.security("CODE-5", "CODE-8")
def test_a_right_code_inside_a_delay_is_told_to_wait_and_still_works_after(
    client, person, code, outbox: Outbox
):
    now = timezone.now()
    for number in range(5):
        with time_machine.travel(now + timedelta(seconds=number), tick=False):
            post_proof(client, other(code))
    with time_machine.travel(now + timedelta(seconds=40), tick=False):
        client.post(SEND, {"moyen": "mail"})
        fresh = outbox.last(person.email).code
        post_proof(client, other(fresh))
        html = text_of(post_proof(client, fresh))
        assert "attendez encore 2 secondes" in html and "peut resservir" in html
        assert not UserSession.objects.exists()
    with time_machine.travel(now + timedelta(seconds=43), tick=False):
        assert post_proof(client, fresh).status_code == 302


@pytest.mark.security("CODE-2")
def test_the_life_of_the_default_platform_is_ten_minutes(client, code):
    now = timezone.now()
    with time_machine.travel(now + timedelta(seconds=601), tick=False):
        assert "Ce code n’est plus valable" in text_of(post_proof(client, code))
    with time_machine.travel(now + timedelta(seconds=590), tick=False):
        assert post_proof(client, code).status_code == 302


@pytest.mark.security("CODE-4")
def test_a_code_works_once(client, person, code):
    assert post_proof(client, code).status_code == 302
    again = Client()
    post_password(again, person.identifiant)
    assert post_proof(again, code).status_code == 200
    assert UserSession.objects.count() == 1


@pytest.mark.security("CODE-3")
def test_the_code_of_one_browser_does_not_open_another(client, person, code):
    thief = Client()
    post_password(thief, person.identifiant)
    assert post_proof(thief, code).status_code == 200
    assert not UserSession.objects.exists()


@pytest.mark.security("CODE-3")
def test_an_ephemeral_code_is_no_second_proof(client, person, outbox: Outbox):
    client.post("/connexion/code-ephemere/", {"identifiant": person.identifiant, "canal": "mail"})
    ephemeral = outbox.last(person.email).code
    post_password(client, person.identifiant)
    assert post_proof(client, ephemeral).status_code == 200
    assert not UserSession.objects.exists()


@pytest.mark.feature("EA-035")
def test_the_person_chooses_the_channel_among_masked_destinations(client, person, code, outbox: Outbox):
    html = text_of(client.get(PROOF))
    assert "p…@cabinet.example" in html and "06 •• •• ••" in html
    assert person.phone_mobile not in html and person.email not in html
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        assert client.post(SEND, {"moyen": "sms"})["Location"] == f"{PROOF}?moyen=sms"
        message = outbox.last(person.phone_mobile)
        assert message.channel == "sms"
        assert post_proof(client, message.code, "sms").status_code == 302
    assert UserSession.objects.get().methods == ["password", "sms"]


def test_an_unproved_mobile_receives_nothing(client, outbox: Outbox):
    person = make_person(phone_mobile="+33639980199")
    post_password(client, person.identifiant)
    assert "06 ••" not in text_of(client.get(PROOF))
    client.post(SEND, {"moyen": "sms"})
    assert outbox.texts() == []


def test_the_preferred_channel_is_used_first(client, outbox: Outbox):
    person = make_person(mobile=True, preferred_channel="sms")
    post_password(client, person.identifiant)
    assert [m.channel for m in outbox.messages] == ["sms"]


@pytest.mark.security("CODE-6")
def test_another_code_waits_for_its_delay_and_three_are_the_most_in_ten_minutes(
    client, person, code, outbox: Outbox
):
    now = timezone.now()
    early = client.post(SEND, {"moyen": "mail"}, follow=True)
    assert "Un code vient d’être envoyé : nouvel envoi possible dans" in text_of(early)
    for seconds in (31, 62):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            client.post(SEND, {"moyen": "mail"})
    assert len(outbox.emails()) == 3
    with time_machine.travel(now + timedelta(seconds=95), tick=False):
        late = client.post(SEND, {"moyen": "mail"}, follow=True)
        assert "Trop de codes demandés : nouvel envoi possible dans" in text_of(late)
        assert "nouvel envoi possible dans" in text_of(client.get(PROOF)).lower()
    assert len(outbox.emails()) == 3
    with time_machine.travel(now + timedelta(seconds=602), tick=False):
        client.post(SEND, {"moyen": "mail"})
    assert len(outbox.emails()) == 4


@pytest.mark.security("CODE-6")
def test_a_phone_gets_ten_codes_a_day_at_most(client, outbox: Outbox):
    person = make_person(mobile=True, preferred_channel="sms")
    now = timezone.now()
    for number in range(12):
        with time_machine.travel(now + timedelta(seconds=605 * number), tick=False):
            post_password(client, person.identifiant)
    assert len(outbox.texts()) == 10


@pytest.mark.security("CODE-6")
def test_a_new_code_replaces_the_one_before(client, person, code, outbox: Outbox):
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        client.post(SEND, {"moyen": "mail"})
        assert post_proof(client, code).status_code == 200
        assert post_proof(client, outbox.last(person.email).code).status_code == 302


@pytest.mark.security("CODE-5")
def test_a_day_allows_twenty_five_wrong_codes_for_an_account(client, person, outbox: Outbox):
    AttemptCounter.objects.all().delete()
    now = timezone.now()
    post_password(client, person.identifiant)
    refused = ""
    for number in range(26):
        with time_machine.travel(now + timedelta(minutes=16 * number + 1), tick=False):
            post_password(client, person.identifiant)
            refused = text_of(post_proof(client, other(outbox.last(person.email).code)))
            if "24 heures" in refused:
                break
    assert "Trop de codes faux ces dernières 24 heures" in refused
    assert number == 25


def test_a_message_that_could_not_leave_is_told(client, person, code, outbox: Outbox):
    from portal.messaging.models import OutgoingMessage, Status  # noqa: PLC0415

    OutgoingMessage.objects.update(status=Status.FAILED, finished_at=timezone.now(), sealed_body=None)
    assert "Le message n’a pas pu partir" in text_of(client.get(PROOF))


@pytest.mark.security("CODE-8")
def test_the_mail_says_what_it_is_for_and_that_nobody_will_ask(client, person, code, outbox: Outbox):
    text = outbox.last(person.email).text
    assert "vous connecter" in text and "ne vous demandera ce code" in text
    assert code not in outbox.last(person.email).subject
