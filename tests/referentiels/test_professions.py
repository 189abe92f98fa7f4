# ruff: noqa: E501  tables of cases

from __future__ import annotations

import pytest
from django.db import IntegrityError

from portal.referentiels.models import Departement, Profession, TerritoireDeSante
from portal.referentiels.selectors import (
    professions_by_categorie,
    professions_of_code_nos,
    suggest_professions,
    territoire_of_departement,
)

pytestmark = pytest.mark.django_db


def labels(categorie: str) -> list[str]:
    rows = Profession.objects.filter(categorie=categorie).order_by("rang")
    return [row.label for row in rows]


@pytest.mark.feature("VT-003")
def test_seven_professions_depend_on_an_order_and_name_it() -> None:
    assert labels("order") == [
        "Médecin", "Chirurgien-dentiste", "Masseur-kinésithérapeute", "Pédicure-podologue", "Sage-femme",
        "Pharmacien", "Infirmier",
    ]  # fmt: skip
    assert all(row.ordre for row in Profession.objects.filter(categorie="order").order_by("rang"))


@pytest.mark.feature("VT-007")
def test_twenty_professions_register_with_the_health_agency() -> None:
    found = labels("ars")
    assert len(found) == 20
    assert {
        "Chiropracteur",
        "Psychothérapeute",
        "Technicien de laboratoire médical",
        "Manipulateur ERM",
    } <= set(found)


@pytest.mark.feature("VT-012")
def test_nineteen_professions_are_held_by_role() -> None:
    found = labels("role")
    assert len(found) == 19
    assert {"Ambulancier", "Secrétaire médicale", "Mandataire judiciaire à la protection des majeurs"} <= set(
        found
    )


@pytest.mark.feature("VT-020")
def test_sixteen_other_professions_are_listed() -> None:
    found = labels("other")
    assert len(found) == 16
    assert {"Directeur d’ESMS", "Étudiants", "Gestionnaire des admissions"} <= set(found)


@pytest.mark.feature("VT-022")
def test_the_sector_manager_stands_in_two_categories() -> None:
    rows = Profession.objects.filter(label="Responsable de secteur").order_by("rang")
    assert [row.categorie for row in rows] == ["role", "other"]
    groups = professions_by_categorie()
    assert sum("Responsable de secteur" in [entry.label for entry in group] for group in groups.values()) == 2


def test_the_same_profession_twice_in_one_category_is_refused() -> None:
    with pytest.raises(IntegrityError):
        Profession.objects.create(code="medecin", label="Médecin", label_plie="medecin", categorie="order")


@pytest.mark.parametrize(("categorie", "means"), [("order", ("card", "ecps")), ("ars", ("card", "ecps")), ("role", ("ecps",)), ("other", ("ecps",))])  # fmt: skip
def test_people_registered_by_their_employer_have_no_physical_card(
    categorie: str, means: tuple[str, ...]
) -> None:
    assert {row.means for row in Profession.objects.filter(categorie=categorie).order_by("rang")} == {means}


def test_the_database_refuses_a_card_for_a_role() -> None:
    with pytest.raises(IntegrityError):
        Profession.objects.filter(categorie="role").update(allows_card=True)


def test_a_national_code_gives_its_entries() -> None:
    assert [row.label for row in professions_of_code_nos("70")] == ["Masseur-kinésithérapeute"]
    assert professions_of_code_nos("") == []


@pytest.mark.parametrize(
    ("typed", "label"), [("kine", "Masseur-kinésithérapeute"), ("KINÉSI", "Masseur-kinésithérapeute"), ("edu jeunes", "Éducateur de jeunes enfants")]
)  # fmt: skip
def test_professions_are_found_by_the_start_of_any_word(typed: str, label: str) -> None:
    assert label in [row.label for row in suggest_professions(typed)]


def test_a_retired_profession_is_no_longer_offered() -> None:
    Profession.objects.filter(code="infirmier").update(is_selectable=False)
    assert suggest_professions("infirmier") == []


def test_every_departement_has_its_region_and_the_form_label() -> None:
    assert Departement.objects.count() == 109
    assert Departement.objects.get(code="28").display == "28 - Eure-et-Loir"


def test_health_territories_of_both_regions_are_known() -> None:
    assert TerritoireDeSante.objects.count() == 14
    territoire = territoire_of_departement("78")
    assert territoire is not None and territoire.nom == "Yvelines"
    assert territoire_of_departement("13") is None
