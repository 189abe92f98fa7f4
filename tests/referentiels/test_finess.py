# ruff: noqa: E501  tables of cases

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from portal.referentiels.importers.finess.structure import phone
from portal.referentiels.importers.report import ConfirmationNeeded, FileRefused
from portal.referentiels.models import LexiqueMot, StructureFiness
from portal.referentiels.selectors import find_structure, suggest_structures
from tests.referentiels.fichiers import finess_line, write_finess

Import = Any
pytestmark = pytest.mark.usefixtures("communes")

HOSPITAL = finess_line("780000017", "CH MANTES", rslongue="CENTRE HOSPITALIER DE MANTES-LA-JOLIE")
EHPAD = finess_line(
    "280000025", "EHPAD LES BLES D'OR", ej="280000013", commune="085", departement="28", ligne="28005 CHARTRES CEDEX",
    categ="500", libcateg="EHPAD", siret="",
)  # fmt: skip
PHARMACY = finess_line(
    "780000025", "PHARMACIE ST-REMY", commune="575", ligne="78470 ST REMY LES CHEVREUSE", categ="620",
    libcateg="Pharmacie d'Officine", siret="99900078000023",
)  # fmt: skip
POINT = (
    "geolocalisation;780000017;605200.0;6878150.0;1,ATLASANTE,100,IGN,BD_ADRESSE,V2.2,LAMBERT_93;2026-11-01"
)


@pytest.fixture
def structures(importer: Import, tmp_path: Path) -> None:
    importer("finess", write_finess(tmp_path / "finess.csv", [HOSPITAL, EHPAD, PHARMACY, POINT]))


def found(typed: str, **options: Any) -> list[str]:
    return [row.numero_finess for row in suggest_structures(typed, **options)]


@pytest.mark.usefixtures("structures")
def test_a_structure_has_its_commune_its_point_and_its_reliability() -> None:
    hospital = StructureFiness.objects.select_related("commune").get(pk="780000017")
    assert hospital.commune is not None and hospital.commune.nom == "Mantes-la-Jolie"
    assert (hospital.fiabilite, hospital.code_postal, hospital.voie) == (
        "finess",
        "78200",
        "2 BD DES TANNEURS",
    )
    assert hospital.latitude == pytest.approx(48.996, abs=0.02)
    assert hospital.longitude == pytest.approx(1.705, abs=0.02)
    ehpad = StructureFiness.objects.get(pk="280000025")
    assert (ehpad.code_departement, ehpad.commune_id, ehpad.code_postal) == ("28", "28085", "28005")
    assert (ehpad.fiabilite, ehpad.latitude) == ("commune", 48.446)


@pytest.mark.feature("CVL-013")
@pytest.mark.usefixtures("structures")
@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("centre hosp mantes", "780000017"),
        ("CH mantes", "780000017"),
        ("hôpital mantes", "780000017"),
        ("mantes-la-jolie", "780000017"),
        ("pharmacie saint rémy", "780000025"),
        ("St Remy", "780000025"),
        ("bles d'or", "280000025"),
        ("chartres", "280000025"),
        ("ehp", "280000025"),
        ("780000017", "780000017"),
        ("7800000", "780000017"),
        ("99900078000023", "780000025"),
        ("28005", "280000025"),
        ("hospitalire mantes", "780000017"),
        ("farmacie st remy", "780000025"),
    ],
)
def test_establishments_are_found_while_typing(typed: str, number: str) -> None:
    assert number in found(typed)


@pytest.mark.feature("CVL-014", "CVL-017")
@pytest.mark.usefixtures("structures")
def test_an_establishment_fills_its_number_postal_code_town_and_departement() -> None:
    (row,) = suggest_structures("bles")
    assert (row.numero_finess, row.code_postal, row.commune) == ("280000025", "28005", "Chartres")
    assert row.departement == "28 - Eure-et-Loir"
    assert row.libelle == "EHPAD LES BLES D'OR — Chartres (28005)"


@pytest.mark.usefixtures("structures")
def test_filters_restrict_and_the_place_only_orders() -> None:
    assert found("mantes", departements=["28"]) == []
    assert found("e", categories=["500"]) == []
    assert found("ehpad", categories=["500"]) == ["280000025"]
    assert found("pharmacie", code_postal="28000") == ["780000025"]


@pytest.mark.usefixtures("structures")
@pytest.mark.parametrize(
    "typed", ["", "a", "%", "'", "x & y | !", "mantes:*)", "\0", "é" * 300, "😀", "zzzzzzzz", "(((", "\\"]
)
def test_hostile_text_never_fails(typed: str) -> None:
    assert isinstance(suggest_structures(typed), list)


@pytest.mark.usefixtures("structures")
def test_a_structure_is_found_by_finess_or_siret() -> None:
    by_finess = find_structure("78 000 001 7")
    assert by_finess is not None and by_finess.raison_sociale == "CH MANTES"
    by_siret = find_structure("99900078000023")
    assert by_siret is not None and by_siret.pk == "780000025"
    assert [find_structure(text) for text in ("", "1", "\0" * 9, "999999999", "x" * 500)] == [None] * 5


def test_the_same_file_twice_changes_nothing(importer: Import, tmp_path: Path) -> None:
    path = write_finess(tmp_path / "a.csv", [HOSPITAL, EHPAD, POINT])
    assert importer("finess", path).counts["Créés (structures)"] == 2
    assert importer("finess", path).changes == 0


def test_the_extraction_without_points_keeps_known_coordinates(importer: Import, tmp_path: Path) -> None:
    importer("finess", write_finess(tmp_path / "a.csv", [HOSPITAL, POINT]))
    assert importer("finess", write_finess(tmp_path / "b.csv", [HOSPITAL])).changes == 0
    assert StructureFiness.objects.get().fiabilite == "finess"


def test_a_point_far_from_its_commune_is_replaced_by_the_town(importer: Import, tmp_path: Path) -> None:
    wrong = POINT.replace("605200.0;6878150.0", "882408.3;6543019.6")
    report = importer("finess", write_finess(tmp_path / "a.csv", [HOSPITAL, wrong]))
    assert "loin de leur commune" in report.warnings[0]
    assert StructureFiness.objects.get().fiabilite == "commune"


def test_a_structure_that_vanishes_is_closed_and_no_longer_suggested(
    importer: Import, tmp_path: Path
) -> None:
    importer("finess", write_finess(tmp_path / "a.csv", [HOSPITAL, EHPAD]))
    alone = write_finess(tmp_path / "b.csv", [HOSPITAL])
    with pytest.raises(ConfirmationNeeded):
        importer("finess", alone)
    assert importer("finess", alone, confirmed=True).counts["Fermés (structures)"] == 1
    assert found("bles") == []
    kept = find_structure("280000025")
    assert kept is not None and kept.ferme_le is not None


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (finess_line("78000001", "COURT"), "numéro FINESS", "9 caractères"),
        (finess_line("780000017", "DOUBLE"), "nofinesset", "déjà vu"),
        (finess_line("780000033", ""), "raison sociale", "vide"),
        (finess_line("780000033", "X", ouv="2023-02-30"), "date d’ouverture", "impossible"),
        (finess_line("780000033", "X" * 300), "raison_sociale", "trop long"),
        (finess_line("780000033", "A\u202eB"), "raison_sociale", "contrôle"),
        ("structureet;780000033", "ligne", "trop courte"),
        ("autrechose;780000033", "section", "type de ligne inconnu"),
        (POINT.replace("LAMBERT_93", "LAMBERT_2"), "sourcecoordet", "système de coordonnées inconnu"),
        (POINT.replace("605200.0", "ici"), "coordxet", "nombre attendu"),
    ],
)
def test_a_bad_line_is_refused_alone(
    importer: Import, tmp_path: Path, line: str, column: str, reason: str
) -> None:
    fine = [finess_line(f"7810000{rank:02d}", f"SITE {rank}") for rank in range(10)]
    report = importer("finess", write_finess(tmp_path / "a.csv", [HOSPITAL, *fine, line]))
    assert [(row[0], row[1]) for row in report.first_rejects] == [(13, column)]
    assert reason in report.first_rejects[0][2]
    assert StructureFiness.objects.count() == 11


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "vide"),
        ("<html></html>", "page web"),
        ("nofinesset;rs\n780000017;X\n", "La première ligne doit être"),
        ("finess,etalab,111,2026\n", "virgule"),
        ("finess;etalab;111;2026-11-01\n", "aucune structure"),
        ("finess;etalab;111;2026-11-01\n" + HOSPITAL + "\n" + HOSPITAL[:60], "dernière ligne est incomplète"),
        (
            "finess;etalab;111;2026-11-01\n" + HOSPITAL + "\n" + HOSPITAL.replace("CH MANTES", '"CH')[:60],
            "coupé",
        ),
        ("finess;etalab;111;2026-11-01\n" + "x;y\n" * 9 + HOSPITAL + "\n", "plus d’une sur cinq"),
    ],
)
def test_a_broken_extraction_is_refused_whole(
    importer: Import, tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused, match=sentence):
        importer("finess", path)
    assert not StructureFiness.objects.exists()


def test_an_old_extraction_in_windows_1252_is_read(importer: Import, tmp_path: Path) -> None:
    line = HOSPITAL.replace("CH MANTES", "HÔPITAL D’ÉTÉ")
    report = importer("finess", write_finess(tmp_path / "a.csv", [line], encoding="cp1252"))
    assert StructureFiness.objects.get().raison_sociale == "HÔPITAL D’ÉTÉ"
    assert report.warnings == ["Fichier en Windows-1252 : lu ainsi."]


def test_a_word_that_the_list_of_words_lacks_is_found_all_the_same(importer: Import, tmp_path: Path) -> None:
    """The list is written by the imports: a name it does not know yet is no mistyped one."""
    importer("finess", write_finess(tmp_path / "a.csv", [finess_line("780000017", "MAISON QUADRIFOLIA")]))
    LexiqueMot.objects.filter(domaine="structure", mot="quadrifolia").delete()
    assert [row.numero_finess for row in suggest_structures("maison quadrifolia")] == ["780000017"]
    assert [row.numero_finess for row in suggest_structures("quadri maison")] == ["780000017"]


# --- FINESS+ --------------------------------------------------------------------------------------
def entity(*sites: dict[str, Any]) -> dict[str, Any]:
    return {
        "informationsGeneralesPmej": {
            "numFinessPm": "780000009", "denominationPm": "GROUPE INVENTÉ", "siren": "999000781", "dateCreation": "1990-01-02",
        },
        "adresse": [],
        "ege": list(sites),
    }  # fmt: skip


def site(
    number: str,
    coordinates: dict[str, str],
    *,
    state: str = "A",
    key: str = "categorieentiteGeographiqueExercice",
) -> dict[str, Any]:
    return {
        "informationsGeneralesEGE": {"numFinessEge": number, "nomEgeCourt": f"SITE {number}"},
        "etatObjet": {"code": state},
        key: {"code": "603", "libelle": "Maison de santé"},
        "adresse": [
            {
                "cogCommune": "78361", "ligneAcheminement": "78200 MANTES LA JOLIE", "codePostal": "78200",
                "coordonneesGeographique": coordinates,
            }
        ],
        "contact": [{"typeContact": {"roleContact": "01"}, "telecom": {"telephone": "0639980100"}}],
    }  # fmt: skip


MARCH = {
    "coordonneeX": "6878150.00",
    "coordonneeY": "605200.00",
    "directionLatitude": "48.9959",
    "directionLongitude": "1.7049",
}
SEPTEMBER = {
    "coordonneeX": "1.7049",
    "coordonneeY": "48.9959",
    "directionLatitude": "6878150.0",
    "directionLongitude": "605200.0",
}


def write_json(path: Path, *entities: dict[str, Any]) -> Path:
    path.write_text(
        json.dumps({"pmej": list(entities), "gco": {}, "gcc": {}}, ensure_ascii=False), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("coordinates", [MARCH, SEPTEMBER])
def test_swapped_coordinates_are_told_by_their_range(
    importer: Import, tmp_path: Path, coordinates: dict[str, str]
) -> None:
    importer("finess_plus", write_json(tmp_path / "s.json", entity(site("780000017", coordinates))))
    found_site = StructureFiness.objects.select_related("entite_juridique").get(pk="780000017")
    assert found_site.latitude == pytest.approx(48.996, abs=0.01)
    assert found_site.longitude == pytest.approx(1.705, abs=0.01)
    assert (found_site.code_categorie, found_site.telephone) == ("603", "0639980100")
    assert str(found_site.entite_juridique) == "GROUPE INVENTÉ"


def test_every_address_of_a_site_is_kept_and_the_one_with_a_commune_is_shown(
    importer: Import, tmp_path: Path
) -> None:
    several = site("780000017", MARCH)
    (main,) = several["adresse"]
    several["adresse"] = [
        {"usageAdresse": {"code": "02"}, "ligneQuatre": "BP 3", "ligneSix": "78201 MANTES LA JOLIE CEDEX"},
        {**main, "numeroVoie": "12", "typeVoie": "R", "libelleVoie": "DES EXEMPLES"},
        {
            "numeroVoie": "3",
            "typeVoie": "PL",
            "libelleVoie": "DU MARCHE",
            "ligneAcheminement": "78711 MANTES LA VILLE",
        },
    ]
    path = write_json(tmp_path / "s.json", entity(several))
    importer("finess_plus", path)
    found = StructureFiness.objects.get(pk="780000017")
    assert (found.voie, found.code_postal, found.fiabilite) == ("12 R DES EXEMPLES", "78200", "finess")
    assert found.autres_adresses.splitlines() == [
        "BP 3, 78201 MANTES LA JOLIE CEDEX (usage 02)",
        "3 PL DU MARCHE, 78711 MANTES LA VILLE",
    ]
    assert importer("finess_plus", path).changes == 0


def test_inactive_sites_are_left_out_and_gzip_is_read(importer: Import, tmp_path: Path) -> None:
    sites = [
        site("780000017", MARCH, key="categorieEntiteGeographiqueExercice"),
        site("780000025", {}, state="I"),
    ]
    plain = write_json(tmp_path / "s.json", entity(*sites))
    zipped = tmp_path / "s.json.gz"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    assert importer("finess_plus", zipped).counts["Créés (structures)"] == 2
    assert importer("finess_plus", plain).changes == 0
    assert not StructureFiness.objects.filter(pk="780000025").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text[:-80], "coupé"),
        (lambda text: '{"autre": []}', "« pmej »"),
        (lambda text: '{"pmej": []}', "aucune structure"),
        (lambda text: "", "vide"),
    ],
)
def test_a_broken_json_is_refused_whole(importer: Import, tmp_path: Path, change: Any, sentence: str) -> None:
    path = write_json(tmp_path / "s.json", entity(site("780000017", MARCH)))
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(FileRefused, match=sentence):
        importer("finess_plus", path)
    assert not StructureFiness.objects.exists()


@pytest.mark.parametrize(
    ("published", "kept"),
    [
        ("06 39 98 01 00", "0639980100"),
        ("06.39.98.01.00", "0639980100"),
        ("639980100", "0639980100"),
        ("+33 6 39 98 01 00", "0639980100"),
        ("0033639980100", "0639980100"),
        ("+33 (0)6 39 98 01 00", "0639980100"),
        ("0000000000", ""),
        ("", ""),
        ("3624", "3624"),
        ("+32 470 00 00 00", "+32470000000"),
    ],
)
def test_phones_are_kept_in_ten_digits_when_they_can_be_told(published: str, kept: str) -> None:
    assert phone(published) == kept


def test_a_number_with_another_letter_than_corsica_s_is_kept(importer: Import, tmp_path: Path) -> None:
    importer("finess", write_finess(tmp_path / "a.csv", [finess_line("9A0000017", "SITE D’OUTRE-MER")]))
    assert StructureFiness.objects.get().numero_finess == "9A0000017"
