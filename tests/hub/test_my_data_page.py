"""« Mes données »: all of it, as a file to read and as JSON; the journal names applications (DAT-4)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts import journal, keyed, my_data, my_data_page, second_proof
from accounts.enums import FactorScope
from accounts.models import User
from accounts.workflows import lost_factor
from portal.hub.oidc import consents
from portal.hub.oidc.models import OpenIdClient
from tests.accounts.signin.steps import text_of
from tests.oidc.partner import make_client
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("DAT-4")]
PAGE, JOURNAL = "/preferences/mes-donnees/", "/preferences/journal/"


@pytest.fixture
def person() -> User:
    person = make_person(mobile=True, nom="<b>Martel</b>")
    secret = keyed.encrypt("JBSWY3DPEHPK3PXP")
    Authenticator.objects.create(user=person, type="totp", data={"secret": secret})
    Authenticator.objects.create(
        user=person, type="webauthn", data={"name": "Poste", "credential": {"id": "SECRET"}}
    )
    return person


@pytest.fixture
def here(person: User) -> Client:
    client = Client()
    sign_in(client, person, level=2)
    return client


@pytest.fixture
def partner(here: Client, person: User, rf: Any) -> Any:
    partner = make_client("agenda-7f3", name="Agenda du territoire", is_regional=False)
    consents.give(rf.post("/"), person, partner.row, ["openid", "profile"])
    partner.tokens(here, scope="openid profile")
    return partner


def test_it_holds_means_sessions_with_their_applications_and_the_named_journal(
    partner: Any, person: User
) -> None:
    second_proof.make_recovery_codes(person)
    lost_factor.ask(person, FactorScope.PASSKEYS, actor=person)
    told = my_data.collect(person)
    assert told["moyens_de_connexion"]["codes_de_secours_restants"] == 10
    assert told["moyens_de_connexion"]["cles_d_acces"][0]["nom"] == "Poste"
    assert told["retraits_de_moyens_perdus"][0]["moyen"] == "clés d’accès"
    assert [one["nom"] for one in told["sessions"][-1]["applications"]] == ["Agenda du territoire"]
    assert told["documents_acceptes"] and told["messages_envoyes"]
    named = {row["application"] for row in told["journal"]}
    assert "Agenda du territoire" in named
    text = json.dumps(told)
    assert "agenda-7f3" not in text and "SECRET" not in text and "JBSWY3DPEHPK3PXP" not in text


def test_the_file_to_read_says_the_same_in_plain_french(here: Client, partner: Any, outbox: Outbox) -> None:
    answer = here.post(PAGE, {"forme": "lisible"})
    assert re.fullmatch(
        r'attachment; filename="mes-donnees-\d{4}-\d\d-\d\d\.html"', answer["Content-Disposition"]
    )
    page = text_of(answer)
    for shown in (
        "Documents acceptés",
        "Adresse e-mail",
        "Identités prouvées",
        "Agenda du territoire",
        "Accords",
    ):
        assert shown in page, shown
    assert "&lt;b&gt;Martel" in page and "<b>Martel" not in page
    assert not re.search(r"<(script|style)|_", page.partition("<body>")[2].replace("code_", ""))
    assert "ont été téléchargées" in outbox.last().subject
    assert here.post(PAGE)["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "oui"),
        (None, "–"),
        ("", "–"),
        ("2026-02-03T10:00:00+01:00", "3 février 2026 à 10:00"),
        ("2026-99-99T10:00:00+01:00", "2026-99-99T10:00:00+01:00"),
        (["a", "b"], "a / b"),
        ([{"nom": "x"}], "Nom : x"),
    ],
)
def test_values_as_people_write_them(value: Any, shown: str) -> None:
    assert my_data_page.sections({"x": [{"nom": value}]})[1]["cards"] == [[("Nom", shown)]]


def test_the_journal_names_the_application_of_today_never_its_identifier(
    here: Client, partner: Any, person: User
) -> None:
    assert "Agenda du territoire" in text_of(here.get(JOURNAL))
    OpenIdClient.objects.filter(pk=partner.row.pk).update(name="Agenda régional")
    journal.record(journal.Action.PARTNER_ENTERED, subject=person, client="agenda-7f3")
    journal.record(journal.Action.PARTNER_ENTERED, subject=person, client="partie-91c")
    journal.record(journal.Action.PARTNER_ENTERED, subject=person, client="partie-91c", name="Ancienne")
    page = text_of(here.get(JOURNAL))
    assert "Agenda régional" in page and "Agenda du territoire" not in page
    assert "application retirée du portail" in page and "Ancienne" in page
    assert "agenda-7f3" not in page and "partie-91c" not in page


def test_the_names_are_looked_up_once_for_the_page(
    here: Client, partner: Any, person: User, django_assert_max_num_queries: Any
) -> None:
    here.get(JOURNAL)
    for _ in range(15):
        journal.record(journal.Action.PARTNER_ENTERED, subject=person, client="agenda-7f3")
    with django_assert_max_num_queries(8):
        here.get(JOURNAL)
