"""Communes: the CSV with coordinates, or `communes.json` of the official geographic code (COG)."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from portal.common.text import fold
from portal.referentiels.importers.fichier import check_kind
from portal.referentiels.importers.lexique import LEXICON, write_commune_words
from portal.referentiels.importers.report import (
    CLOSED,
    CREATED,
    REOPENED,
    UPDATED,
    FileRefused,
    check_closures,
    check_shrink,
)
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.staging import Staging, execute, rows, scalar
from portal.referentiels.importers.tableur import Row, read_rows, value_problem

from .appellations import forms_of
from .rattachement import attach_communes

COLUMNS = {
    "code": "code_insee",
    "nom": "nom",
    "type": "type",
    "departement": "code_departement",
    "population": "population",
    "codes": "codes_postaux",
    "lat": "lat",
    "lon": "lon",
    "parente": "commune_parente",
}
_REQUIRED = ("code", "nom", "departement", "codes")
_CODE = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)
_POSTAL = re.compile(r"[0-9]{5}", re.ASCII)
# communes.json → the type column of ours; delegated and associated communes are not administrative communes.
_TYPES = {"commune-actuelle": "COM", "arrondissement-municipal": "ARM"}

STAGING, FORMS, CODES = "import_commune", "import_commune_forme", "import_commune_code"
TABLE = "referentiels_commune"
_FIELDS = ("nom", "nom_plie", "type", "departement_id", "parente_id", "population", "latitude", "longitude")


def apply(job: Job) -> None:
    """Import a full state of the communes; their names for search and postal codes follow."""
    found = {row["code"]: row for row in _sound_rows(job)}
    if not found:
        raise FileRefused("Aucune commune lisible dans ce fichier ; rien n’est modifié.")
    check_shrink(rows=job.report.counts["Lignes lues"], last=job.last_rows, forced=job.forced)
    _drop_unknown_parents(job, found)
    job.progress("écriture", 0.5)
    _stage(found)
    _write_communes(job)
    _write_forms()
    _write_codes(job)
    job.progress("rattachements", 0.9)
    attach_communes()
    write_commune_words()
    execute(f"drop table {STAGING}, {FORMS}, {CODES}")
    job.tables += [TABLE, "referentiels_communeappellation", "referentiels_commune_codes_postaux", LEXICON]


def _sound_rows(job: Job) -> Iterator[Row]:
    departements = {row[0] for row in rows("select code from referentiels_departement")}
    seen: set[str] = set()
    for line, row in _read(job):
        problem = _problem(row, departements, seen)
        if problem:
            job.report.reject(line, *problem)
            continue
        seen.add(row["code"])
        yield row
    job.report.check_bad_share(job.report.counts["Lignes lues"])


def _read(job: Job) -> Iterator[tuple[int, Row]]:
    head = check_kind(job.path)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"["):
        yield from _read_json(job)
    else:
        yield from read_rows(job, separator=",", columns=COLUMNS, required=_REQUIRED)


def _read_json(job: Job) -> Iterator[tuple[int, Row]]:
    """Rank of the commune in the list stands for its line."""
    try:
        published: Any = json.loads(job.path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FileRefused("Le fichier JSON est coupé ou illisible ; rien n’est modifié.") from error
    total = 0
    for rank, entry in enumerate(published, start=1):
        if not isinstance(entry, dict) or entry.get("type", "commune-actuelle") not in _TYPES:
            continue
        total += 1
        row = {
            "code": str(entry.get("code", "")),
            "nom": str(entry.get("nom", "")),
            "type": _TYPES[entry.get("type", "commune-actuelle")],
            "departement": str(entry.get("departement", "")) or _departement(str(entry.get("code", ""))),
            "population": str(entry.get("population", "")),
            "codes": "|".join(entry.get("codesPostaux", [])),
            "parente": str(entry.get("commune", "")),
        }
        problem = next((reason for value in row.values() if (reason := value_problem(value))), "")
        if problem:
            job.report.reject(rank, "commune", problem)
        else:
            yield rank, row
    job.report.count("Lignes lues", total)


def _departement(code: str) -> str:
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def _problem(row: Row, departements: set[str], seen: set[str]) -> tuple[str, str] | None:
    """(column of the file, reason) of the first thing wrong, None for a sound row."""
    if not _CODE.fullmatch(row["code"]):
        return (COLUMNS["code"], "code INSEE de 5 caractères attendu")
    if row["code"] in seen:
        return (COLUMNS["code"], "code INSEE déjà vu dans ce fichier")
    if not row["nom"] or len(row["nom"]) > 80:
        return (COLUMNS["nom"], "nom vide ou de plus de 80 caractères")
    if row["departement"] not in departements:
        return (COLUMNS["departement"], "département inconnu")
    if row.get("type", "COM") not in ("", "COM", "ARM"):
        return (COLUMNS["type"], "type inconnu (COM ou ARM)")
    codes = [code for code in row["codes"].split("|") if code]
    if not all(_POSTAL.fullmatch(code) for code in codes):
        return (COLUMNS["codes"], "code postal de 5 chiffres attendu")
    if row.get("population") and not row["population"].isdecimal():
        return (COLUMNS["population"], "nombre attendu")
    if not _plausible(row.get("lat", ""), row.get("lon", "")):
        return (COLUMNS["lat"], "coordonnées hors du globe ou incomplètes")
    return None


def _plausible(latitude: str, longitude: str) -> bool:
    if not latitude and not longitude:
        return True
    try:
        return -90 <= float(latitude) <= 90 and -180 <= float(longitude) <= 180
    except ValueError:
        return False


def _drop_unknown_parents(job: Job, found: dict[str, Row]) -> None:
    for row in found.values():
        if row.get("parente") and row["parente"] not in found:
            job.report.warn(f"Commune parente inconnue pour {row['code']} : lien ignoré.")
            row["parente"] = ""


def _stage(found: dict[str, Row]) -> None:
    communes = Staging(STAGING, ("code_insee", *_FIELDS))
    communes.create()
    communes.copy_rows(_commune_row(row) for row in found.values())
    forms = Staging(FORMS, ("commune_id", "plie", "rang"))
    forms.create()
    forms.copy_rows(
        (row["code"], form[:100], str(rang)) for row in found.values() for form, rang in forms_of(row["nom"])
    )
    codes = Staging(CODES, ("commune_id", "codepostal_id"))
    codes.create()
    codes.copy_rows(
        (row["code"], code) for row in found.values() for code in sorted(set(row["codes"].split("|"))) if code
    )


def _commune_row(row: Row) -> tuple[str | None, ...]:
    return (
        row["code"],
        row["nom"],
        fold(row["nom"])[:80],
        row.get("type") or "COM",
        row["departement"],
        row.get("parente") or None,
        row.get("population") or None,
        row.get("lat") or None,
        row.get("lon") or None,
    )


def _write_communes(job: Job) -> None:
    known = int(scalar(f"select count(*) from {TABLE} where ferme_le is null"))
    missing = (
        f"from {TABLE} c where c.ferme_le is null "
        f"and not exists (select from {STAGING} s where s.code_insee = c.code_insee)"
    )
    check_closures(
        job.report,
        known=known,
        closing=int(scalar(f"select count(*) {missing}")),
        confirmed=job.confirmed,
        what="communes",
    )
    created = int(
        scalar(
            f"select count(*) from {STAGING} s "
            f"where not exists (select from {TABLE} c where c.code_insee = s.code_insee)"
        )
    )
    reopened = int(
        scalar(
            f"select count(*) from {STAGING} s join {TABLE} c using (code_insee) where c.ferme_le is not null"
        )
    )
    sets = ", ".join(f"{name} = excluded.{name}" for name in _FIELDS)
    ours = ", ".join(f"c.{name}" for name in _FIELDS)
    theirs = ", ".join(f"excluded.{name}" for name in _FIELDS)
    touched = execute(
        f"""
        insert into {TABLE} as c (code_insee, {", ".join(_FIELDS)})
        select code_insee, nom, nom_plie, type, departement_id, parente_id, population::int,
               latitude::float8, longitude::float8
        from {STAGING} order by (parente_id is not null), code_insee
        on conflict (code_insee) do update set {sets}, ferme_le = null
        where ({ours}) is distinct from ({theirs}) or c.ferme_le is not null
        """
    )
    closed = execute(f"update {TABLE} set ferme_le = now() where code_insee in (select code_insee {missing})")
    job.report.count(f"{CREATED} (communes)", created)
    job.report.count(f"{UPDATED} (communes)", touched - created - reopened)
    job.report.count(f"{REOPENED} (communes)", reopened)
    job.report.count(f"{CLOSED} (communes)", closed)


def _write_forms() -> None:
    """Forms of a renamed commune go; those La Poste brought stay. The weight follows the population."""
    execute(
        f"""
        delete from referentiels_communeappellation a using {STAGING} s
        where a.commune_id = s.code_insee and a.rang = 0 and a.plie <> s.nom_plie
        """
    )
    execute(
        f"""
        insert into referentiels_communeappellation as a (commune_id, plie, rang, poids)
        select f.commune_id, f.plie, f.rang::int, coalesce(s.population::int, 0)
        from {FORMS} f join {STAGING} s on s.code_insee = f.commune_id
        on conflict (commune_id, plie) do update set rang = excluded.rang, poids = excluded.poids
        where (a.rang, a.poids) is distinct from (excluded.rang, excluded.poids)
        """
    )


def _write_codes(job: Job) -> None:
    execute(
        f"insert into referentiels_codepostal (code) select distinct codepostal_id from {CODES} "
        "on conflict do nothing"
    )
    table = "referentiels_commune_codes_postaux"
    added = execute(
        f"insert into {table} (commune_id, codepostal_id) "
        f"select commune_id, codepostal_id from {CODES} on conflict do nothing"
    )
    removed = execute(
        f"delete from {table} m using {STAGING} s where s.code_insee = m.commune_id and not exists "
        f"(select from {CODES} c where c.commune_id = m.commune_id and c.codepostal_id = m.codepostal_id)"
    )
    job.report.count(f"{CREATED} (liens avec un code postal)", added)
    job.report.count(f"{CLOSED} (liens avec un code postal)", removed)
