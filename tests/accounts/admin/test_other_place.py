"""The second establishment of a person, corrected by the support: a reason, a line in the journal, all or nothing."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts import workplaces
from accounts.models import SecurityEvent, User
from accounts.workplaces import Workplace

pytestmark = [pytest.mark.django_db, pytest.mark.feature("CVL-018")]

REASON = "Appel de 10 h, identité vérifiée"
HELD = Workplace(structure="Clinique du Parc", service="Urgences", code_postal="28100", ville="Dreux")
THIRD = Workplace(structure="Maison de santé", service="Consultations")


@pytest.fixture
def settled(person: User) -> User:
    workplaces.keep_others(person, [HELD])
    return person


def _page(person: User) -> str:
    return f"/administration/accounts/user/{person.pk}/autre-etablissement/"


def _correct(desk: Client, person: User, **changes: str) -> HttpResponse:
    form = desk.get(_page(person)).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    return desk.post(_page(person), data | {"motif": REASON} | changes)


def test_it_is_shown_filled_and_corrected_with_a_reason(desk: Client, agent: User, settled: User) -> None:
    assert _correct(desk, settled, service="Cardiologie", ville="Vernouillet").status_code == 302
    (place,) = workplaces.others(settled)
    assert (place.structure, place.service, place.ville) == ("Clinique du Parc", "Cardiologie", "Vernouillet")
    line = SecurityEvent.objects.get(subject=settled, action="account_corrected")
    assert (line.actor, line.reason, line.data) == (agent, REASON, {"fields": ["other_workplaces"]})


def test_a_place_that_was_forgotten_is_added(desk: Client, person: User) -> None:
    assert _correct(desk, person, structure="Clinique du Parc", service="Urgences").status_code == 302
    assert [place.structure for place in workplaces.others(person)] == ["Clinique du Parc"]


def test_emptied_it_is_taken_away_and_what_follows_stays(desk: Client, person: User) -> None:
    workplaces.keep_others(person, [HELD, THIRD])
    _correct(desk, person, **dict.fromkeys(Workplace.names(), ""))
    assert workplaces.others(person) == (THIRD,)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"structure": ""}, "structure"),
        ({"structure": "Centre hospitalier", "service": "Pédiatrie"}, "structure"),
        ({"structure_finess": "123"}, "structure_finess"),
        ({"motif": " "}, "motif"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_written(
    desk: Client, settled: User, changes: dict[str, str], field: str
) -> None:
    User.objects.filter(pk=settled.pk).update(structure="Centre hospitalier", service="Pédiatrie")
    answer = _correct(desk, settled, **changes)
    assert answer.status_code == 200 and answer.context["form"].errors[field]
    assert workplaces.others(settled) == (HELD,)


def test_on_an_account_changed_meanwhile_it_is_refused(desk: Client, settled: User) -> None:
    form = desk.get(_page(settled)).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"ville": "Chartres", "motif": REASON}
    settled.save()
    answer = desk.post(_page(settled), data)
    assert "modifié entre-temps" in answer.content.decode() and "Chartres" in answer.content.decode()
    assert workplaces.others(settled) == (HELD,)


@pytest.mark.parametrize(
    ("profile", "has_one", "shown"),
    [("esante-cvl", False, True), ("enrs-idf", False, False), ("enrs-idf", True, True)],
)
def test_it_is_offered_where_a_second_place_is_asked_or_held(
    desk: Client, person: User, plateforme: object, profile: str, has_one: bool, shown: bool
) -> None:
    plateforme(profile)  # type: ignore[operator]
    if has_one:
        workplaces.keep_others(person, [HELD])
    page = desk.get(f"/administration/accounts/user/{person.pk}/change/").content.decode()
    assert (_page(person) in page) is shown
