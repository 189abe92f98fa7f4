from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.referentiels.models import Conventionnement
from portal.referentiels.selectors import search_personnes
from tests.referentiels.fichiers import MK, SAGE_FEMME, write_rpps

Import = Any
pytestmark = pytest.mark.usefixtures("people")


def person(rank: int, nom: str, prenom: str, **values: str) -> dict[str, str]:
    number = f"9973{rank:07d}"
    return {
        **MK,
        "identifiant": number,
        "idn": "8" + number,
        "nom": nom,
        "prenom": prenom,
        "id_structure": f"C{number}",
        **values,
    }


CHARTRES = {"cp": "28000", "commune": "28085", "dep": "28", "cedex": "28000 CHARTRES"}
PARIS = {"cp": "75006", "commune": "75106", "dep": "75", "cedex": "75006 PARIS"}


PEOPLE = [
    person(1, "DUPONT", "Anne"),
    person(2, "DUPONT", "Louis", **CHARTRES),
    person(3, "DUPONTEL", "Zoé", **PARIS),
    person(4, "D'AUBIGNY", "Éloïse", **PARIS),
    person(5, "SAINTE-CROIX", "Paul", profession="50"),
    SAGE_FEMME,
]


@pytest.fixture
def people(importer: Import, tmp_path: Path, communes: None) -> None:
    importer("rpps", write_rpps(tmp_path / "p.txt", PEOPLE))


def found(nom: str, **options: Any) -> list[tuple[str, str]]:
    return [(row.nom, row.prenom) for row in search_personnes(nom, **options)]


def test_the_nearest_people_come_first() -> None:
    assert found("dupont", code_postal="28000")[0] == ("DUPONT", "Louis")
    assert found("dupont", code_postal="78200")[0] == ("DUPONT", "Anne")
    near, far = search_personnes("dupont", code_postal="78200")[:2]
    assert near.distance_km is not None and far.distance_km is not None
    assert near.distance_km < 5 < far.distance_km


@pytest.mark.parametrize(
    ("nom", "expected"),
    [
        ("daubigny", "D'AUBIGNY"),
        ("d’Aubigny", "D'AUBIGNY"),
        ("ste croix", "SAINTE-CROIX"),
        ("Dupond", "DUPONT"),
        ("dupontell", "DUPONTEL"),
        ("essai", "D'ESSAI-TEST"),
    ],
)
def test_spelling_is_forgiven(nom: str, expected: str) -> None:
    assert expected in [row[0] for row in found(nom)]


@pytest.mark.parametrize("typed", ["duppont", "dupnt", "duqont", "dpuont", "dupontt"])
def test_one_letter_wrong_near_a_postal_code_finds_the_neighbour(typed: str) -> None:
    """A letter doubled, forgotten, changed, two swapped, one added; « Louis » practises in Chartres."""
    assert found(typed, code_postal="28000")[0] == ("DUPONT", "Louis")


def test_a_mistyped_neighbour_is_shown_though_the_name_exists_elsewhere(
    importer: Import, tmp_path: Path
) -> None:
    importer("rpps", write_rpps(tmp_path / "q.txt", [*PEOPLE, person(7, "DUPOND", "Iris", **PARIS)]))
    assert found("dupond", code_postal="28000")[:1] == [("DUPONT", "Louis")]
    assert ("DUPOND", "Iris") in found("dupond", code_postal="28000")


def test_first_name_and_profession_narrow_the_answer() -> None:
    assert found("dupont", prenom="lo") == [("DUPONT", "Louis")]
    assert found("sainte", codes_profession=["70"]) == []
    assert found("sainte", codes_profession=["50"]) == [("SAINTE-CROIX", "Paul")]


@pytest.mark.parametrize("nom", ["", "d", "%", "\0\0", "x" * 5000, "😀😀"])
def test_useless_names_find_nobody(nom: str) -> None:
    assert found(nom) == []


def test_an_unknown_postal_code_searches_everywhere() -> None:
    assert len(found("dupont", code_postal="99999")) == 3
    assert len(found("dupont", code_postal="abc")) == 3


# --- ameli ------------------------------------------------------------------------------------------
HEADER = (
    "ps_activite_nom;ps_activite_prenom;specialite_code;specialite_libelle;coordonnees_code_postal;"
    "secteur_conventionnel_code;secteur_conventionnel_libelle;option_tarifaire_code"
)


def write_ameli(path: Path, *lines: str) -> Path:
    path.write_text("\ufeff" + "\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def test_the_insurance_file_is_matched_by_name_postal_code_and_speciality(
    importer: Import, tmp_path: Path
) -> None:
    path = write_ameli(
        tmp_path / "ameli.csv",
        "DUPONT;ANNE;26;Masseur-kinésithérapeute;78200;1;Secteur 1;",
        "DUPONT;LOUIS;26;Masseur-kinésithérapeute;78200;1;Secteur 1;",
        "SAINTE CROIX;PAUL;21;Sage-femme;78200;1;Secteur 1;",
        "INCONNU;JEAN;26;Masseur-kinésithérapeute;78200;1;Secteur 1;",
    )
    report = importer("ameli", path)
    assert report.counts["Créés (conventionnements)"] == 2
    assert report.counts["Lignes sans personne unique"] == 2
    assert importer("ameli", path).changes == 0
    anne = Conventionnement.objects.get(professionnel__prenom="Anne")
    assert (anne.score, anne.statut, anne.code_secteur) == (100, "proposed", "1")


def test_two_people_alike_are_left_to_the_professional(importer: Import, tmp_path: Path) -> None:
    twins = [person(11, "JUMEAU", "Alix"), person(12, "JUMEAU", "Alix")]
    importer("rpps", write_rpps(tmp_path / "j.txt", twins), confirmed=True)
    report = importer("ameli", write_ameli(tmp_path / "a.csv", "JUMEAU;ALIX;26;MK;78200;1;Secteur 1;"))
    assert report.counts["Créés (conventionnements)"] == 0


def test_a_decision_of_the_professional_survives_the_next_file(importer: Import, tmp_path: Path) -> None:
    line = "DUPONT;ANNE;26;MK;78200;1;Secteur 1;"
    importer("ameli", write_ameli(tmp_path / "a.csv", line))
    Conventionnement.objects.update(statut="confirmed", decide_le="2026-11-01T00:00Z")
    importer("ameli", write_ameli(tmp_path / "b.csv", line.replace("Secteur 1", "Conventionné")))
    assert Conventionnement.objects.get().statut == "confirmed"
    importer("ameli", write_ameli(tmp_path / "c.csv", line.replace(";1;", ";2;")))
    again = Conventionnement.objects.get()
    assert (again.statut, again.decide_le, again.code_secteur) == ("proposed", None, "2")
