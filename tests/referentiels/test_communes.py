from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.referentiels.importers.report import ConfirmationNeeded, FileRefused
from portal.referentiels.models import Commune
from portal.referentiels.selectors import communes_of_code_postal, find_commune, suggest_communes
from tests.referentiels.fichiers import COMMUNES, write_communes

Import = Any


def names(typed: str, **options: Any) -> list[str]:
    return [row.nom for row in suggest_communes(typed, **options)]


@pytest.mark.usefixtures("communes")
def test_a_postal_code_lists_every_commune_it_covers() -> None:
    assert names("78200") == ["Boinvilliers", "Magnanville", "Mantes-la-Jolie"]
    assert communes_of_code_postal("78 200")[0].libelle == "Boinvilliers (78200)"


@pytest.mark.usefixtures("communes")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("mantes", "Mantes-la-Jolie"),
        ("MANTES LA JOLIE", "Mantes-la-Jolie"),
        ("jolie", "Mantes-la-Jolie"),
        ("meulan", "Meulan-en-Yvelines"),
        ("celle saint cloud", "La Celle-Saint-Cloud"),
        ("Celle-Saint-Cloud (La)", "La Celle-Saint-Cloud"),
        ("St Germain", "Saint-Germain-en-Laye"),
        ("st-remy les chev", "Saint-Rémy-lès-Chevreuse"),
        ("paris 06", "Paris 6e Arrondissement"),
        ("Paris 6", "Paris 6e Arrondissement"),
        ("mureaux", "Les Mureaux"),
        ("L’Haÿ", "L'Haÿ-les-Roses"),
        ("l'hay", "L'Haÿ-les-Roses"),
        ("e\u0301pernon", "Épernon"),
        ("magnanvile", "Magnanville"),
    ],
)
def test_communes_are_found_however_they_are_written(typed: str, expected: str) -> None:
    assert names(typed)[0] == expected


@pytest.mark.usefixtures("communes")
@pytest.mark.parametrize(
    "typed", ["", "m", "%", "_", "x" * 200_000, "\0mantes"[:1], "😀", "\u202emantes"[:1], "()", "78200000"]
)
def test_useless_text_gives_nothing_or_a_match_and_never_fails(typed: str) -> None:
    assert isinstance(suggest_communes(typed), list)


@pytest.mark.usefixtures("communes")
def test_wildcards_are_taken_literally() -> None:
    assert names("man%") == []


@pytest.mark.usefixtures("communes")
def test_communes_of_the_place_come_first() -> None:
    assert names("saint", departements=["78"])[0] == "Saint-Germain-en-Laye"
    assert names("pari", departements=["78"])[0] == "Paris"


@pytest.mark.feature("CVL-017")
@pytest.mark.usefixtures("communes")
def test_a_commune_gives_its_departement_as_the_form_shows_it() -> None:
    found = find_commune("28085")
    assert found is not None
    assert (found.departement, found.code_postal) == ("28 - Eure-et-Loir", "28000")
    assert find_commune("99999") is None


@pytest.mark.usefixtures("communes")
def test_a_town_with_several_codes_shows_its_departement() -> None:
    assert suggest_communes("saint germain")[0].libelle == "Saint-Germain-en-Laye (78)"


def test_the_same_file_twice_changes_nothing(importer: Import, tmp_path: Path) -> None:
    path = write_communes(tmp_path / "c.csv")
    assert importer("communes", path).counts["Créés (communes)"] == 15
    assert importer("communes", path).changes == 0


def test_a_dry_run_writes_nothing(importer: Import, tmp_path: Path) -> None:
    report = importer("communes", write_communes(tmp_path / "c.csv"), write=False)
    assert report.counts["Créés (communes)"] == 15
    assert not Commune.objects.exists()


def test_a_renamed_commune_is_found_under_its_new_name_only(importer: Import, tmp_path: Path) -> None:
    importer("communes", write_communes(tmp_path / "a.csv"))
    renamed = COMMUNES.replace("Magnanville", "Bellefontaine")
    assert (
        importer("communes", write_communes(tmp_path / "b.csv", renamed)).counts["Modifiés (communes)"] == 1
    )
    assert names("bellefontaine") == ["Bellefontaine"]
    assert names("magnanville") == []


def test_a_commune_that_vanishes_is_closed_after_confirmation(importer: Import, tmp_path: Path) -> None:
    importer("communes", write_communes(tmp_path / "a.csv"))
    shorter = write_communes(
        tmp_path / "b.csv", COMMUNES.replace("78070,Boinvilliers,COM,78,300,78200,48.914,1.661,\n", "")
    )
    with pytest.raises(ConfirmationNeeded, match="1 communes sur 15"):
        importer("communes", shorter)
    assert importer("communes", shorter, confirmed=True).counts["Fermés (communes)"] == 1
    assert names("boinvilliers") == []
    closed = find_commune("78070")
    assert closed is not None and closed.nom == "Boinvilliers"


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("7836,Courte,COM,78,10,78200,48.9,1.7,", "code_insee", "5 caractères"),
        ("78361,Double,COM,78,10,78200,48.9,1.7,", "code_insee", "déjà vu"),
        ("78999,,COM,78,10,78200,48.9,1.7,", "nom", "vide"),
        ("99999,Ailleurs,COM,99,10,78200,48.9,1.7,", "code_departement", "inconnu"),
        ("78999,Nulle,COM,78,10,7820,48.9,1.7,", "codes_postaux", "5 chiffres"),
        ("78999,Nulle,COM,78,10,78200,148.9,1.7,", "lat", "hors du globe"),
        ("78999,Nulle,COM,78,10,78200,48.9,,", "lat", "incomplètes"),
        ("78999,Nulle,COM,78,beaucoup,78200,48.9,1.7,", "population", "nombre"),
        ("78999,Nulle,COM,78,10,78200,48.9,1.7", "ligne", "trop courte"),
        ("78999,Nu\u202elle,COM,78,10,78200,48.9,1.7,", "nom", "contrôle"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_its_line_column_and_reason(
    importer: Import, tmp_path: Path, line: str, column: str, reason: str
) -> None:
    report = importer("communes", write_communes(tmp_path / "c.csv", COMMUNES + line + "\n"))
    (found,) = report.first_rejects
    assert (found[0], found[1]) == (17, column)
    assert reason in found[2]
    assert Commune.objects.count() == 15
    assert (tmp_path / "rejets.csv").read_text(encoding="utf-8").splitlines()[1].startswith(f"17;{column};")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "vide"),
        (COMMUNES.splitlines()[0] + "\n", "que son en-tête"),
        ("<!DOCTYPE html><html></html>", "page web"),
        (COMMUNES.replace(",", ";"), "Séparateur inattendu : point-virgule"),
        (
            COMMUNES.replace("code_insee,nom", "code_insee,nom_commune"),
            "« nom » (renommée « nom_commune » ?)",
        ),
        ("\n".join(COMMUNES.splitlines()[1:]) + "\n", "n’a pas d’en-tête"),
        (COMMUNES[: COMMUNES.index("94028") + 15], "coupé"),
        ("PK\x03\x04" + COMMUNES, "compressé"),
    ],
)
def test_a_broken_file_is_refused_whole(importer: Import, tmp_path: Path, text: str, sentence: str) -> None:
    importer("communes", write_communes(tmp_path / "bonnes.csv"))
    with pytest.raises(
        FileRefused, match=sentence.replace("(", r"\(").replace(")", r"\)").replace("?", r"\?")
    ):
        importer("communes", write_communes(tmp_path / "c.csv", text))
    assert Commune.objects.filter(ferme_le=None).count() == 15


def test_columns_in_another_order_are_read_by_name(importer: Import, tmp_path: Path) -> None:
    lines = [line.split(",") for line in COMMUNES.splitlines()]
    moved = (
        "\n".join(
            ",".join([*row[1:], row[0], "plus" if rank == 0 else "x"]) for rank, row in enumerate(lines)
        )
        + "\n"
    )
    report = importer("communes", write_communes(tmp_path / "c.csv", moved))
    assert report.counts["Créés (communes)"] == 15
    assert report.warnings == ["Colonne inconnue, ignorée : « plus »."]


def test_the_json_of_the_official_code_is_read_too(importer: Import, tmp_path: Path) -> None:
    path = tmp_path / "communes.json"
    path.write_text(
        '[{"code":"78361","nom":"Mantes-la-Jolie","departement":"78","region":"11","type":"commune-actuelle",'
        '"codesPostaux":["78200"],"population":43600},'
        '{"code":"78003","nom":"Ancienne","departement":"78","type":"commune-deleguee"}]',
        encoding="utf-8",
    )
    assert importer("communes", path).counts["Créés (communes)"] == 1
    assert names("mantes") == ["Mantes-la-Jolie"]
    path.write_text('[{"code":"78361"', encoding="utf-8")
    with pytest.raises(FileRefused, match="JSON est coupé"):
        importer("communes", path)


@pytest.mark.usefixtures("communes")
def test_la_poste_adds_codes_and_names_without_touching_what_is_shown(
    importer: Import, tmp_path: Path
) -> None:
    path = tmp_path / "hexasmal.csv"
    text = (
        "#Code_commune_INSEE;Nom_de_la_commune;Code_postal;Libellé_d_acheminement;Ligne_5\n"
        "78575;ST REMY LES CHEVREUSE;78471;ST REMY LES CHEVREUSE;BEAUSEJOUR\n"
        "99999;NULLE PART;99999;NULLE PART;\n"
    )
    path.write_bytes(text.encode("cp1252"))
    report = importer("laposte", path)
    assert report.counts["Créés (liens avec un code postal)"] == 1
    assert report.warnings == ["Communes inconnues, ignorées : 1. Importez d’abord les communes."]
    assert names("beausejour") == ["Saint-Rémy-lès-Chevreuse"]
    assert names("78471") == ["Saint-Rémy-lès-Chevreuse"]
    assert importer("laposte", path).changes == 0
