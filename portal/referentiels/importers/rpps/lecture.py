"""Reading of an RPPS text file into its staging table, with the checks common to the three files."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial

import psycopg

from portal.referentiels.importers.entete import read_header
from portal.referentiels.importers.fichier import check_kind, first_line
from portal.referentiels.importers.lignes import Care, Lignes
from portal.referentiels.importers.report import check_shrink
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.staging import (
    Staging,
    load_delimited,
    rows,
    scalar,
    staging_columns,
    tell_size,
)

from .colonnes import LONGUEURS
from .correspondance import Correspondance

SEPARATOR = "|"

# The form of a number costs more than the rest: it is checked once per person, not by row.
NUMERO = (
    "case when left(s.idn, 1) = '8' then octet_length(s.idn) = 12 and s.idn !~ '[^0-9]' "
    "else s.idn ~ '^0[0-9][0-9AB][0-9]{7}$' end"
)


@dataclass(frozen=True, slots=True)
class Lu:
    """A file in staging: `table`, expressions over its row `s`, the lines read.

    `valid` says that a row is sound but for the form of its number; `whole` says it all and costs more. Once the
    unsound rows are reported and deleted, neither is asked. Rows are in the order of the file.
    """

    table: str
    colonnes: Correspondance
    lignes: Lignes
    valid: str
    whole: str


def read_file(
    job: Job,
    table: str,
    columns: Mapping[str, str],
    required: Sequence[str],
    *,
    not_empty: Sequence[str] = (),
    kept: Sequence[str] = (),
) -> Lu:
    """Check and stage the file. Raises FileRefused; nothing of ours is written yet.

    `kept`: the columns read afterwards, all of them when none is named.
    """
    head = check_kind(job.path)
    entete = read_header(
        first_line(head), separator=SEPARATOR, columns=columns, required=required, report=job.report
    )
    lines = Lignes(
        job.path, entete, SEPARATOR, job.report, advance=lambda share: job.progress("lecture", 0.4 * share)
    )
    stage = partial(_stage, table, not_empty=not_empty, kept=kept)
    try:
        lu = stage(lines, bounded=True)
    except psycopg.errors.StringDataRightTruncation:
        # One value too long somewhere: the file is staged again without limits, and that row named.
        lu = stage(lines.again(Care.TRUSTING), bounded=False)
    tell_size(f"{table} (idn)")
    total = lu.lignes.kept + job.report.rejected
    job.report.count("Lignes lues", total)
    job.report.check_bad_share(total)
    check_shrink(rows=total, last=job.last_rows, forced=job.forced)
    return lu


def _stage(
    table: str,
    lines: Lignes,
    *,
    bounded: bool,
    not_empty: Sequence[str],
    kept: Sequence[str],
) -> Lu:
    present = frozenset(lines.entete.positions) & frozenset(kept or lines.entete.positions)
    valid = _sound(present, not_empty, bounded)
    staging = Staging(
        table,
        staging_columns(lines.entete),
        kept=kept,
        limits={name: LONGUEURS[name] for name in present & LONGUEURS.keys()} if bounded else {},
    )
    read = load_delimited(staging, lines, separator=SEPARATOR)
    return Lu(table, Correspondance(present), read, valid, f"({valid} and coalesce({NUMERO}, false))")


def _sound(present: Set[str], not_empty: Sequence[str], bounded: bool) -> str:
    """What makes a row sound but for the form of its number; lengths too, when the COPY did not hold them."""
    conditions = [
        "s.idn = s.type_id || s.identifiant",
        *(f"s.{name} is not null" for name in not_empty),
    ]
    if not bounded:
        conditions += [
            f"not coalesce({_too_long(name)}, false)" for name in sorted(present & LONGUEURS.keys())
        ]
    return f"coalesce({' and '.join(conditions)}, false)"


def _too_long(name: str) -> str:
    """Counting bytes costs nothing; characters are counted only when the bytes exceed the limit."""
    limit = LONGUEURS[name]
    return f"(octet_length(s.{name}) > {limit} and length(s.{name}) > {limit})"


def report_unsound_rows(job: Job, lu: Lu, sound: int, columns: Mapping[str, str]) -> None:
    """Name the rows that failed the key checks; called only when `sound` is below the rows staged."""
    if sound == lu.lignes.kept:
        return
    checks = [
        (
            "type_id",
            "coalesce(s.type_id not in ('0', '8'), true)",
            "type inconnu (8 RPPS ou 0 ADELI attendu)",
        ),
        ("identifiant", "s.identifiant is null", "vide"),
        (
            "idn",
            "s.idn is distinct from s.type_id || s.identifiant",
            "différent du type suivi de l’identifiant",
        ),
        ("nom", "s.nom is null", "vide"),
        ("profession", "s.profession is null", "vide"),
        *(
            (name, _too_long(name), f"trop long ({limit} caractères au plus)")
            for name, limit in LONGUEURS.items()
        ),
        ("identifiant", "true", "forme inattendue (11 chiffres pour un RPPS, 9 pour un ADELI)"),
    ]
    checks = [check for check in checks if check[0] in columns and check[0] in lu.colonnes.present]
    cases = " ".join(f"when {condition} then {number}" for number, (_, condition, _) in enumerate(checks))
    found = rows(
        f"""
        with mauvaises as (select s.ctid as place, case {cases} end as motif from {lu.table} s where not ({lu.whole}))
        select n, motif
        from mauvaises join (select ctid as place, row_number() over (order by ctid) as n from {lu.table}) l
        using (place) order by n
        """
    )
    for rank, number in found:
        name, _, reason = checks[number]
        job.report.reject(lu.lignes.line_of(rank), columns[name], reason)
    job.report.check_bad_share(job.report.counts["Lignes lues"])


def known_people() -> int:
    """How many people are open in our tables."""
    return int(scalar("select count(*) from referentiels_professionnelrpps where ferme_le is null"))
