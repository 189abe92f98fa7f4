"""FINESS CSV extraction (« etalab » files): record types in one file, no header, a coordinate system per row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from portal.referentiels.coordonnees import PROJECTIONS, to_degrees
from portal.referentiels.importers.fichier import check_kind, first_line
from portal.referentiels.importers.report import FileRefused, check_shrink
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.tableur import check_complete, encoding_of, open_text, value_problem

from .ecriture import staging_tables, write
from .structure import NUMERO, StructureLue, departement_and_commune, phone, split_delivery

_STRUCTURE, _POINT = "structureet", "geolocalisation"
_WIDTHS = {_STRUCTURE: 32, _POINT: 6}
_COMPLEMENTS = {"B": "bis", "T": "ter", "Q": "quater", "C": "quinquies"}


def apply(job: Job) -> None:
    """Import cs1100502 (establishments) or cs1100507 (establishments and coordinates)."""
    head = check_kind(job.path)
    check_complete(job.path)
    encoding = encoding_of(job.path, latin_accepted=True)
    if encoding == "cp1252":
        job.report.warn("Fichier en Windows-1252 : lu ainsi.")
        head = head.decode("cp1252").encode()
    check_first_line(first_line(head))
    structures, points = staging_tables()
    job.progress("structures", 0.1)
    total = structures.copy_rows(_structures(job, encoding))
    if not total:
        raise FileRefused(
            f"Le fichier n’a aucune structure (lignes « structureet »){_other(job, encoding)} ; rien n’est modifié."
        )
    job.progress("coordonnées", 0.5)
    points.copy_rows(_points(job, encoding))
    lines = job.report.counts["Lignes lues"]
    job.report.check_bad_share(lines)
    check_shrink(rows=lines, last=job.last_rows, forced=job.forced)
    job.progress("écriture", 0.7)
    write(job, types=("et",))


def _other(job: Job, encoding: str) -> str:
    """What the file is when it is another extraction."""
    _, first = next(records(job.path, encoding), (0, [""]))
    return (
        " : c’est celui des entités juridiques, à importer sous ce nom" if first[0] == "structureej" else ""
    )


def check_first_line(line: str) -> None:
    fields = line.split(";")
    if fields[0].strip('"') != "finess":
        found = "virgule" if line.startswith("finess,") else "autre chose"
        raise FileRefused(
            f"La première ligne doit être « finess;etalab;version;date » ({found} trouvé) ; rien n’est modifié."
        )


def records(path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
    with open_text(path, encoding) as file:
        reader = csv.reader(file, delimiter=";")
        next(reader, None)
        yield from ((line, fields) for line, fields in enumerate(reader, start=2) if fields)


def _structures(job: Job, encoding: str) -> Iterator[tuple[str, ...]]:
    """Rows for the staging table; also counts the lines and refuses a file cut short."""
    seen: set[str] = set()
    lines = 0
    last: list[str] = []
    for line, fields in records(job.path, encoding):
        lines += 1
        last = fields
        structure, problem = _read_structure(fields, seen)
        if problem:
            job.report.reject(line, *problem)
        elif structure:
            seen.add(structure.numero_finess)
            yield structure.row()
    if last and last[0] in _WIDTHS and len(last) < _WIDTHS[last[0]] and not ends_line(job.path):
        raise FileRefused("Le fichier est coupé : sa dernière ligne est incomplète. Rien n’est modifié.")
    job.report.count("Lignes lues", lines)


def ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) in b"\r\n"


def _read_structure(fields: list[str], seen: set[str]) -> tuple[StructureLue | None, tuple[str, str] | None]:
    """(structure, problem); neither for a well-formed record of another type."""
    kind = fields[0]
    if kind not in _WIDTHS:
        return None, ("section", "type de ligne inconnu (structureet ou geolocalisation attendu)")
    if len(fields) != _WIDTHS[kind]:
        longer = "trop longue" if len(fields) > _WIDTHS[kind] else "trop courte"
        return None, ("ligne", f"ligne {longer} : {len(fields)} champs au lieu de {_WIDTHS[kind]}")
    if kind == _POINT:
        return None, None
    structure = map_structure([value.strip() for value in fields])
    if structure.numero_finess in seen:
        return None, ("nofinesset", "numéro déjà vu dans ce fichier")
    return structure, structure.problem()


def map_structure(fields: list[str]) -> StructureLue:
    """The 32 published fields, by rank, turned into ours."""
    postal, town = split_delivery(fields[15])
    departement, commune = departement_and_commune(fields[13], fields[12])
    return StructureLue(
        numero_finess=fields[1],
        type="et",
        numero_finess_juridique=fields[2],
        raison_sociale=fields[3],
        raison_sociale_longue=fields[4],
        complement=fields[5],
        code_categorie=fields[18],
        libelle_categorie=fields[19],
        code_statut=fields[24],
        numero_siret=fields[22],
        voie=street(fields[7], fields[10], fields[8], fields[9]),
        lieu_dit=" ".join(part for part in (fields[6], fields[11]) if part),
        acheminement=fields[15],
        code_postal=postal,
        nom_commune=town,
        code_commune=commune,
        code_departement=departement,
        telephone=phone(fields[16]),
        telecopie=phone(fields[17]),
        ouvert_le=fields[28],
    )


def street(number: str, complement: str, kind: str, name: str) -> str:
    parts = (number, _COMPLEMENTS.get(complement, complement), kind, name)
    return " ".join(part for part in parts if part)


def _points(job: Job, encoding: str) -> Iterator[tuple[str, str, str]]:
    for line, fields in records(job.path, encoding):
        if fields[0] != _POINT or len(fields) != _WIDTHS[_POINT]:
            continue
        point, problem = _read_point([value.strip() for value in fields])
        if problem:
            job.report.reject(line, *problem)
        elif point:
            yield fields[1].strip(), repr(point[0]), repr(point[1])


def _read_point(fields: list[str]) -> tuple[tuple[float, float] | None, tuple[str, str] | None]:
    """Degrees of one geolocalisation record; the last item of its source names the projection."""
    if not NUMERO.fullmatch(fields[1]):
        return None, ("nofinesset", "9 caractères attendus")
    if not fields[2] and not fields[3]:
        return None, None
    projection = fields[4].rsplit(",", 1)[-1]
    if projection not in PROJECTIONS:
        return None, ("sourcecoordet", "système de coordonnées inconnu")
    try:
        point = to_degrees(projection, float(fields[2]), float(fields[3]))
    except (ValueError, OverflowError, ZeroDivisionError):
        return None, ("coordxet", "nombre attendu")
    reason = value_problem(fields[5])
    return (None, ("datemaj", reason)) if reason else (point, None)
