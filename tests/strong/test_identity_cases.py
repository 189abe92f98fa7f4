"""« Identités à vérifier »: what a card or an e-CPS ran into becomes a case, sorted out with both accounts in sight."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import support, support_acts
from accounts.models import IdentityCase, SecurityEvent, User
from accounts.strong import alerts, linking, refusals
from accounts.workflows import identity_case as machine
from portal.common.workflow import NotAllowed
from tests.strong.steps import CARD, ECPS, OTHER_RPPS, RPPS, arrive, link_with_account, text_of
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db
LIST = "/administration/accounts/identitycase/"


@pytest.fixture
def other(db: None) -> User:
    found: User = make_person(nom="Vasseur", prenom="Luc", rpps=RPPS)
    return found


@pytest.fixture
def agent(db: None) -> User:
    found: User = make_person(nom="Rivoire", prenom="Soline", is_staff=True)
    return found


@pytest.fixture
def desk(agent: User) -> Client:
    client = Client()
    sign_in(client, agent, level=2)
    return client


@pytest.fixture
def case(person: User, other: User) -> IdentityCase:
    alerts.tell_support("two_accounts", "card", [person, other])
    return IdentityCase.objects.get()


# --- from the alert to the case --------------------------------------------------------------------------------
@pytest.mark.security("RP-4")
def test_two_accounts_that_claim_one_identity_make_one_case(
    client: Client, person: User, other: User, outbox: Any
) -> None:
    User.objects.filter(pk=other.pk).update(rpps="")
    linking.link(None, person, CARD)
    linking.link(None, other, replace(ECPS, national_id=f"8{OTHER_RPPS}", subject="f:x:y"))
    mixed = replace(ECPS, subject="f:x:y")
    for _ in range(3):
        assert arrive(Client(), mixed).status_code == 403
    case = IdentityCase.objects.get(code="two_accounts")
    assert (case.means, case.status, case.times) == ("ecps", "open", 3)
    assert set(case.accounts.all()) == {person, other}
    mail = outbox.last("support.portailpro@sante-idf.fr")
    assert case.reference in mail.text
    assert f"/administration/accounts/identitycase/{case.pk}/change/" in mail.text
    assert "Martel" not in mail.text


def test_a_number_conflict_found_while_linking_makes_a_case(
    client: Client, person: User, outbox: Any
) -> None:
    User.objects.filter(pk=person.pk).update(rpps=OTHER_RPPS)
    link_with_account(client, CARD, person, outbox)
    assert IdentityCase.objects.get().code == "number_conflict"


def test_every_refusal_told_to_the_support_has_its_case_and_its_advice(person: User, other: User) -> None:
    from accounts.admin.identity_case import ADVICE  # noqa: PLC0415

    for make in (
        refusals.held_elsewhere, refusals.two_accounts, refusals.identity_changed, refusals.other_identity,
        refusals.number_conflict, refusals.number_typed_elsewhere,
    ):  # fmt: skip
        refusals.record(None, make(person), "card")
    for code in ("number_released", "number_asked", "names_differ"):
        alerts.tell_support(code, "", [person])
    assert set(IdentityCase.objects.values_list("code", flat=True)) == set(ADVICE) == set(alerts._ABOUT)


# --- the machine ---------------------------------------------------------------------------------------------------
def test_a_case_is_handled_with_a_conclusion_and_a_reason(case: IdentityCase, agent: User) -> None:
    for conclusion, reason in (("", "vu"), ("autre", "vu"), ("typing", " ")):
        with pytest.raises(machine.CaseRefused):
            machine.handle(case, conclusion, actor=agent, reason=reason)
    assert machine.handle(case, "typing", actor=agent, reason="numéro corrigé au téléphone").changed
    assert not machine.handle(case, "typing", actor=agent, reason="encore").changed
    case.refresh_from_db()
    assert (case.status, case.resolution) == ("handled", "typing")
    line = case.transitions.get()
    assert (line.name, line.actor, line.reason) == ("handle", agent, "numéro corrigé au téléphone")


@pytest.mark.security("ACL-4")
def test_only_staff_and_never_about_oneself(case: IdentityCase, person: User) -> None:
    stranger = make_person()
    with pytest.raises(NotAllowed):
        machine.handle(case, "nothing", actor=stranger, reason="x")
    User.objects.filter(pk=person.pk).update(is_staff=True)
    person.refresh_from_db()
    with pytest.raises(machine.CaseRefused, match="votre propre compte"):
        machine.handle(case, "nothing", actor=person, reason="x")


def test_what_comes_back_once_handled_is_a_new_case(
    case: IdentityCase, agent: User, person: User, other: User
) -> None:
    machine.handle(case, "rightful", actor=agent, reason="nom d’usage")
    alerts.tell_support("two_accounts", "card", [other, person])
    assert list(IdentityCase.objects.order_by("pk").values_list("status", "times")) == [
        ("handled", 1),
        ("open", 1),
    ]
    with pytest.raises(machine.CaseRefused, match="plus récent"):
        machine.reopen(case, actor=agent, reason="trop tôt")
    machine.handle(IdentityCase.objects.latest("pk"), "nothing", actor=agent, reason="doublon")
    assert machine.reopen(case, actor=agent, reason="trop tôt").changed
    case.refresh_from_db()
    assert (case.status, case.resolution) == ("open", "")


def test_the_table_refuses_two_open_cases_of_one_matter(case: IdentityCase) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        IdentityCase.objects.create(code=case.code, key=case.key)
    with pytest.raises(IntegrityError), transaction.atomic():
        IdentityCase.objects.filter(pk=case.pk).update(status="handled")


# --- the support's pages -------------------------------------------------------------------------------------------
def test_the_support_sees_both_accounts_and_what_to_verify(
    desk: Client, case: IdentityCase, person: User, other: User
) -> None:
    linking.link(None, person, replace(CARD, national_id=f"8{OTHER_RPPS}", subject=f"8{OTHER_RPPS}"))
    shown = text_of(desk.get(f"{LIST}{case.pk}/change/"))
    for words in (
        case.reference, "Que vérifier ?", "Martel", "Vasseur", OTHER_RPPS, "Carte CPS n° 2900000001",
        "sans preuve", "Retirer le numéro saisi sans preuve", "Détacher les cartes et e-CPS", "Clore le dossier",
    ):  # fmt: skip
        assert words in shown, words
    viewed = SecurityEvent.objects.filter(action="admin_viewed").values_list("subject_id", flat=True)
    assert set(viewed) == {person.pk, other.pk}


def test_the_list_and_the_dashboard_count_what_waits(desk: Client, case: IdentityCase) -> None:
    assert case.reference in text_of(desk.get(LIST))
    assert "identité à vérifier" in text_of(desk.get("/administration/"))
    assert case.reference not in text_of(desk.get(f"{LIST}?status__exact=handled"))


def test_it_is_handled_from_the_page_and_opened_again(desk: Client, case: IdentityCase, agent: User) -> None:
    refused = desk.post(f"{LIST}{case.pk}/traiter/", {"conclusion": "", "motif": ""})
    assert refused.status_code == 200
    assert "Marquer comme traité" in text_of(refused)
    done = desk.post(
        f"{LIST}{case.pk}/traiter/",
        {"conclusion": "same_person", "motif": "second compte fermé"},
        follow=True,
    )
    shown = text_of(done)
    assert "Le dossier est traité." in shown
    assert "Une seule personne, deux comptes" in shown
    assert "second compte fermé" in shown
    event = SecurityEvent.objects.filter(action="admin_changed").latest("pk")
    assert (event.actor, event.reason) == (agent, "second compte fermé")
    again = desk.post(f"{LIST}{case.pk}/rouvrir/", {"motif": "trop tôt"}, follow=True)
    assert "Le dossier est rouvert." in text_of(again)


@pytest.mark.security("ACL-5")
def test_nobody_else_sees_a_case(client: Client, case: IdentityCase, person: User) -> None:
    sign_in(client, person, level=3)
    for path in (LIST, f"{LIST}{case.pk}/change/"):
        assert client.get(path).status_code in {302, 403}
    assert client.post(f"{LIST}{case.pk}/traiter/", {"conclusion": "nothing", "motif": "x"}).status_code in {
        302,
        403,
    }
    case.refresh_from_db()
    assert case.status == "open"


# --- the act that a case most often ends with -----------------------------------------------------------------------
def test_a_number_without_proof_is_taken_out_and_a_proven_one_is_not(
    person: User, other: User, agent: User, outbox: Any
) -> None:
    assert "retirer-numero" in {act.key for act in support_acts.acts_for(other)}
    support.release_number(other, actor=agent, reason="numéro d’une consœur")
    other.refresh_from_db()
    assert other.rpps == ""
    assert SecurityEvent.objects.filter(action="number_released", subject=other, actor=agent).exists()
    linking.link(None, person, CARD)
    person.refresh_from_db()
    assert "retirer-numero" not in {act.key for act in support_acts.acts_for(person)}
    with pytest.raises(support.Refused):
        support.release_number(person, actor=agent, reason="x")
