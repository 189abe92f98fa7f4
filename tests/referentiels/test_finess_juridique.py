"""Legal entities of FINESS (cs1100501): read in two layouts, tied to their establishments, refused when broken."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.referentiels.importers.finess.juridiques import LINKED, NAMES
from portal.referentiels.importers.report import ConfirmationNeeded, FileRefused, Report
from portal.referentiels.models import StructureFiness
from portal.referentiels.selectors import suggest_structures
from tests.referentiels.fichiers import finess_line, legal_entity_line, write_finess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("communes")]
Import = Callable[..., Report]

HOSPITAL = legal_entity_line("780000009", "CH DE MANTES", rslongue="CENTRE HOSPITALIER DE MANTES")
ASSOCIATION = legal_entity_line(
    "280000009", "ASSOCIATION LES BLES", commune="085", departement="28", siren=""
)
SITE = finess_line("780000017", "CH MANTES SITE NORD", ej="780000009")


def write_named(path: Path, *lines: str, names: tuple[str, ...] = NAMES) -> Path:
    """The layout with a line of names; the first field of our lines is left out."""
    rows = [";".join(names), *(line.split(";", 1)[1] for line in lines)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_legal_entities_are_read_and_never_suggested_as_places_of_work(
    importer: Import, tmp_path: Path
) -> None:
    report = importer("finess_juridique", write_finess(tmp_path / "ej.csv", [HOSPITAL, ASSOCIATION]))
    assert (report.counts["Lignes lues"], report.counts["Créés (structures)"]) == (2, 2)
    entity = StructureFiness.objects.get(pk="780000009")
    assert (entity.type, str(entity), entity.numero_siren) == (
        "ej",
        "CENTRE HOSPITALIER DE MANTES",
        "999000781",
    )
    assert (entity.voie, entity.code_postal, entity.commune_id) == ("2 BD DES TANNEURS", "78201", "78361")
    assert (entity.code_statut, entity.code_departement, entity.telephone) == ("13", "78", "0639980100")
    assert entity.ouvert_le is not None and entity.ouvert_le.isoformat() == "1980-01-02"
    assert suggest_structures("mantes") == []


@pytest.mark.parametrize("order", [("finess", "finess_juridique"), ("finess_juridique", "finess")])
def test_establishments_are_tied_to_their_legal_entity_in_either_order(
    importer: Import, tmp_path: Path, order: tuple[str, str]
) -> None:
    files = {
        "finess": write_finess(tmp_path / "et.csv", [SITE]),
        "finess_juridique": write_finess(tmp_path / "ej.csv", [HOSPITAL]),
    }
    for source in order:
        importer(source, files[source])
    site = StructureFiness.objects.select_related("entite_juridique").get(pk="780000017")
    assert str(site.entite_juridique) == "CENTRE HOSPITALIER DE MANTES"
    again = importer("finess_juridique", files["finess_juridique"])
    assert (again.changes, again.counts[LINKED]) == (0, 0)
    # Each file is the full state of its own kind only.
    assert importer("finess", files["finess"]).changes == 0
    assert StructureFiness.objects.filter(ferme_le=None).count() == 2


def test_an_establishment_that_changes_hands_follows_its_file(importer: Import, tmp_path: Path) -> None:
    importer("finess_juridique", write_finess(tmp_path / "ej.csv", [HOSPITAL, ASSOCIATION]))
    importer("finess", write_finess(tmp_path / "a.csv", [SITE]))
    importer("finess", write_finess(tmp_path / "b.csv", [SITE.replace("780000009", "280000009")]))
    assert StructureFiness.objects.get(pk="780000017").entite_juridique_id == "280000009"


def test_the_layout_with_a_line_of_names_is_read_by_name(importer: Import, tmp_path: Path) -> None:
    report = importer("finess_juridique", write_named(tmp_path / "ej.csv", HOSPITAL, ASSOCIATION))
    assert report.counts["Créés (structures)"] == 2
    shuffled = tuple(reversed(NAMES))
    values = dict(zip(NAMES, HOSPITAL.split(";")[1:], strict=True))
    path = tmp_path / "b.csv"
    path.write_text(
        ";".join(shuffled) + "\n" + ";".join(values[name] for name in shuffled) + "\n", encoding="utf-8"
    )
    again = importer("finess_juridique", path, confirmed=True, forced=True)
    assert (again.counts["Modifiés (structures)"], again.counts["Fermés (structures)"]) == (0, 1)


def test_a_renamed_column_is_named(importer: Import, tmp_path: Path) -> None:
    names = tuple("statut_juridique" if name == "statutjuridique" else name for name in NAMES)
    with pytest.raises(FileRefused, match="« statutjuridique » \\(renommée « statut_juridique » \\?\\)"):
        importer("finess_juridique", write_named(tmp_path / "ej.csv", HOSPITAL, names=names))


def test_an_entity_that_vanishes_is_closed_after_a_confirmation(importer: Import, tmp_path: Path) -> None:
    importer("finess_juridique", write_finess(tmp_path / "a.csv", [HOSPITAL, ASSOCIATION]))
    alone = write_finess(tmp_path / "b.csv", [HOSPITAL])
    with pytest.raises(ConfirmationNeeded, match="fermerait 1 structures sur 2"):
        importer("finess_juridique", alone)
    assert importer("finess_juridique", alone, confirmed=True).counts["Fermés (structures)"] == 1


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (legal_entity_line("78000001", "COURT"), "numéro FINESS", "9 caractères"),
        (legal_entity_line("780000009", "DOUBLE"), "nofiness", "déjà vu"),
        (legal_entity_line("780000033", ""), "raison sociale", "vide"),
        (legal_entity_line("780000033", "X", datecrea="2023-02-30"), "date d’ouverture", "impossible"),
        (legal_entity_line("780000033", "A\u202eB"), "raison_sociale", "contrôle"),
        ("structureej;780000033", "ligne", "trop courte"),
        (legal_entity_line("780000033", "X") + ";de trop", "ligne", "trop longue"),
        ("geolocalisation;780000033;;;;", "section", "type de ligne inconnu"),
    ],
)
def test_a_bad_line_is_refused_alone(
    importer: Import, tmp_path: Path, line: str, column: str, reason: str
) -> None:
    fine = [legal_entity_line(f"7810000{rank:02d}", f"ENTITE {rank}") for rank in range(10)]
    report = importer("finess_juridique", write_finess(tmp_path / "a.csv", [HOSPITAL, *fine, line]))
    assert [(row[0], row[1]) for row in report.first_rejects] == [(13, column)]
    assert reason in report.first_rejects[0][2]
    assert StructureFiness.objects.count() == 11


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "vide"),
        ("<html></html>", "page web"),
        ("PK\x03\x04", "compressé"),
        ("numero;nom\n780000009;X\n", "La première ligne doit être"),
        ("finess,etalab,111,2026\n", "virgule"),
        ("finess;etalab;111;2026-11-01\n", "aucune entité juridique"),
        ("finess;etalab;111;2026-11-01\n" + SITE + "\n", "c’est celui des établissements"),
        ("finess;etalab;111;2026-11-01\n" + HOSPITAL + "\n" + HOSPITAL[:60], "dernière ligne est incomplète"),
        ("finess;etalab;111;2026-11-01\n" + HOSPITAL.replace("CH DE", '"CH DE')[:60], "coupé"),
        ("finess;etalab;111;2026-11-01\n" + "x;y\n" * 9 + HOSPITAL + "\n", "plus d’une sur cinq"),
        (";".join(NAMES) + "\n", "aucune donnée"),
    ],
)
def test_a_broken_file_is_refused_whole(importer: Import, tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused, match=sentence):
        importer("finess_juridique", path)
    assert not StructureFiness.objects.exists()


def test_the_importer_of_establishments_names_a_file_of_legal_entities(
    importer: Import, tmp_path: Path
) -> None:
    with pytest.raises(FileRefused, match="c’est celui des entités juridiques"):
        importer("finess", write_finess(tmp_path / "ej.csv", [HOSPITAL]))


def test_windows_1252_is_read_and_told(importer: Import, tmp_path: Path) -> None:
    line = HOSPITAL.replace("CENTRE HOSPITALIER DE MANTES", "HÔPITAL D’ÉTÉ")
    report = importer("finess_juridique", write_finess(tmp_path / "a.csv", [line], encoding="cp1252"))
    assert str(StructureFiness.objects.get()) == "HÔPITAL D’ÉTÉ"
    assert report.warnings == ["Fichier en Windows-1252 : lu ainsi."]


def test_a_file_much_shorter_than_the_last_is_refused_unless_forced(tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path / "var"
    lines = [legal_entity_line(f"7810000{rank:02d}", f"ENTITE {rank}") for rank in range(40)]
    long = write_finess(tmp_path / "etalab-cs1100501-stock-20260512-0334.csv", lines)
    short = write_finess(tmp_path / "etalab_cs1100501_stock_20260712-0334.csv", lines[:20])
    out = StringIO()
    call_command("import_finess_juridique", str(long), stdout=out)
    assert not StructureFiness.objects.exists() and "Vérification à blanc" in out.getvalue()
    call_command("import_finess_juridique", str(long), "--ecrire", stdout=out)
    with pytest.raises(CommandError, match="semble incomplet"):
        call_command("import_finess_juridique", str(short), "--ecrire", "--confirmer", stdout=out)
    call_command("import_finess_juridique", str(short), "--ecrire", "--confirmer", "--forcer", stdout=out)
    assert StructureFiness.objects.filter(ferme_le=None).count() == 20
