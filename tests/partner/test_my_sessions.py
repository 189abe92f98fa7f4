"""« Mes sessions », « Journal de sécurité » and « Ce n’était pas moi »."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import journal, places, sessions
from accounts.models import SecurityEvent, User, UserSession
from portal.hub.oidc.models import OpenIdGrant, OpenIdLogout
from portal.plateformes import current
from tests.accounts.signin.steps import pass_both, post_password, text_of
from tests.accounts.signup.people import robot_answer
from tests.oidc.partner import Partner, make_client
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/preferences/sessions/"
ALARM = f"{PAGE}pas-moi/"


@pytest.fixture
def person() -> Any:
    return make_person()


@pytest.fixture
def here(person: Any) -> Client:
    client = Client()
    sign_in(client, person)
    return client


@pytest.fixture
def partner() -> Partner:
    return make_client("viatrajectoire", name="ViaTrajectoire")


def test_each_session_tells_its_applications_and_not_those_of_another(
    here: Client, person: Any, partner: Partner
) -> None:
    there = Client()
    sign_in(there, person)
    partner.tokens(here)
    partner.tokens(here)
    shown = text_of(here.get(PAGE)).split("sessions-list", 1)[1].split("</ul>", 1)[0]
    rows = shown.split("<li>")[1:]
    assert len(rows) == 2
    assert sum(row.count("ViaTrajectoire") for row in rows) == 1
    mine = next(row for row in rows if "Cette session" in row)
    assert "ViaTrajectoire" in mine and "quittée" not in mine


def test_an_application_whose_access_was_cut_is_told_as_left(here: Client, partner: Partner) -> None:
    partner.tokens(here)
    OpenIdGrant.objects.update(ended_at=timezone.now(), ended_reason="revoked")
    assert "(quittée)" in text_of(here.get(PAGE))


def test_the_page_of_sessions_asks_the_same_number_of_queries_whatever_they_opened(
    here: Client, person: Any, partner: Partner, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        client = Client()
        sign_in(client, person)
        partner.tokens(client)
    here.get(PAGE)
    with django_assert_max_num_queries(12):
        here.get(PAGE)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("198.51.100.77", "réseau 198.51.100.x"),
        ("10.1.2.3", "réseau interne"),
        ("127.0.0.1", "cet ordinateur"),
        ("2001:db8:12:34::9", "réseau 2001:db8:12::…"),
        (None, "lieu inconnu"),
    ],
)
def test_places_are_coarse(address: str | None, told: str) -> None:
    assert places.told(address) == told


def test_the_journal_names_the_application(here: Client, partner: Partner) -> None:
    partner.tokens(here)
    html = text_of(here.get("/preferences/journal/"))
    assert "Entrée dans une application partenaire" in html
    assert "ViaTrajectoire" in html


# --- « Ce n’était pas moi » -------------------------------------------------------------------------------
@pytest.mark.security("SES-4", "SES-6")
def test_one_click_closes_everything_and_tells_everybody(
    here: Client, person: Any, partner: Partner, outbox: Outbox
) -> None:
    there = Client()
    sign_in(there, person)
    access = partner.tokens(there)
    assert "Oui, tout fermer" in text_of(here.get(ALARM))
    answer = here.post(ALARM)
    assert answer["Location"] == "/connexion/"
    assert "Votre compte est en sécurité" in text_of(here.get("/connexion/"))
    assert not sessions.open_sessions(person).exists()
    assert there.get(PAGE).status_code == 302
    assert partner.userinfo(access["access_token"]).status_code == 401
    assert partner.refresh(access["refresh_token"]).status_code == 400
    assert OpenIdLogout.objects.filter(client=partner.row, told_at=None).count() == 1
    assert SecurityEvent.objects.filter(action=journal.Action.NOT_ME, subject=person).count() == 1
    support = outbox.emails(current().support.email)
    assert len(support) == 1
    assert str(person.public_id) in support[0].text
    assert person.email not in support[0].text


@pytest.mark.security("SES-6", "PWD-5")
def test_the_former_password_is_worth_nothing_and_the_mailed_link_gives_another(
    here: Client, person: Any, outbox: Outbox
) -> None:
    here.post(ALARM)
    visitor = Client()
    assert "incorrect" in text_of(post_password(visitor, person.identifiant))
    link = next(mail for mail in outbox.emails(person.email) if "mot-de-passe/choisir" in mail.text)
    visitor.get(link.path)
    new = "Rivage-Ocre-58-Aube"
    form = {"identifiant": person.identifiant, "password": new, "password_confirmation": new}
    page = visitor.get("/mot-de-passe/choisir/?resetMode=Simple")
    assert page.status_code == 200
    solved = visitor.post("/mot-de-passe/choisir/?resetMode=Simple", form | robot_answer())
    assert solved.status_code == 302, text_of(solved)
    person.refresh_from_db()
    assert not person.must_change_password
    assert post_password(Client(), person.identifiant, new)["Location"] == "/connexion/verification/"


@pytest.mark.security("SES-6")
def test_nothing_is_closed_without_the_confirmation_or_from_another_site(person: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, person)
    strict.get(ALARM)
    assert strict.post(ALARM).status_code == 403
    assert sessions.open_sessions(person).count() == 1
    assert Client().post(ALARM).status_code == 302
    assert User.objects.get(pk=person.pk).has_usable_password()


def test_somebody_who_never_had_a_password_is_given_none(outbox: Outbox) -> None:
    person = make_person(password=None)
    client = Client()
    sign_in(client, person)
    client.post(ALARM)
    person.refresh_from_db()
    assert not person.must_change_password
    assert not any("mot-de-passe/choisir" in mail.text for mail in outbox.emails(person.email))


# --- mails of unusual sign-ins -------------------------------------------------------------------------------
def _unusual(outbox: Outbox, person: Any) -> list[str]:
    return [mail.subject for mail in outbox.emails(person.email) if "Connexion depuis" in mail.subject]


@pytest.mark.security("PWD-8")
def test_a_known_browser_in_another_network_is_told_once_without_any_link(
    person: Any, outbox: Outbox
) -> None:
    client = Client()
    pass_both(client, person, outbox)
    UserSession.objects.update(address="198.51.100.4")
    client.post("/deconnexion/")
    outbox.clear()
    pass_both(client, person, outbox)
    assert len(_unusual(outbox, person)) == 1
    mail = next(mail for mail in outbox.emails(person.email) if "lieu inhabituel" in mail.subject)
    assert "cet ordinateur" in mail.text
    assert mail.links == []
    client.post("/deconnexion/")
    outbox.clear()
    pass_both(client, person, outbox)
    assert _unusual(outbox, person) == []


def test_a_new_browser_in_a_new_network_makes_one_mail(person: Any, outbox: Outbox) -> None:
    pass_both(Client(), person, outbox)
    UserSession.objects.update(address="198.51.100.4", started_at=timezone.now() - timedelta(days=2))
    outbox.clear()
    pass_both(Client(), person, outbox)
    assert len(_unusual(outbox, person)) == 1
    assert "nouvel appareil" in _unusual(outbox, person)[0]
