"""The place of work: what the server fills from the establishment named, asks, and never takes from the person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.my_data import collect
from tests.accounts.signup.test_preferences import text_of, version_of
from tests.accounts.signup.test_profiles import cvl_form
from tests.referentiels import etablissements
from tests.referentiels.etablissements import load_establishments
from tests.support.outbox import Outbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("region")]

PAGE = "/preferences/activite/"
CHARTRAIN = {
    "structure": "CENTRE HOSPITALIER DU PAYS CHARTRAIN",
    "adresse": "34 R DES BEAUCERONS",
    "code_postal": "28000",
    "ville": "Chartres",
    "departement": "28",
}


@pytest.fixture
def region(db: None, tmp_path: Path) -> None:
    load_establishments(tmp_path)


@pytest.fixture
def number() -> str:
    return etablissements.CHARTRAIN


def send(client: Client, **typed: str) -> Any:
    return client.post(PAGE, {"version": version_of(client, PAGE), **typed})


def shown(response: Any) -> dict[str, str]:
    """What the fields hold on the page that came back."""
    return {field.name: field.value() or "" for field in response.context["form"]}


def again(client: Client, response: Any, **changed: str) -> Any:
    """Send the page as it came back."""
    return client.post(PAGE, shown(response) | changed)


@pytest.mark.feature("CVL-013", "CVL-014", "CVL-017")
@pytest.mark.parametrize("typed", ["number", "289990418 ", "centre hospitalier du pays chartrain"])
def test_the_establishment_named_fills_the_rest_and_is_shown_once(
    signed_in: Client, person: User, number: str, typed: str
) -> None:
    response = send(signed_in, structure=number if typed == "number" else typed)
    assert response.status_code == 200
    html = text_of(response)
    assert "Vérifiez votre lieu d’exercice" in html and "Erreur :" not in html
    assert "le numéro FINESS, l’adresse, le code postal, la ville et le département" in html
    assert shown(response).items() >= CHARTRAIN.items()
    assert shown(response)["structure_finess"] == number
    person.refresh_from_db()
    assert person.structure == ""
    assert again(signed_in, response).status_code == 302
    person.refresh_from_db()
    assert {name: getattr(person, name) for name in CHARTRAIN} == CHARTRAIN
    assert person.structure_finess == number
    assert "FINESS géographique 289990418" in text_of(signed_in.get("/preferences/"))
    account = collect(person)["compte"]
    assert (account["structure_finess"], account["ville"]) == (number, "Chartres")


@pytest.mark.feature("CVL-014")
def test_a_number_alone_names_the_establishment(signed_in: Client, number: str) -> None:
    response = send(signed_in, structure_finess=number)
    assert shown(response)["structure"] == CHARTRAIN["structure"]


def test_what_the_person_typed_is_never_replaced(signed_in: Client, person: User, number: str) -> None:
    response = send(signed_in, structure=number, adresse="Bâtiment B, 2e étage", ville="Chartres Nord")
    values = shown(response)
    assert (values["adresse"], values["ville"]) == ("Bâtiment B, 2e étage", "Chartres Nord")
    assert (values["code_postal"], values["departement"]) == ("28000", "28")
    # A field emptied on the page that was shown to be checked stays empty.
    assert again(signed_in, response, adresse="").status_code == 302
    person.refresh_from_db()
    assert (person.adresse, person.code_postal) == ("", "28000")


def test_what_the_page_already_filled_is_not_asked_again(signed_in: Client, number: str) -> None:
    typed = {**CHARTRAIN, "structure_finess": number, "lieu_vu": number, "code_postal_vu": "28000"}
    assert send(signed_in, **typed).status_code == 302
    assert send(signed_in, **typed).status_code == 302


@pytest.mark.feature("CVL-013")
def test_several_establishments_are_proposed_and_one_is_chosen(
    signed_in: Client, person: User, number: str
) -> None:
    response = send(signed_in, structure="centre hospitalier", code_postal="28000")
    html = text_of(response)
    assert "Est-ce l’un de ces établissements ?" in html
    assert html.index('id_structure"') < html.index("id_lieu_choisi") < html.index('id_structure_finess"')
    assert "Aucun de ceux-ci : garder « centre hospitalier »" in html
    filled = again(signed_in, response, lieu_choisi=number)
    assert shown(filled)["structure"] == CHARTRAIN["structure"]
    assert again(signed_in, filled).status_code == 302
    person.refresh_from_db()
    assert person.structure_finess == number


def test_nobody_is_obliged_to_choose(signed_in: Client, person: User) -> None:
    response = send(signed_in, structure="Centre hospitalier", ville="Rouen")
    assert again(signed_in, response).status_code == 302
    person.refresh_from_db()
    assert (person.structure, person.structure_finess) == ("Centre hospitalier", "")
    # The name kept once is not discussed again.
    page = signed_in.get(PAGE).context["form"]
    values = {field.name: field.value() or "" for field in page}
    assert signed_in.post(PAGE, values).status_code == 302


@pytest.mark.parametrize("choice", ["999999999", "'", "\0", "x" * 5000, "aucun "])
def test_a_forged_choice_fills_nothing(signed_in: Client, person: User, choice: str) -> None:
    response = send(signed_in, structure="Cabinet du Parc", lieu_choisi=choice)
    assert response.status_code in (200, 302)
    person.refresh_from_db()
    assert person.structure_finess == ""


@pytest.mark.feature("CVL-017")
def test_a_postal_code_of_one_town_fills_it_one_of_several_asks(signed_in: Client, person: User) -> None:
    one = send(signed_in, code_postal="28000")
    assert (shown(one)["ville"], shown(one)["departement"]) == ("Chartres", "28")
    several = send(signed_in, code_postal="78200")
    html = text_of(several)
    assert "Quelle ville du 78200 ?" in html
    assert len(re.findall(r'type="radio" name="ville_choisie"', html)) == 13
    assert again(signed_in, several, ville_choisie="78361").status_code == 302
    person.refresh_from_db()
    assert (person.ville, person.departement) == ("Mantes-la-Jolie", "78")
    other = send(signed_in, code_postal="78200")
    assert again(signed_in, other).status_code == 302
    person.refresh_from_db()
    assert (person.code_postal, person.ville) == ("78200", "")


def test_wrong_numbers_are_refused_with_a_sentence(signed_in: Client) -> None:
    response = send(signed_in, structure_finess="289990419", code_postal="2800", departement="ZZ")
    assert set(response.context["form"].errors) == {"structure_finess", "code_postal", "departement"}


# --- sign-up of Centre-Val de Loire -------------------------------------------------------------------------------
@pytest.fixture
def centre(plateforme: Any) -> None:
    plateforme("esante-cvl")


@pytest.mark.usefixtures("centre")
@pytest.mark.feature("CVL-014", "CVL-015", "CVL-016", "CVL-017")
def test_the_request_of_an_account_keeps_the_establishment(
    client: Client, number: str, outbox: Outbox
) -> None:
    typed = cvl_form(structure="pays chartrain", fonction="Médecin", service="ADMINISTRATION")
    response = client.post("/inscription/", typed)
    assert "Est-ce l’un de ces établissements ?" in text_of(response)
    chosen = {**typed, "lieu_choisi": number, "lieu_vu": "pays chartrain"}
    response = client.post("/inscription/", chosen)
    assert not User.objects.exists() and len(outbox) == 0
    values = shown(response)
    assert values.items() >= CHARTRAIN.items()
    assert "28 - Eure-et-Loir" in text_of(response)
    # The robot check was not used up by a page that only asks to confirm.
    assert client.post("/inscription/", {**typed, **values, **robot_of(typed)}).status_code == 302
    user = User.objects.get()
    assert (user.structure_finess, user.departement, user.ville) == (number, "28", "Chartres")
    assert (user.fonction, user.service) == ("Médecin", "ADMINISTRATION")


def robot_of(typed: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in typed.items() if name.startswith(("robot", "accept"))}


@pytest.mark.usefixtures("centre")
@pytest.mark.feature("CVL-013", "CVL-015", "CVL-016")
def test_the_establishment_and_the_service_are_required(client: Client) -> None:
    page = text_of(client.get("/inscription/"))
    for label in (
        "Etablissement d'exercice",
        "FINESS géographique",
        "Type de fonction",
        "Service d'exercice",
    ):
        assert label in page
    errors = client.post("/inscription/", cvl_form(structure="", service="")).context["form"].errors
    assert set(errors) == {"structure", "service"}
    odd = client.post("/inscription/", cvl_form(fonction="Roi de France"))
    assert "fonction" in odd.context["form"].errors


@pytest.mark.usefixtures("centre")
@pytest.mark.feature("CVL-019")
def test_an_establishment_out_of_the_list_is_typed_and_flagged(client: Client, outbox: Outbox) -> None:
    typed = cvl_form(structure="Centre hospitalier", service="Accueil", structure_hors_liste="on")
    assert client.post("/inscription/", typed).status_code == 302
    user = User.objects.get()
    assert (user.structure, user.structure_finess) == ("Centre hospitalier", "")
    assert outbox.emails(user.email)


# --- sign-up that shows the name only ------------------------------------------------------------------------------
def test_where_only_the_name_is_shown_the_number_chosen_gives_the_rest(
    client: Client, number: str, rf: Any
) -> None:
    from accounts.forms.sign_up import SignUpForm  # noqa: PLC0415

    form = SignUpForm(
        {"structure": "Pays chartrain", "structure_finess": number, "code_postal": "28000"},
        request=rf.post("/inscription/"),
        shown=("activite",),
    )
    form.is_valid()
    form.cleaned_data |= {"email": "a@exemple.fr", "nom": "Morin", "prenom": "Camille"}
    place = form.application().workplace
    assert (place.structure, place.code_postal) == ("Pays chartrain", "28000")
    assert (place.ville, place.departement) == ("Chartres", "28")
    assert 'type="hidden" name="structure_finess"' in text_of(client.get("/inscription/"))
