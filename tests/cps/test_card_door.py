"""The way by the agent, on the portal's side: challenge, answer, refusals, and where one arrives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.utils import timezone

from accounts.cps.models import CardToken
from accounts.cps.reasons import WORDS, Reason
from accounts.models import SecurityEvent
from accounts.strong import pending
from portal.simulators.cps import pki
from tests.cps.support import CARD_URL, HUGO, Signer, ask, base64_of, card, card_key, send, signer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("card_door")]


def last_refusal() -> SecurityEvent:
    found = SecurityEvent.objects.filter(action="strong_refused").order_by("-pk").first()
    assert found is not None
    return found


def refused(answer: Any, reason: Reason) -> None:
    page = answer.content.decode()
    assert answer.status_code == 403
    assert WORDS[reason].title in page
    assert WORDS[reason].sentence in page
    event = last_refusal()
    assert (event.reason, event.outcome, event.method) == (reason.value, "refused", "card")


@pytest.mark.feature("ROR-025", "ROR-053", "ROR-054", "VT-028", "VT-035")
def test_an_unknown_card_leads_to_the_page_that_links_it(client: Client) -> None:
    answer = send(client, signer().fields(ask(client)))
    assert (answer.status_code, answer["Location"]) == (302, "/connexion/rattachement/")
    request: Any = type("Request", (), {"session": client.session})()
    waiting = pending.read(request)
    assert waiting is not None
    found = waiting.identity
    assert (found.means, found.national_id, found.nom, found.prenom) == (
        "card", "899700000013", "VALDENAIRE", "HUGO",
    )  # fmt: skip
    assert (found.card_kind, found.card_number, found.profession_codes) == ("CPS", "2900000013", ("10",))
    assert found.issuer == "TEST AC IGC-SIMULEE FORT PERSONNES"


def test_where_the_person_was_going_is_kept_when_it_is_ours(client: Client) -> None:
    send(client, signer().fields(ask(client), next="/preferences/"))
    request: Any = type("Request", (), {"session": client.session})()
    assert pending.read(request).next_url == "/preferences/"  # type: ignore[union-attr]
    other = Client()
    send(other, signer().fields(ask(other), next="//evil.test/"))
    request.session = other.session
    assert pending.read(request).next_url == ""  # type: ignore[union-attr]


# --- the challenge ------------------------------------------------------------------------------------------
@pytest.mark.security("CPS-1")
def test_a_challenge_holds_thirty_two_random_bytes_and_two_minutes(client: Client) -> None:
    asked, other = ask(client), ask(client)
    assert len(asked["alea"]) == 43
    assert asked["alea"] != other["alea"]
    left = CardToken.objects.latest("pk").expires_at - timezone.now()
    assert timedelta(seconds=110) < left <= timedelta(seconds=120)
    assert not CardToken.objects.filter(digest__contains=asked["alea"][:10]).exists()


@pytest.mark.security("CPS-1")
def test_an_answer_serves_once(client: Client) -> None:
    fields = signer().fields(ask(client))
    keep = client.session["card_holder"]
    assert send(client, fields).status_code == 302
    assert client.session.get("card_holder") == keep
    refused(send(client, fields), Reason.CHALLENGE_GONE)


@pytest.mark.security("CPS-1")
def test_a_refused_answer_uses_the_challenge_too(client: Client) -> None:
    fields = signer().fields(ask(client))
    refused(send(client, {**fields, "signature": fields["certificat"]}), Reason.BAD_SIGNATURE)
    refused(send(client, fields), Reason.CHALLENGE_GONE)


@pytest.mark.security("CPS-1")
def test_the_challenge_of_another_session_is_worth_nothing(client: Client) -> None:
    fields = signer().fields(ask(client))
    thief = Client()
    ask(thief)
    refused(send(thief, fields), Reason.CHALLENGE_GONE)
    refused(send(Client(), fields), Reason.CHALLENGE_GONE)
    assert send(client, fields).status_code == 302


@pytest.mark.security("CPS-1")
def test_an_answer_after_two_minutes_is_too_late(client: Client) -> None:
    fields = signer().fields(ask(client))
    with time_machine.travel(timezone.now() + timedelta(seconds=121)):
        refused(send(client, fields), Reason.CHALLENGE_GONE)


@pytest.mark.security("CPS-1")
def test_what_was_signed_for_another_site_is_refused(client: Client) -> None:
    relay = replace(signer(), origin="http://portail-faux.test")
    refused(send(client, relay.fields(ask(client))), Reason.BAD_SIGNATURE)


@pytest.mark.security("CPS-1")
@pytest.mark.parametrize("name", ["motif", "expire", "alea"])
def test_what_was_signed_for_something_else_is_refused(client: Client, name: str) -> None:
    asked = ask(client)
    changed = {"motif": "confirmation", "expire": "2030-01-01T00:00:00Z", "alea": "a" * 43}
    fields = signer().fields({**asked, name: changed[name]}, alea=asked["alea"])
    refused(send(client, fields), Reason.BAD_SIGNATURE)


@pytest.mark.security("CPS-1")
def test_a_certificate_without_its_key_signs_nobody_in(client: Client) -> None:
    thief = Signer(card(), rsa.generate_private_key(public_exponent=65537, key_size=2048))
    refused(send(client, thief.fields(ask(client))), Reason.BAD_SIGNATURE)


@pytest.mark.security("CPS-1")
def test_the_signature_is_checked_before_the_certificate_is_believed(client: Client) -> None:
    """A stranger's certificate with a bad signature says nothing about what we think of the certificate."""
    thief = Signer(card(issuer="ailleurs"), rsa.generate_private_key(public_exponent=65537, key_size=2048))
    refused(send(client, thief.fields(ask(client))), Reason.BAD_SIGNATURE)


def test_a_pss_signature_opens_as_well(client: Client) -> None:
    assert send(client, signer().fields(ask(client), pss=True)).status_code == 302


@pytest.mark.security("CPS-1")
def test_twenty_answers_at_once_open_one_door(
    transactional_db: None, client: Client, fresh_lists: Any
) -> None:
    from django.db import connection  # noqa: PLC0415

    fields = signer().fields(ask(client))
    cookie = client.cookies["sessionid"].value
    statuses: list[int] = []

    def go() -> None:
        other = Client()
        other.cookies["sessionid"] = cookie
        statuses.append(send(other, fields).status_code)
        connection.close()

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302] + [403] * 7


# --- each refusal --------------------------------------------------------------------------------------------
@pytest.mark.security("CPS-2")
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: signer(issuer="ailleurs"), Reason.UNKNOWN_AUTHORITY),
        (lambda: signer(start=timezone.now() - timedelta(days=2000)), Reason.EXPIRED),
        (lambda: signer(start=timezone.now() + timedelta(days=2)), Reason.NOT_YET_VALID),
        (lambda: signer(use=pki.SIGNATURE), Reason.SIGNATURE_CERTIFICATE),
        (lambda: signer(issuer="organisations"), Reason.ORGANISATION),
        (lambda: signer(replace(HUGO, category=pki.CARD)), Reason.PRODUCTION_CARD),
        (lambda: signer(replace(HUGO, category=pki.TEST_SOFTWARE)), Reason.NOT_A_CARD),
        (lambda: signer(replace(HUGO, nom="", prenom="", pseudonym="SERVICE")), Reason.NOT_NOMINATIVE),
        (lambda: signer(replace(HUGO, nom="<script>")), Reason.ODD_NAMES),
        (lambda: signer(replace(HUGO, common_name="HUGO")), Reason.NO_NATIONAL_ID),
    ],
)  # fmt: skip
def test_each_refusal_has_its_page_and_its_line_in_the_journal(
    client: Client, made: Callable[[], Signer], reason: Reason
) -> None:
    one = made()
    refused(send(client, one.fields(ask(client))), reason)
    event = last_refusal()
    assert event.data["way"] == "agent"
    assert event.data["serial"] == f"{one.certificate.serial_number:016x}"
    assert "VALDENAIRE" not in str(event.data)
    assert "_auth_user_id" not in client.session


@pytest.mark.security("CPS-2")
def test_a_weak_key_is_refused_before_its_signature_is_looked_at(client: Client) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    refused(send(client, signer(key=weak).fields(ask(client))), Reason.WEAK_KEY)


@pytest.mark.security("CPS-2")
def test_a_revoked_card_is_refused(client: Client, fresh_lists: Callable[..., None]) -> None:
    one = signer()
    fresh_lists(revoked=one.certificate.serial_number)
    refused(send(client, one.fields(ask(client))), Reason.REVOKED)


@pytest.mark.security("CPS-2")
def test_a_stale_list_refuses_with_the_reason_for_support(client: Client, settings: Any) -> None:
    one = signer()
    with time_machine.travel(timezone.now() + timedelta(days=1, hours=7)):
        fresh = Client()
        answer = send(fresh, one.fields(ask(fresh)))
        refused(answer, Reason.LIST_STALE)
    assert "Utilisez un autre moyen de connexion" in answer.content.decode()
    assert "liste valable jusqu’au" in last_refusal().data["detail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("certificat", ""), ("certificat", "%%%"), ("certificat", "QUJD"), ("certificat", "A" * 20000)],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_plainly(client: Client, name: str, value: str) -> None:
    fields = signer().fields(ask(client)) | {name: value}
    refused(send(client, fields), Reason.UNREADABLE)


@pytest.mark.parametrize("name", ["alea", "certificat", "signature", "algorithme"])
def test_a_missing_field_signs_nobody_in(client: Client, name: str) -> None:
    fields = signer().fields(ask(client))
    fields.pop(name)
    assert send(client, fields).status_code == 403


def test_a_null_character_signs_nobody_in(client: Client) -> None:
    fields = signer().fields(ask(client))
    for name in ("alea", "algorithme"):
        assert send(client, fields | {name: "\x00"}).status_code == 403


# --- the page ------------------------------------------------------------------------------------------------
@pytest.mark.security("WEB-1")
def test_only_the_cards_page_may_speak_to_the_agent(client: Client, settings: Any) -> None:
    settings.CPS_AGENT_PORT = 8765
    policy = client.get(CARD_URL)["Content-Security-Policy"]
    assert "connect-src 'self' http://127.0.0.1:8765;" in policy
    assert "127.0.0.1" not in client.get("/connexion/")["Content-Security-Policy"]


@pytest.mark.feature("VT-024", "VT-026", "VT-037")
def test_the_page_tells_the_steps(client: Client) -> None:
    page = client.get(f"{CARD_URL}?next=/preferences/").content.decode()
    for words in ("Insérez votre carte", "Choisissez votre certificat", "Saisissez votre code porteur"):
        assert words in page
    assert "8 suivi de votre numéro RPPS" in page
    assert "4 chiffres" in page
    assert "Cartes CPS, CPF, CPE et CPA" in page
    assert 'name="next" value="/preferences/"' in page
    assert "<noscript>" in page


@pytest.mark.feature("ROR-026")
def test_the_choice_of_certificate_has_its_three_columns_and_two_buttons(client: Client) -> None:
    page = client.get(CARD_URL).content.decode()
    assert "Sélectionner un certificat" in page
    assert '<th scope="col">Objet</th><th scope="col">Émetteur</th><th scope="col">Série</th>' in page
    assert ">OK</button>" in page
    assert ">Annuler</button>" in page


def test_a_closed_door_says_so(client: Client, settings: Any) -> None:
    settings.CPS_TRUST_ANCHORS = ""
    answer = client.get(CARD_URL)
    assert answer.status_code == 403
    assert "Connexion par carte fermée" in answer.content.decode()
    assert client.post(f"{CARD_URL}defi/").status_code == 503
    assert send(client, {"alea": "x"}).status_code == 403


def test_challenges_are_not_given_without_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.cps.views.CHALLENGES_PER_ADDRESS", 3)
    assert [client.post(f"{CARD_URL}defi/").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_the_challenge_asks_for_the_forms_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"{CARD_URL}defi/").status_code == 403
    assert strict.post(f"{CARD_URL}reponse/").status_code == 403


@pytest.mark.security("CPS-4")
def test_the_key_of_the_card_is_never_the_key_of_the_account(client: Client) -> None:
    """A renewed card has another key, serial and number; the same person arrives."""
    renewed_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    found = []
    for number, key in (("2900000013", card_key()), ("3100000013", renewed_key)):
        browser = Client()
        one = signer(replace(HUGO, card_number=number), key=key)
        assert base64_of(one.certificate)
        send(browser, one.fields(ask(browser)))
        request: Any = type("Request", (), {"session": browser.session})()
        waiting = pending.read(request)
        assert waiting is not None
        found.append(waiting.identity)
    first, second = found
    assert (first.issuer, first.subject) == (second.issuer, second.subject)
    assert first.key_id != second.key_id
    assert (first.card_number, second.card_number) == ("2900000013", "3100000013")
