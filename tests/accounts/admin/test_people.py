"""Finding a person and understanding what blocks them."""

from __future__ import annotations

import pytest
from django.utils.html import escape

from accounts import workplaces
from accounts.admin.search import find_people
from accounts.enums import AccountStatus
from accounts.models import SecurityEvent, User
from accounts.workplaces import Workplace
from tests.hub.people import make_person

pytestmark = pytest.mark.django_db


@pytest.mark.feature("M94-059")
@pytest.mark.parametrize(
    "typed",
    [
        "lefevre muller", "LEFÈVRE-MÜLLER Zoé", "zoe lefe", "claire.moreau@cabinet.example", "CLAIRE.MOREAU@CAB",
        "claire.moreau", "Claire.Moreau", "99700000013", "8 99700000013", "9970 0000 013",
    ],
)  # fmt: skip
def test_a_person_is_found_by_what_a_caller_says(desk, person, typed):
    make_person("karim.benali", nom="Benali", prenom="Karim", rpps="99700000021")
    page = desk.get("/administration/accounts/user/", {"q": typed}).content.decode()
    assert f"/administration/accounts/user/{person.pk}/change/" in page
    assert "karim.benali" not in page


def test_the_reference_of_an_account_finds_it(person):
    assert list(find_people(User.objects.all(), str(person.public_id))) == [person]


@pytest.mark.parametrize(
    "typed", ["zzz", "%", "' OR 1=1 --", "\x00", "lefevre zzz", "🙂", "00000000-0000-0000-0000-000000000000"]
)
def test_nothing_else_is_found(person, typed):
    assert not find_people(User.objects.all(), typed).exists()


def test_the_page_tells_state_and_what_blocks(desk):
    pending = make_person(
        "lea.petit", nom="Petit", prenom="Léa", status=AccountStatus.PENDING, email_verified_at=None
    )
    answer = desk.get(f"/administration/accounts/user/{pending.pk}/change/")
    page = answer.content.decode()
    assert "pending" in [block.code for block in answer.context["blocks"]]
    assert all(escape(block.sentence) in page for block in answer.context["blocks"])
    assert "Renvoyer le mail de validation" in page
    assert "Suspendre le compte" not in page and "Réactiver le compte" not in page


@pytest.mark.security("ACL-5", "DAT-1")
def test_reading_a_person_s_page_and_the_journal_leaves_a_line(desk, agent, person):
    desk.get(f"/administration/accounts/user/{person.pk}/change/")
    event = SecurityEvent.objects.get(action="admin_viewed")
    assert (event.actor, event.subject) == (agent, person)
    desk.get("/administration/accounts/securityevent/")
    assert SecurityEvent.objects.filter(action="admin_viewed", subject=None).count() == 1


@pytest.mark.security("PWD-7", "ACL-5")
def test_no_secret_is_on_the_page(desk, person):
    page = desk.get(f"/administration/accounts/user/{person.pk}/change/").content.decode()
    assert person.password not in page and 'type="password"' not in page
    assert "session_key" not in page and "md5$" not in page


def test_hostile_names_are_text(desk):
    person = make_person("x.y", nom="<script>alert(1)</script>", prenom="{{ 7*7 }}")
    for address in (
        f"/administration/accounts/user/{person.pk}/change/",
        "/administration/accounts/user/?q=x.y",
    ):
        page = desk.get(address).content.decode()
        assert "<script>alert" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize("address", ["999999", "abc", "0"])
def test_an_unknown_account_is_not_found(desk, address):
    assert desk.get(f"/administration/accounts/user/{address}/change/").status_code == 404


def test_the_list_takes_the_same_number_of_queries_whatever_its_length(desk, django_assert_max_num_queries):
    for number in range(12):
        make_person(f"personne.{number}", nom=f"Nom{number}")
    with django_assert_max_num_queries(8):
        desk.get("/administration/accounts/user/")


def test_the_journal_is_found_by_person_and_read_only(desk, agent, person):
    desk.get(f"/administration/accounts/user/{person.pk}/change/")
    page = desk.get("/administration/accounts/securityevent/", {"q": person.identifiant}).content.decode()
    assert "Fiche consultée par le support" in page
    event = SecurityEvent.objects.get(subject=person)
    detail = desk.get(f"/administration/accounts/securityevent/{event.pk}/change/")
    assert detail.status_code == 200 and 'name="_save"' not in detail.content.decode()
    assert "<h1>Fiche consultée par le support</h1>" in detail.content.decode()
    assert f"admin_viewed #{event.pk}" not in detail.content.decode()
    assert (
        desk.post(f"/administration/accounts/securityevent/{event.pk}/change/", {"action": "x"}).status_code
        == 403
    )
    assert (
        desk.post(f"/administration/accounts/securityevent/{event.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
    filtered = desk.get("/administration/accounts/securityevent/?action=sign_in").content.decode()
    assert "0 journal" in filtered or "Fiche consultée" not in filtered.split("changelist-filter")[0]


@pytest.mark.feature("CVL-018")
def test_the_page_shows_every_place_of_work(desk, person):
    workplaces.keep_others(
        person, [Workplace(structure="Clinique du Parc", service="Urgences", ville="Dreux")]
    )
    html = desk.get(f"/administration/accounts/user/{person.pk}/change/").content.decode()
    assert "Clinique du Parc" in html and "Urgences" in html
