"""What happens to a verified card or e-CPS: straight in, raised, asked, or refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.journal import Action
from accounts.models import NationalLink, SecurityEvent, StrongMeans, User
from accounts.strong import linking
from tests.strong.steps import (
    ADELI,
    CARD,
    ECPS,
    LINK,
    OTHER_RPPS,
    RPPS,
    SOMEBODY_ELSE,
    arrive,
    level_of,
    live_means,
    owner_of,
    text_of,
)
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db


def refusals() -> list[str]:
    return list(
        SecurityEvent.objects.filter(action=Action.STRONG_REFUSED)
        .order_by("pk")
        .values_list("reason", flat=True)
    )


@pytest.mark.feature("ROR-059")
def test_a_linked_card_signs_in_directly_at_level_three(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    answer = arrive(client, CARD, "/preferences/")
    assert answer.headers["Location"] == "/preferences/"
    assert level_of(client, person) == 3
    assert client.get("/preferences/").status_code == 200


@pytest.mark.feature("ROR-059", "ROR-079")
def test_card_and_ecps_of_one_number_meet_on_one_account(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    assert arrive(client, ECPS).headers["Location"] == "/"
    assert [row.kind for row in live_means(person)] == ["card", "ecps"]
    assert NationalLink.objects.filter(ended_at=None).count() == 1


@pytest.mark.security("CPS-4")
def test_a_renewed_card_keeps_the_account_and_the_history(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    arrive(client, replace(CARD, serial="63DAFFCFC8034B02", key_id="c" * 40))
    arrive(Client(), replace(CARD, card_number="2900000002", serial="63DAFFCFC8034B03"))
    first, second = live_means(person)
    assert first.serials == ["63DAFFCFC8034B01", "63DAFFCFC8034B02"]
    assert first.key_ids == ["a" * 40, "c" * 40]
    assert second.card_number == "2900000002"


@pytest.mark.feature("VT-037")
@pytest.mark.parametrize("kind", ["CPS", "CPF", "CPE", "CPA"])
def test_the_kind_of_card_is_kept(person: User, kind: Any) -> None:
    row = linking.link(None, person, replace(CARD, card_kind=kind, national_id="3990000019/CPET0002"))
    assert (row.card_kind, row.label) == (kind, f"Carte {kind} n° 2900000001")


@pytest.mark.feature("ROR-054", "ROR-079")
@pytest.mark.parametrize("identity", [CARD, ECPS], ids=["card", "e-CPS"])
def test_an_unknown_identity_is_asked_which_account(client: Client, identity: Any) -> None:
    answer = arrive(client, identity)
    assert answer.headers["Location"] == LINK
    page = text_of(client.get(LINK))
    assert "J'ai déjà un compte sur le Portail PS" in page
    assert "Ariane Martel" in page


@pytest.mark.security("RP-4")
def test_a_number_typed_without_proof_opens_nothing(client: Client) -> None:
    holder = make_person(rpps=RPPS, email="ariane.martel@cabinet.example")
    assert arrive(client, CARD).headers["Location"] == LINK
    assert level_of(client, holder) == 0
    assert client.get("/preferences/").status_code == 302


def test_an_identity_waits_fifteen_minutes_at_most(client: Client, monkeypatch: Any) -> None:
    arrive(client, CARD)
    later = timezone.now() + timedelta(minutes=15, seconds=2)
    monkeypatch.setattr("cryptography.fernet.time.time", lambda: later.timestamp())
    assert client.get(LINK).headers["Location"] == "/connexion/"


def test_an_identity_waits_only_in_its_own_browser(client: Client) -> None:
    arrive(client, CARD)
    assert Client().get(LINK).headers["Location"] == "/connexion/"


@pytest.mark.security("SES-1")
def test_an_unknown_identity_changes_the_key_of_the_visitor(client: Client) -> None:
    session = client.session
    session["seen"] = "before"
    session.save()
    before = client.cookies["sessionid"].value if "sessionid" in client.cookies else ""
    arrive(client, CARD)
    assert client.session.session_key != before


def test_an_unsafe_next_is_dropped(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    assert arrive(client, CARD, "https://evil.example/").headers["Location"] == "/"
    assert arrive(Client(), CARD, "//evil.example/").headers["Location"] == "/"


@pytest.mark.security("MFA-3")
def test_a_lower_session_is_raised_and_comes_back(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    sign_in(client, person, level=1)
    answer = arrive(client, CARD, "/preferences/sessions/")
    assert answer.headers["Location"] == "/preferences/sessions/"
    assert level_of(client, person) == 3
    assert SecurityEvent.objects.filter(action=Action.REPROVED, method="card").count() == 1


@pytest.mark.security("RP-4", "CPS-4")
def test_another_person_s_card_raises_nothing(client: Client, person: User) -> None:
    other = make_person(nom="Vasseur")
    linking.link(None, other, SOMEBODY_ELSE)
    sign_in(client, person, level=1)
    answer = arrive(client, SOMEBODY_ELSE)
    assert answer.status_code == 403
    assert level_of(client, person) == 1
    assert refusals() == ["other_session"]
    assert client.get("/preferences/").context["request"].user == person


def test_a_proof_remembered_by_psc_is_not_a_recent_one(client: Client, person: User) -> None:
    linking.link(None, person, ECPS)
    sign_in(client, person, level=1)
    arrive(client, replace(ECPS, auth_time=timezone.now() - timedelta(hours=3)))
    assert level_of(client, person) == 3
    assert client.get("/preferences/moyens/application/").headers["Location"].startswith("/connexion/preuve/")


@pytest.mark.parametrize("status", ["suspended", "pending", "awaiting_decision"])
def test_an_account_that_is_not_open_is_refused_with_its_reason(
    client: Client, person: User, status: str
) -> None:
    linking.link(None, person, CARD)
    User.objects.filter(pk=person.pk).update(status=status)
    answer = arrive(client, CARD)
    assert answer.status_code == 403
    assert refusals() == [f"account_{status}"]
    assert client.get("/preferences/").status_code == 302


def test_a_closed_account_leaves_its_card_free(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    User.objects.filter(pk=person.pk).update(status="closed")
    assert arrive(client, CARD).headers["Location"] == LINK
    assert owner_of(CARD) is None


# --- sorted out safely ------------------------------------------------------------------------------------
@pytest.mark.security("RP-4")
def test_subject_and_number_of_two_accounts_open_neither(client: Client, person: User, outbox: Any) -> None:
    other = make_person(nom="Vasseur")
    linking.link(None, person, ECPS)
    linking.link(None, other, SOMEBODY_ELSE)
    outbox.clear()
    answer = arrive(client, replace(ECPS, national_id=SOMEBODY_ELSE.national_id))
    assert answer.status_code == 403
    assert refusals() == ["two_accounts", "two_accounts"]
    alert = outbox.last("support.portailpro@sante-idf.fr")
    assert str(person.public_id) in alert.text
    assert RPPS not in alert.text
    assert "Vasseur" not in alert.text
    assert client.get("/preferences/").status_code == 302


def test_a_known_ecps_with_another_rpps_is_refused(client: Client, person: User) -> None:
    linking.link(None, person, ECPS)
    assert arrive(client, replace(ECPS, national_id=f"8{OTHER_RPPS}")).status_code == 403
    assert refusals() == ["identity_changed"]


@pytest.mark.feature("VT-009")
def test_the_rpps_takes_the_place_of_the_adeli_number(client: Client, person: User) -> None:
    old = replace(ECPS, national_id=f"0{ADELI}")
    linking.link(None, person, old)
    assert arrive(client, ECPS).headers["Location"] == "/"
    held = dict(NationalLink.objects.filter(user=person).values_list("national_id", "is_former"))
    assert held == {f"0{ADELI}": True, f"8{RPPS}": False}
    person.refresh_from_db()
    assert (person.rpps, person.adeli) == (RPPS, ADELI)
    card = replace(CARD, national_id=f"0{ADELI}", subject=f"0{ADELI}")
    assert arrive(Client(), card).headers["Location"] == "/"
    assert owner_of(card) == person


@pytest.mark.feature("VT-009")
def test_the_directory_s_own_adeli_number_finds_the_account(client: Client, person: User) -> None:
    linking.link(None, person, replace(CARD, national_id=f"0{ADELI}", subject=f"0{ADELI}"))
    told = replace(ECPS, raw_hint={"other_ids": [{"identifiant": ADELI, "origine": "ADELI"}]})
    assert arrive(client, told).headers["Location"] == "/"
    assert owner_of(ECPS) == person


def test_a_support_alert_is_sent_once_a_day(client: Client, person: User, outbox: Any) -> None:
    linking.link(None, person, ECPS)
    outbox.clear()
    for _ in range(3):
        arrive(client, replace(ECPS, national_id=f"8{OTHER_RPPS}"))
    assert len(outbox.emails("support.portailpro@sante-idf.fr")) == 1


def test_linking_is_told_to_the_owner_and_journalled(person: User, outbox: Any) -> None:
    linking.link(None, person, CARD)
    assert "Carte CPS n° 2900000001" in outbox.last(person.email).text
    row = StrongMeans.objects.get()
    event = SecurityEvent.objects.get(action=Action.STRONG_LINKED)
    assert event.data == {"means": str(row.public_id)}
    linking.link(None, person, CARD)
    assert StrongMeans.objects.count() == 1
