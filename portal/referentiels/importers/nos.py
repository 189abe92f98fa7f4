"""Health nomenclatures (NOS): FHIR CodeSystem (TRE) and ValueSet (JDV) files, one or a folder of them."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from portal.common.text import fold

from .fichier import check_kind
from .report import CLOSED, CREATED, REOPENED, UPDATED, FileRefused, check_closures
from .runner import Job
from .staging import Staging, execute, scalar
from .tableur import value_problem

STAGING = "import_concept"
_COLUMNS = ("nomenclature", "systeme", "code", "libelle", "plie", "valide", "modifie", "fin", "ferme", "rang")
_SHORT = re.compile(r"(?:TRE|JDV|ASS)[-_]([A-Z]\d+)")
_CLOSED_STATUSES = {"deprecated", "retired", "inactive"}


@dataclass(frozen=True, slots=True)
class Liste:
    """One published list: its head, and rows for the staging table."""

    code: str
    type: str
    nom: str
    libelle: str
    oid: str
    url: str
    version: str
    statut: str
    concepts: tuple[tuple[str | None, ...], ...]


def apply(job: Job) -> None:
    """Import one list, or every `.json` of a folder (and its sub-folders); concept maps are skipped."""
    if job.path.is_dir():
        paths = sorted(job.path.rglob("*.json"))
        if not paths:
            raise FileRefused("Ce dossier n’a aucun fichier .json ; rien n’est modifié.")
    else:
        paths = [job.path]
    for number, path in enumerate(paths, start=1):
        liste = read_list(job, path)
        if liste:
            _write(job, liste)
            job.report.count("Listes lues", 1)
        job.progress("listes", number / len(paths))
    job.report.check_bad_share(job.report.counts.get("Lignes lues", 0))
    job.tables += ["referentiels_nomenclatureconcept"]


def read_list(job: Job, path: Path) -> Liste | None:
    """The list of a file; None for a resource that is neither a CodeSystem nor a ValueSet."""
    check_kind(path)
    try:
        resource: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FileRefused(
            f"« {path.name} » est coupé ou n’est pas du JSON en UTF-8 ; rien n’est modifié."
        ) from error
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind == "ConceptMap":
        job.report.warn(f"« {path.name} » est une table de correspondance : ignorée.")
        return None
    if kind not in ("CodeSystem", "ValueSet"):
        raise FileRefused(
            f"« {path.name} » n’est pas une terminologie FHIR (CodeSystem ou ValueSet attendu)."
        )
    rows = tuple(_sound_rows(job, resource, kind))
    if not rows:
        raise FileRefused(f"« {path.name} » n’a aucun code ; rien n’est modifié.")
    return Liste(
        code=_short_code(resource, path),
        type="tre" if kind == "CodeSystem" else "jdv",
        nom=str(resource.get("name") or resource.get("id") or path.stem)[:160],
        libelle=str(resource.get("description") or resource.get("title") or "")[:500],
        oid=_oid(resource),
        # A stray « .tabs » slipped into two published addresses.
        url=str(resource.get("url", "")).replace(".tabs", "")[:255],
        version=str(resource.get("version", ""))[:20],
        statut=str(resource.get("status", "active"))[:20],
        concepts=rows,
    )


def _short_code(resource: dict[str, Any], path: Path) -> str:
    """« R211 » of TRE_R211-ActiviteOperationnelle, in the name, the address or the file name."""
    for text in (resource.get("name"), resource.get("url"), resource.get("id"), path.name):
        found = _SHORT.search(str(text or ""))
        if found:
            return found[1]
    raise FileRefused(f"« {path.name} » ne porte pas de numéro de liste (TRE_Rnnn ou JDV_Jnnn).")


def _oid(resource: dict[str, Any]) -> str:
    for identifier in resource.get("identifier", []):
        value = str(identifier.get("value", ""))
        if value.startswith("urn:oid:"):
            return value.removeprefix("urn:oid:")
    return ""


def _sound_rows(job: Job, resource: dict[str, Any], kind: str) -> Iterator[tuple[str | None, ...]]:
    seen: set[tuple[str, str]] = set()
    read = 0
    for rank, (systeme, concept) in enumerate(_concepts(resource, kind), start=1):
        read += 1
        code, label = str(concept.get("code", "")).strip(), str(concept.get("display", "")).strip()
        problem = _problem(code, label, (systeme, code) in seen)
        if problem:
            job.report.reject(rank, *problem)
            continue
        seen.add((systeme, code))
        dates = _dates(concept)
        closed = (
            bool(dates["fin"] and dates["fin"] <= timezone.localdate().isoformat()) or dates["ferme"] == "1"
        )
        yield (
            "", systeme, code, label, fold(label)[:500], dates["valide"], dates["modifie"], dates["fin"],
            "1" if closed else "0", str(rank),
        )  # fmt: skip
    job.report.count("Lignes lues", read)


def _concepts(resource: dict[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(short code of the terminology, concept); nested concepts of a hierarchy are flattened."""
    if kind == "CodeSystem":
        own = _SHORT.search(str(resource.get("url") or resource.get("name") or ""))
        yield from ((own[1] if own else "", concept) for concept in _flat(resource.get("concept", [])))
        return
    for include in resource.get("compose", {}).get("include", []):
        found = _SHORT.search(str(include.get("system", "")))
        systeme = found[1] if found else str(include.get("system", ""))[-12:]
        yield from ((systeme, concept) for concept in include.get("concept", []))


def _flat(concepts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for concept in concepts:
        yield concept
        yield from _flat(concept.get("concept", []))


def _problem(code: str, label: str, seen: bool) -> tuple[str, str] | None:
    if not code:
        return ("code", "vide")
    if seen:
        return ("code", "code déjà vu dans cette liste")
    if not label:
        return ("display", "libellé vide")
    for column, value, longest in (("code", code, 40), ("display", label, 500)):
        reason = value_problem(value, max_length=longest)
        if reason:
            return (column, reason)
    return None


def _dates(concept: dict[str, Any]) -> dict[str, str | None]:
    """Dates of validity, update and end; `dateFin` (2023) and `deprecationDate` or `status` (2025) mean the same."""
    found: dict[str, str | None] = {"valide": None, "modifie": None, "fin": None, "ferme": "0"}
    names = {"dateValid": "valide", "dateMaj": "modifie", "dateFin": "fin", "deprecationDate": "fin"}
    for entry in concept.get("property", []):
        value = next((str(entry[key]) for key in entry if key.startswith("value")), "")
        if entry.get("code") in names and re.match(r"\d{4}-\d\d-\d\d", value):
            found[names[entry["code"]]] = value[:10]
        if entry.get("code") == "status" and value in _CLOSED_STATUSES:
            found["ferme"] = "1"
    return found


def _write(job: Job, liste: Liste) -> None:
    """Upsert the list; codes it no longer holds are closed, and keep their label for old sheets.

    The excerpt we start with (no version) is not a published state: its codes wait for the next version to be
    closed. The same version again cannot have lost a code.
    """
    before = scalar("select version from referentiels_nomenclature where code = %s", [liste.code])
    if before and liste.version and liste.version < before and not job.forced:
        raise FileRefused(
            f"{liste.code} : la version {liste.version} est plus ancienne que celle en place ({before}). "
            "Pour y revenir, relancez avec --forcer ; rien n’est modifié."
        )
    complete = bool(before) and before != liste.version
    execute(
        """
        insert into referentiels_nomenclature as n (code, type, nom, libelle, oid, url, version, statut)
        values (%s, %s, %s, %s, nullif(%s, ''), %s, %s, %s)
        on conflict (code) do update set type = excluded.type, nom = excluded.nom, libelle = excluded.libelle,
            oid = excluded.oid, url = excluded.url, version = excluded.version, statut = excluded.statut
        """,
        [liste.code, liste.type, liste.nom, liste.libelle, liste.oid, liste.url, liste.version, liste.statut],
    )
    staging = Staging(STAGING, _COLUMNS)
    staging.create()
    staging.copy_rows((liste.code, *row[1:]) for row in liste.concepts)
    table = "referentiels_nomenclatureconcept"
    known = int(
        scalar(f"select count(*) from {table} where nomenclature_id = %s and not ferme", [liste.code])
    )
    missing = (
        f"from {table} c where {complete} and c.nomenclature_id = %s and not c.ferme and not exists "
        f"(select from {STAGING} s where s.systeme = c.systeme and s.code = c.code)"
    )
    check_closures(
        job.report,
        known=known,
        closing=int(scalar(f"select count(*) {missing}", [liste.code])),
        confirmed=job.confirmed,
        what=f"codes de {liste.code}",
    )
    matched = (
        f"from {STAGING} s join {table} c on c.nomenclature_id = s.nomenclature "
        "and c.systeme = s.systeme and c.code = s.code"
    )
    existing = int(scalar(f"select count(*) {matched}"))
    reopened = int(scalar(f"select count(*) {matched} where c.ferme and s.ferme = '0'"))
    names = ("libelle", "libelle_plie", "valide_le", "modifie_le", "fin_le", "ferme", "rang")
    sets = ", ".join(f"{name} = excluded.{name}" for name in names)
    ours = ", ".join(f"c.{name}" for name in names)
    theirs = ", ".join(f"excluded.{name}" for name in names)
    touched = execute(
        f"""
        insert into {table} as c (nomenclature_id, systeme, code, {", ".join(names)})
        select nomenclature, systeme, code, libelle, plie, valide::date, modifie::date, fin::date,
               ferme = '1', rang::int
        from {STAGING}
        on conflict (nomenclature_id, systeme, code) do update set {sets}
        where ({ours}) is distinct from ({theirs})
        """
    )
    closed = execute(
        f"update {table} set ferme = true, fin_le = coalesce(fin_le, current_date) "
        f"where id in (select c.id {missing})",
        [liste.code],
    )
    execute(f"drop table {STAGING}")
    created = len(liste.concepts) - existing
    job.report.count(f"{CREATED} (codes)", created)
    job.report.count(f"{UPDATED} (codes)", touched - created - reopened)
    job.report.count(f"{REOPENED} (codes)", reopened)
    job.report.count(f"{CLOSED} (codes)", closed)
