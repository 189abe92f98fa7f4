"""La Poste « hexasmal »: postal codes, and the names people write on envelopes."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

import re

from portal.common.text import fold
from portal.referentiels.importers.lexique import LEXICON, write_commune_words
from portal.referentiels.importers.report import CREATED, check_shrink
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.staging import Staging, execute, scalar
from portal.referentiels.importers.tableur import Row, read_rows

COLUMNS = {
    "code": "#Code_commune_INSEE",
    "nom": "Nom_de_la_commune",
    "postal": "Code_postal",
    "acheminement": "Libellé_d_acheminement",
    "ligne5": "Ligne_5",
}
_REQUIRED = ("code", "nom", "postal")
_CODE = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)
_POSTAL = re.compile(r"[0-9]{5}", re.ASCII)
STAGING = "import_laposte"


def apply(job: Job) -> None:
    """Add postal codes and upper-case names to known communes; names for display stay the official ones."""
    staged: list[tuple[str, str, str]] = []
    for line, row in read_rows(job, separator=";", columns=COLUMNS, required=_REQUIRED, latin_accepted=True):
        problem = _problem(row)
        if problem:
            job.report.reject(line, *problem)
            continue
        names = {fold(row.get(name, ""))[:100] for name in ("nom", "acheminement", "ligne5")} - {""}
        staged += [(row["code"], row["postal"], name) for name in sorted(names)]
    total = job.report.counts["Lignes lues"]
    job.report.check_bad_share(total)
    check_shrink(rows=total, last=job.last_rows, forced=job.forced)
    table = Staging(STAGING, ("code_insee", "postal", "plie"))
    table.create()
    table.copy_rows(staged)
    _write(job)
    write_commune_words()
    execute(f"drop table {STAGING}")
    job.tables += ["referentiels_communeappellation", "referentiels_commune_codes_postaux", LEXICON]


def _problem(row: Row) -> tuple[str, str] | None:
    if not _CODE.fullmatch(row["code"]):
        return (COLUMNS["code"], "code INSEE de 5 caractères attendu")
    if not _POSTAL.fullmatch(row["postal"]):
        return (COLUMNS["postal"], "code postal de 5 chiffres attendu")
    if not row["nom"]:
        return (COLUMNS["nom"], "vide")
    return None


def _write(job: Job) -> None:
    known = f"{STAGING} s join referentiels_commune c on c.code_insee = s.code_insee"
    unknown = int(
        scalar(
            f"select count(distinct s.code_insee) from {STAGING} s "
            "where not exists (select from referentiels_commune c where c.code_insee = s.code_insee)"
        )
    )
    if unknown:
        job.report.warn(f"Communes inconnues, ignorées : {unknown}. Importez d’abord les communes.")
    execute(
        f"insert into referentiels_codepostal (code) select distinct s.postal from {known} "
        "on conflict do nothing"
    )
    links = execute(
        "insert into referentiels_commune_codes_postaux (commune_id, codepostal_id) "
        f"select distinct s.code_insee, s.postal from {known} on conflict do nothing"
    )
    names = execute(
        "insert into referentiels_communeappellation (commune_id, plie, rang, poids) "
        f"select distinct s.code_insee, s.plie, 1, coalesce(c.population, 0) from {known} on conflict do nothing"
    )
    job.report.count(f"{CREATED} (liens avec un code postal)", links)
    job.report.count(f"{CREATED} (appellations)", names)
