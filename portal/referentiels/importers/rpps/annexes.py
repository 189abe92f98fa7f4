"""PS_LibreAcces_SavoirFaire and Dipl_AutExerc: facts attached to people we already know."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.referentiels.importers.report import CLOSED, CREATED, REOPENED, UPDATED, check_closures
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.staging import execute, scalar

from .colonnes import CLES_PERSONNE, DIPLOME, QUALIFICATION
from .lecture import Lu, read_file, report_unsound_rows


@dataclass(frozen=True, slots=True)
class Annexe:
    """`cle`: our column → file column, unique with the person; `suite`: columns that may change; `present`: a row
    counts only when one of these file columns is filled."""

    table: str
    staging: str
    what: str
    columns: Mapping[str, str]
    required: tuple[str, ...]
    cle: Mapping[str, str]
    suite: Mapping[str, str]
    present: tuple[str, ...]


SAVOIR_FAIRE = Annexe(
    table="referentiels_savoirfairerpps",
    staging="import_rpps_savoir_faire",
    what="savoir-faire",
    columns=QUALIFICATION,
    required=(*CLES_PERSONNE, "profession", "type_sf"),
    cle={"code_profession": "profession", "code_type": "type_sf", "code": "code_sf"},
    suite={"libelle": "lib_sf"},
    present=("type_sf",),
)
DIPLOMES = Annexe(
    table="referentiels_diplomerpps",
    staging="import_rpps_diplome",
    what="diplômes et autorisations",
    columns=DIPLOME,
    required=(*CLES_PERSONNE, "code_dipl"),
    cle={
        "code_type_diplome": "type_dipl",
        "code_diplome": "code_dipl",
        "code_type_autorisation": "type_aut",
        "code_discipline": "disc_aut",
    },
    suite={"libelle_diplome": "lib_dipl", "libelle_discipline": "lib_disc_aut"},
    present=("code_dipl", "type_aut"),
)


def apply_know_how(job: Job) -> None:
    """Import the SavoirFaire file."""
    _apply(job, SAVOIR_FAIRE)


def apply_diplomas(job: Job) -> None:
    """Import the Dipl_AutExerc file."""
    _apply(job, DIPLOMES)


def _apply(job: Job, annexe: Annexe) -> None:
    lu = read_file(job, annexe.staging, annexe.columns, annexe.required)
    sound = int(scalar(f"select count(*) from {annexe.staging} s where {lu.whole}"))
    report_unsound_rows(job, lu, sound, annexe.columns)
    job.progress("comparaison", 0.5)
    _build_lot(lu, annexe)
    unknown = int(scalar("select count(*) from lot_annexe where not connu"))
    if unknown:
        job.report.warn(
            f"Lignes de personnes inconnues, ignorées : {unknown}. Importez d’abord les activités."
        )
    job.progress("écriture", 0.7)
    _write(job, annexe)
    execute(f"drop table {annexe.staging}, lot_annexe")
    job.tables.append(annexe.table)


def _build_lot(lu: Lu, annexe: Annexe) -> None:
    """`lot_annexe`: one line per key, with whether we know the person."""
    colonnes = lu.colonnes
    keys = ", ".join(f"{colonnes.text(theirs)} as {ours}" for ours, theirs in annexe.cle.items())
    rest = ", ".join(f"max({colonnes.text(theirs)}) as {ours}" for ours, theirs in annexe.suite.items())
    filled = f"coalesce({', '.join(colonnes.raw(name) for name in annexe.present)}) is not null"
    grouped = ", ".join(str(rank + 2) for rank in range(len(annexe.cle)))
    execute("drop table if exists lot_annexe")
    execute(
        f"""
        create unlogged table lot_annexe as
        select l.*, p.identification_nationale is not null as connu
        from (
            select s.idn, {keys}, {rest} from {lu.table} s where {lu.whole} and {filled} group by 1, {grouped}
        ) l
        left join referentiels_professionnelrpps p on p.identification_nationale = l.idn
        """
    )
    execute("analyze lot_annexe")


def _write(job: Job, annexe: Annexe) -> None:
    table, keys, rest = annexe.table, list(annexe.cle), list(annexe.suite)
    same = " and ".join(f"l.{name} = t.{name}" for name in keys)
    known = int(scalar(f"select count(*) from {table} where ferme_le is null"))
    missing = (
        f"from {table} t where t.ferme_le is null and not exists "
        f"(select from lot_annexe l where l.idn = t.professionnel_id and {same})"
    )
    closing = int(scalar(f"select count(*) {missing}"))
    check_closures(job.report, known=known, closing=closing, confirmed=job.confirmed, what=annexe.what)
    matched = f"from lot_annexe l join {table} t on t.professionnel_id = l.idn and {same}"
    existing = int(scalar(f"select count(*) {matched}"))
    reopened = int(scalar(f"select count(*) {matched} where t.ferme_le is not null"))
    fresh = int(scalar("select count(*) from lot_annexe where connu")) - existing
    sets = ", ".join(f"{name} = excluded.{name}" for name in rest)
    differs = " or ".join(f"t.{name} <> excluded.{name}" for name in rest)
    touched = execute(
        f"""
        insert into {table} as t (professionnel_id, {", ".join(keys + rest)})
        select idn, {", ".join(keys + rest)} from lot_annexe where connu order by idn
        on conflict (professionnel_id, {", ".join(keys)}) do update set {sets}, ferme_le = null
        where {differs} or t.ferme_le is not null
        """
    )
    closed = execute(f"update {table} set ferme_le = now() where id in (select t.id {missing})")
    job.report.count(f"{CREATED} ({annexe.what})", fresh)
    job.report.count(f"{UPDATED} ({annexe.what})", touched - fresh - reopened)
    job.report.count(f"{REOPENED} ({annexe.what})", reopened)
    job.report.count(f"{CLOSED} ({annexe.what})", closed)
