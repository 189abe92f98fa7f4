"""« Ajouter un deuxième établissement »: typed, filled, checked, kept, shown, corrected and erased (CVL-018)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import workplaces
from accounts.enums import AccountStatus
from accounts.models import OtherWorkplace, User
from accounts.my_data import collect
from accounts.workflows import account, profile
from accounts.workplaces import Workplace
from tests.accounts.signup.people import make_user, sign_in
from tests.accounts.signup.test_preferences import text_of, version_of
from tests.accounts.signup.test_profiles import cvl_form
from tests.accounts.signup.test_workplace import robot_of, shown
from tests.referentiels.etablissements import CHARTRAIN, load_establishments

pytestmark = [pytest.mark.django_db, pytest.mark.feature("CVL-018"), pytest.mark.usefixtures("centre")]

PAGE = "/preferences/activite/"
SIGN_UP = "/inscription/"
SECOND = Workplace(
    structure="CENTRE HOSPITALIER DU PAYS CHARTRAIN",
    structure_finess=CHARTRAIN,
    fonction="Médecin",
    service="Cardiologie",
    adresse="34 R DES BEAUCERONS",
    code_postal="28000",
    ville="Chartres",
    departement="28",
)


@pytest.fixture
def centre(db: None, plateforme: Any, tmp_path: Path) -> None:
    load_establishments(tmp_path)
    plateforme("esante-cvl")


def second(**typed: str) -> dict[str, str]:
    return {f"{name}_2": value for name, value in typed.items()}


# --- sign-up --------------------------------------------------------------------------------------------------
def test_the_block_is_closed_until_it_is_asked_for(client: Client) -> None:
    html = text_of(client.get(SIGN_UP))
    assert "Ajouter un deuxième établissement</summary>" in html
    assert '<details class="second-place">' in html
    assert 'data-forget="structure_finess_2"' in html
    assert 'data-context="code_postal=code_postal_2"' in html


def test_nothing_is_asked_of_a_person_who_has_one_place(client: Client) -> None:
    assert client.post(SIGN_UP, cvl_form(structure_hors_liste="on")).status_code == 302
    assert workplaces.others(User.objects.get()) == ()


def test_the_second_establishment_is_filled_confirmed_and_kept(client: Client) -> None:
    typed = cvl_form(structure_hors_liste="on") | second(
        structure=CHARTRAIN, fonction="Médecin", service="Cardiologie"
    )
    response = client.post(SIGN_UP, typed)
    html = text_of(response)
    assert not User.objects.exists()
    assert "Vérifiez votre lieu d’exercice" in html and '<details class="second-place" open>' in html
    values = shown(response)
    assert values["structure_2"] == SECOND.structure and values["structure"] == "CH de Dreux"
    again = client.post(SIGN_UP, {**values, **robot_of(typed), "structure_hors_liste": "on"})
    assert again.status_code == 302
    user = User.objects.get()
    assert workplaces.others(user) == (SECOND,)
    assert (user.structure, user.service) == ("CH de Dreux", "Accueil")


def test_several_establishments_are_proposed_in_the_block(client: Client) -> None:
    typed = cvl_form(structure_hors_liste="on") | second(structure="centre hospitalier", service="Accueil")
    html = text_of(client.post(SIGN_UP, typed))
    assert (
        html.index('id_structure_2"') < html.index("id_lieu_choisi_2") < html.index('id_structure_finess_2"')
    )
    chosen = typed | second(lieu_choisi=CHARTRAIN, lieu_vu="centre hospitalier")
    assert shown(client.post(SIGN_UP, chosen))["structure_finess_2"] == CHARTRAIN


def test_a_postal_code_fills_the_town_of_its_own_block(client: Client) -> None:
    typed = cvl_form(structure_hors_liste="on") | second(
        structure="Cabinet", structure_hors_liste="on", service="Accueil", code_postal="28000"
    )
    values = shown(client.post(SIGN_UP, typed))
    assert (values["ville_2"], values["departement_2"], values["ville"]) == ("Chartres", "28", "")


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"service": "Accueil"}, {"structure_2"}),
        ({"ville": "Dreux"}, {"structure_2", "service_2"}),
        ({"structure_hors_liste": "on"}, {"structure_2", "service_2"}),
        ({"structure": "Cabinet", "structure_hors_liste": "on"}, {"service_2"}),
        ({"structure": "ch de DREUX", "structure_hors_liste": "on", "service": "accueil"}, {"structure_2"}),
        ({"structure": "Cabinet", "service": "x", "structure_finess": "289990419"}, {"structure_finess_2"}),
        ({"structure": "C", "service": "x", "code_postal": "2800"}, {"code_postal_2"}),
        ({"structure": "C", "service": "x", "departement": "ZZ"}, {"departement_2"}),
        ({"structure": "C", "service": "x", "fonction": "Roi de France"}, {"fonction_2"}),
        ({"structure": "C" * 201, "service": "x"}, {"structure_2"}),
    ],
)
def test_a_block_that_was_begun_must_be_right(client: Client, typed: dict[str, str], wrong: set[str]) -> None:
    response = client.post(SIGN_UP, cvl_form(structure_hors_liste="on") | second(**typed))
    assert set(response.context["form"].errors) == wrong
    assert '<details class="second-place" open>' in text_of(response)
    assert not User.objects.exists()


def test_another_service_of_the_same_establishment_is_another_place(client: Client) -> None:
    typed = cvl_form(structure_hors_liste="on") | second(
        structure="CH de Dreux", structure_hors_liste="on", service="Urgences"
    )
    assert client.post(SIGN_UP, typed).status_code == 302
    assert [place.service for place in workplaces.others(User.objects.get())] == ["Urgences"]


def test_what_is_wrong_elsewhere_loses_nothing_of_the_block(client: Client) -> None:
    typed = cvl_form(email="") | second(structure="Cabinet", structure_hors_liste="on", service="Accueil")
    values = shown(client.post(SIGN_UP, typed))
    assert (values["structure_2"], values["service_2"]) == ("Cabinet", "Accueil")


def test_the_block_is_taken_away_without_judging_the_rest(client: Client) -> None:
    typed = cvl_form(email="", nom="") | second(structure="Cabinet", code_postal="2")
    response = client.post(SIGN_UP, typed | {"retirer_deuxieme": "oui"})
    form, html = response.context["form"], text_of(response)
    assert not form.errors and not User.objects.exists()
    assert '<details class="second-place">' in html and "est retiré de ce formulaire" in html
    assert (shown(response)["structure_2"], shown(response)["structure"]) == ("", "CH de Dreux")


def test_a_second_request_replaces_the_places_of_the_first(client: Client) -> None:
    both = second(structure="Cabinet", structure_hors_liste="on", service="Accueil")
    client.post(SIGN_UP, cvl_form(structure_hors_liste="on") | both)
    user = User.objects.get()
    User.objects.update(status=AccountStatus.PENDING)
    client.post(SIGN_UP, cvl_form(structure_hors_liste="on", submission="autre"))
    assert User.objects.get() == user
    assert workplaces.others(user) == ()


def test_the_other_platforms_do_not_ask_for_it(client: Client, plateforme: Any) -> None:
    plateforme("enrs-idf")
    assert "deuxième établissement" not in text_of(client.get(SIGN_UP))
    sign_in(client, make_user())
    assert "deuxième établissement" not in text_of(client.get(PAGE))


# --- afterwards -------------------------------------------------------------------------------------------------
@pytest.fixture
def person() -> User:
    user = make_user(structure="CH de Dreux", service="Accueil")
    workplaces.keep_others(user, [SECOND])
    return user


@pytest.fixture
def signed_in(client: Client, person: User) -> Client:
    sign_in(client, person)
    return client


def test_the_place_is_shown_to_its_owner_and_in_their_data(signed_in: Client, person: User) -> None:
    html = text_of(signed_in.get("/preferences/"))
    assert f"FINESS géographique {CHARTRAIN}" in html and "Cardiologie" in html
    held = collect(person)["compte"]["autres_lieux_d_exercice"]
    assert [(place["structure_finess"], place["service"]) for place in held] == [(CHARTRAIN, "Cardiologie")]


def test_the_owner_changes_it_and_takes_it_away(signed_in: Client, person: User) -> None:
    page = signed_in.get(PAGE)
    values = shown(page)
    assert '<details class="second-place" open>' in text_of(page)
    assert signed_in.post(PAGE, values | {"service_2": "Urgences"}).status_code == 302
    assert [place.service for place in workplaces.others(person)] == ["Urgences"]
    emptied = signed_in.post(PAGE, shown(signed_in.get(PAGE)) | {"retirer_deuxieme": "oui"})
    assert workplaces.others(person) != ()
    assert signed_in.post(PAGE, shown(emptied)).status_code == 302
    assert workplaces.others(person) == ()


def test_a_stale_page_overwrites_no_place(signed_in: Client, person: User) -> None:
    version = version_of(signed_in, PAGE)
    values = shown(signed_in.get(PAGE))
    person.refresh_from_db()
    profile.correct(person, {"other_workplaces": ()}, actor=person, seen_at=person.updated_at)
    response = signed_in.post(PAGE, values | {"version": version, "service_2": "Urgences"})
    assert "Valeurs enregistrées entre-temps" in text_of(response)
    assert workplaces.others(person) == ()


def test_saving_what_did_not_change_writes_nothing(signed_in: Client, person: User) -> None:
    rows = set(OtherWorkplace.objects.values_list("pk", flat=True))
    assert signed_in.post(PAGE, shown(signed_in.get(PAGE))).status_code == 302
    assert set(OtherWorkplace.objects.values_list("pk", flat=True)) == rows


def test_the_place_goes_with_the_data_of_a_closed_account(person: User) -> None:
    account.close(person, actor=person)
    assert account.erase_closed(timezone.now() + timedelta(seconds=1)) == 1
    assert not OtherWorkplace.objects.exists()


@pytest.mark.parametrize("rank", [1, 2])
def test_the_database_refuses_a_rank_that_is_taken(person: User, rank: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        OtherWorkplace.objects.create(user=person, rank=rank, structure="Ailleurs")
