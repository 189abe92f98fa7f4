"""Files that are not what they should be: refused whole with the right words, or row by row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.referentiels.importers.report import FileRefused
from portal.referentiels.importers.rpps.colonnes import ACTIVITE
from portal.referentiels.models import ProfessionnelRpps
from tests.referentiels.fichiers import MK, write_rpps

Import = Any
pytestmark = [pytest.mark.django_db, pytest.mark.security("REL-7")]


def people(number: int = 20) -> list[dict[str, str]]:
    return [
        {**MK, "identifiant": f"9972{rank:07d}", "idn": f"89972{rank:07d}", "nom": f"ÉCHO{rank}"}
        for rank in range(number)
    ]


@pytest.fixture
def good(importer: Import, tmp_path: Path) -> bytes:
    """Twenty people already imported, and the bytes of their file."""
    path = write_rpps(tmp_path / "bon.txt", people())
    importer("rpps", path)
    return path.read_bytes()


def cut_last_line(data: bytes) -> bytes:
    return data[:-60]


def without_header(data: bytes) -> bytes:
    return data.split(b"\n", 1)[1]


def header_only(data: bytes) -> bytes:
    return data.split(b"\n", 1)[0] + b"\n"


def rename(data: bytes) -> bytes:
    return data.replace(b"Identification nationale PP", b"Identification nat. PP")


def drop_key(data: bytes) -> bytes:
    return data.replace(b"Identifiant PP|", b"Truc|", 1)


@pytest.mark.parametrize(
    ("breakage", "sentence"),
    [
        (lambda data: b"", "Le fichier est vide"),
        (lambda data: b"  \n\n", "Le fichier est vide"),
        (header_only, "que son en-tête"),
        (without_header, "n’a pas d’en-tête"),
        (lambda data: b"<!DOCTYPE html>\n<html>503</html>", "page web"),
        (lambda data: b"PK\x03\x04" + data, "encore compressé .ZIP"),
        (lambda data: b"\x1f\x8b\x08" + data, "encore compressé .gzip"),
        (cut_last_line, "dernière ligne est incomplète"),
        (lambda data: data.replace(b"|", b";"), "point-virgule au lieu de barre verticale"),
        (lambda data: data.decode().encode("cp1252"), "en-tête n’est pas en UTF-8"),
        (lambda data: data.decode().encode("utf-16"), "UTF-16"),
        (rename, "Identification nationale PP » .renommée « Identification nat. PP"),
        (drop_key, "« Identifiant PP »"),
        (
            lambda data: header_only(data) + without_header(data).decode().encode("cp1252"),
            "plus d’une sur cinq",
        ),
        (
            lambda data: header_only(data) + without_header(data).replace(b"899", b"x99"),
            "plus d’une sur cinq",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused_and_nothing_changes(
    importer: Import, tmp_path: Path, good: bytes, breakage: Callable[[bytes], bytes], sentence: str
) -> None:
    path = tmp_path / "mauvais.txt"
    path.write_bytes(breakage(good))
    with pytest.raises(FileRefused, match=sentence):
        importer("rpps", path, confirmed=True, forced=True)
    assert ProfessionnelRpps.objects.filter(ferme_le=None).count() == 20


def test_an_absent_file_is_named(importer: Import, tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"« rien\.txt » est introuvable"):
        importer("rpps", tmp_path / "rien.txt")


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        (
            lambda line: line.replace(b"12|", b"12"),
            "ligne",
            "ligne trop courte : 55 séparateurs au lieu de 56",
        ),
        (lambda line: line + b"|", "ligne", "ligne trop longue : 57 séparateurs au lieu de 56"),
        (lambda line: line.replace(b"Paul", b"Pa\x00ul"), "Prénom d'exercice", "caractère NUL"),
        (lambda line: line.replace(b"Paul", b"Pa\x07ul"), "Prénom d'exercice", "caractère de contrôle"),
        (lambda line: line.replace(b"Paul", "Pa\u202eul".encode()), "Prénom d'exercice", "sens d’écriture"),
        (lambda line: line.replace(b"Paul", b"Pa\xe9ul"), "Prénom d'exercice", "illisibles en UTF-8"),
        (lambda line: line.replace(b"8|9972", b"7|9972", 1), "Type d'identifiant PP", "type inconnu"),
        (lambda line: line.replace(b"|89972", b"|89973"), "Identification nationale PP", "différent du type"),
        (lambda line: line.replace("|ÉCHO7|".encode(), b"||"), "Nom d'exercice", "vide"),
        (lambda line: line.replace(b"|70|", b"||"), "Code profession", "vide"),
    ],
)
def test_a_bad_row_is_refused_alone_with_its_line_and_column(
    importer: Import, tmp_path: Path, change: Callable[[bytes], bytes], column: str, reason: str
) -> None:
    path = write_rpps(tmp_path / "a.txt", people())
    lines = path.read_bytes().split(b"\n")
    changed = change(lines[8])
    assert changed != lines[8]
    lines[8] = changed
    path.write_bytes(b"\n".join(lines))
    report = importer("rpps", path)
    assert ProfessionnelRpps.objects.count() == 19
    (found,) = report.first_rejects
    assert found[:2] == (9, column)
    assert reason in found[2]


def test_a_short_row_hidden_by_a_long_one_is_still_found(importer: Import, tmp_path: Path) -> None:
    path = write_rpps(tmp_path / "a.txt", people())
    lines = path.read_bytes().split(b"\n")
    lines[4] = lines[4].replace(b"12|", b"12", 1)
    lines[9] += b"|"
    path.write_bytes(b"\n".join(lines))
    report = importer("rpps", path)
    assert [found[0] for found in report.first_rejects] == [5, 10]
    assert ProfessionnelRpps.objects.count() == 18


def test_lines_of_later_rejects_count_the_rows_dropped_before(importer: Import, tmp_path: Path) -> None:
    path = write_rpps(tmp_path / "a.txt", people())
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3] + b"|"
    lines[7] = lines[7].replace(b"|70|", b"||")
    path.write_bytes(b"\n".join(lines))
    report = importer("rpps", path)
    assert sorted(found[0] for found in report.first_rejects) == [4, 8]
    text = (tmp_path / "rejets.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "ligne;colonne;raison"
    assert "ÉCHO" not in text


def test_too_long_a_value_is_refused_alone(importer: Import, tmp_path: Path) -> None:
    rows = people()
    rows[6]["raison"] = "X" * 300
    report = importer("rpps", write_rpps(tmp_path / "a.txt", rows))
    assert report.first_rejects == [(8, "Raison sociale site", "trop long (200 caractères au plus)")]
    assert ProfessionnelRpps.objects.count() == 19


def test_a_value_too_long_changes_nothing_for_the_other_rows(
    importer: Import, tmp_path: Path, good: bytes
) -> None:
    """The file is then staged another way: the same people must hash alike."""
    rows = [*people(), {**people(21)[20], "raison": "X" * 300}]
    report = importer("rpps", write_rpps(tmp_path / "a.txt", rows))
    assert (report.rejected, report.changes) == (1, 0)


def test_lines_of_contradicting_names_count_the_unsound_rows(importer: Import, tmp_path: Path) -> None:
    rows = people()
    rows[2]["profession"] = ""
    rows[5]["identifiant"], rows[5]["idn"] = "12", "812"
    rows.append({**rows[9], "nom": "AUTRE", "id_structure": "C1"})
    report = importer("rpps", write_rpps(tmp_path / "a.txt", rows))
    assert sorted((line, column) for line, column, _ in report.first_rejects) == [
        (4, "Code profession"),
        (7, "Identifiant PP"),
        (22, "Nom d'exercice"),
    ]
    assert ProfessionnelRpps.objects.count() == 18


def test_quotes_backslashes_and_windows_line_ends_are_plain_text(importer: Import, tmp_path: Path) -> None:
    rows = people()
    rows[0]["raison"] = 'CABINET "LE \\ PONT"'
    importer("rpps", write_rpps(tmp_path / "a.txt", rows, end="\r\n"))
    found = ProfessionnelRpps.objects.get(pk=rows[0]["idn"]).activites.get()
    assert found.raison_sociale == 'CABINET "LE \\ PONT"'
    assert found.email == ""


def test_older_and_newer_columns_are_told_and_do_not_stop_the_file(importer: Import, tmp_path: Path) -> None:
    order = [name for name in ACTIVITE if name not in ("role", "lib_role", "genre", "lib_genre")]
    columns = {**ACTIVITE, "nouvelle": "Colonne nouvelle"}
    report = importer(
        "rpps", write_rpps(tmp_path / "a.txt", people(), columns=columns, order=[*order, "nouvelle"])
    )
    assert report.counts["Créés (professionnels)"] == 20
    assert "Colonne absente : « Code rôle »." in report.warnings
    assert "Colonne inconnue, ignorée : « Colonne nouvelle »." in report.warnings
