"""Set-based writes of the RPPS activities: only the people of `lot_change` are touched."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.referentiels.importers.index import SuspendedIndexes, begin_first_load
from portal.referentiels.importers.report import CLOSED, CREATED, REOPENED, UPDATED
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.staging import execute, rows, tell_size
from portal.referentiels.plier import folded

from .lecture import Lu

ACTIVITIES = "referentiels_activiterpps"
_WHAT = "activités"


@dataclass(frozen=True, slots=True)
class Written:
    """What was done, by label of the report, and the indexes set aside that remain to build."""

    counts: Mapping[str, int]
    indexes: SuspendedIndexes


def upsert(table: str, key: str, names: Sequence[str]) -> str:
    """ON CONFLICT clause that writes, and reopens, only the rows that differ."""
    sets = ", ".join(f"{name} = excluded.{name}" for name in names)
    ours = ", ".join(f"{table}.{name}" for name in names)
    theirs = ", ".join(f"excluded.{name}" for name in names)
    return (
        f"on conflict ({key}) do update set {sets}, ferme_le = null "
        f"where ({ours}) is distinct from ({theirs}) or {table}.ferme_le is not null"
    )


def write_activities(lu: Lu, first: bool) -> Written:
    """One row per (person, profession, structure, mode, sector): the first line of the file that says it.

    Reads the staged rows of the people to write, and `lot_change` unless `first`: a second session may do it.
    """
    indexes = begin_first_load(ACTIVITIES) if first else SuspendedIndexes()
    known = (0, 0) if first else _count_known(lu)
    _read_places(lu)
    _set_repeats_aside(lu)
    own = lu.colonnes.one_code(lu.colonnes.savoir_faire)
    touched = _write(lu, lu.table, own, first) + _write(lu, "lot_part", f"coalesce(s.codes, {own})", first)
    created, reopened = (touched, 0) if first else known
    counts = {
        f"{CREATED} ({_WHAT})": created,
        f"{UPDATED} ({_WHAT})": max(touched - created - reopened, 0),
        f"{REOPENED} ({_WHAT})": reopened,
    }
    if not first:
        counts[f"{CLOSED} ({_WHAT})"] = _close_activities()
    indexes.build_keys()
    execute("drop table if exists lot_part, lot_lieu, lot_activite")
    return Written(counts, indexes)


def _write(lu: Lu, table: str, know_how: str, first: bool) -> int:
    """Write the rows of this table, answer how many. Communes are looked up, not joined: a join hands forty columns
    on for every row."""
    colonnes = lu.colonnes
    commune, line = colonnes.raw("commune"), colonnes.raw("cedex")
    columns = {
        "cle": colonnes.place_key,
        **colonnes.activity_columns(),
        "nom_plie": folded("s.nom"),
        "savoir_faire": know_how,
        "commune_id": f"""
            case when {commune} in (select code_insee from referentiels_commune) then {commune}
                 when {line} is not null and {colonnes.in_france}
                 then (select code_insee from lot_lieu l where l.ligne = {line}) end""",
    }
    conflict = "" if first else upsert(ACTIVITIES, "professionnel_id, cle", list(columns)[1:])
    return execute(
        f"""
        insert into {ACTIVITIES} (professionnel_id, {", ".join(columns)})
        select s.idn, {", ".join(columns.values())} from {table} s where {colonnes.has_place}
        {conflict}
        """
    )


# Whether keys may be twice among a person's: exact up to three (the third is what XOR leaves of the least and the
# greatest), beyond which few people are.
_REPEATED = """
    count(cle) > 1 and (count(cle) > 3 or min(cle) = max(cle)
    or count(cle) = 3 and bit_xor(cle) # min(cle) # max(cle) in (min(cle), max(cle)))"""


def _set_repeats_aside(lu: Lu) -> None:
    """Take out of the staged rows the few that do not stand by themselves: those whose place an earlier row said
    already are dropped; those whose place has the know-how of several rows go to `lot_part`, with all of it (`codes`).

    People are sorted out first, from narrow rows (OFFSET 0: see the fingerprints): most have one place, or different
    ones, and one know-how. Nothing is then asked about each row of the others. Four bytes stand for a person there: two
    that share them are only looked at for nothing.
    """
    colonnes, table = lu.colonnes, lu.table
    code, key, person = colonnes.savoir_faire, colonnes.place_key, "hashtext(s.idn)"
    execute("drop table if exists lot_repete, lot_suspect, lot_place, lot_part")
    execute(
        f"""
        create unlogged table lot_repete as
        select qui, plusieurs from (
            select qui, {_REPEATED} as repete, count(savoir) > 0
                   and (count(savoir) < count(*) or min(savoir) <> max(savoir)) as plusieurs
            from (select {person} as qui, case when {colonnes.has_place} then {key} end as cle,
                         hashtext({code}) as savoir
                  from {table} s offset 0) l
            group by qui
        ) p where repete or plusieurs
        """
    )
    tell_size("lot_repete")
    execute(
        f"""
        create unlogged table lot_suspect as
        select s.idn, {key} as cle, s.ctid as place, {code} as code, r.plusieurs
        from {table} s join lot_repete r on r.qui = {person} where {colonnes.has_place}
        """
    )
    execute(
        """
        create unlogged table lot_place as
        select place, rang > 1 as en_trop,
               case when plusieurs then coalesce(f.codes, '{}')::varchar(20)[] end as codes
        from (select *, row_number() over (partition by idn, cle order by place) as rang from lot_suspect) l
        left join (
            select idn, cle, array_agg(distinct code order by code) as codes
            from lot_suspect where plusieurs and code is not null group by idn, cle
        ) f using (idn, cle)
        where plusieurs or rang > 1
        """
    )
    execute(
        f"""
        create unlogged table lot_part as select s.*, p.codes from {table} s join lot_place p on p.place = s.ctid
        where not p.en_trop and s.ctid = any(array(select place from lot_place where not en_trop))
        """
    )
    execute(f"delete from {table} where ctid = any(array(select place from lot_place))")
    execute("drop table lot_repete, lot_suspect, lot_place")


def _count_known(lu: Lu) -> tuple[int, int]:
    """`lot_activite`: the places of practice to write. Answers how many we do not hold, and how many are closed."""
    execute(
        f"create unlogged table lot_activite as select distinct s.idn, {lu.colonnes.place_key} as cle "
        f"from {lu.table} s where {lu.colonnes.has_place}"
    )
    tell_size("lot_activite")
    return rows(
        "select count(*) filter (where a.cle is null), count(*) filter (where a.ferme_le is not null) "
        f"from lot_activite l left join {ACTIVITIES} a on a.professionnel_id = l.idn and a.cle = l.cle"
    )[0]


def _close_activities() -> int:
    """Places that the file no longer gives to people it holds, and those of the people it no longer holds."""
    return execute(
        f"update {ACTIVITIES} a set ferme_le = now() from lot_change c "
        "where c.idn = a.professionnel_id and a.ferme_le is null and not exists "
        "(select from lot_activite l where l.idn = a.professionnel_id and l.cle = a.cle)"
    )


def _read_places(lu: Lu) -> None:
    """`lot_lieu`: communes of the delivery lines « 78201 MANTES LA JOLIE CEDEX » given without a commune code."""
    execute("drop table if exists lot_lieu")
    colonnes = lu.colonnes
    lines = (
        f"select distinct s.cedex as ligne from {lu.table} s "
        f"where s.cedex is not null and {colonnes.raw('commune')} is null"
        if "cedex" in colonnes.present
        else "select null::text as ligne where false"
    )
    execute(f"create unlogged table lot_lieu as {place_of_lines(lines)}")
    execute("create index on lot_lieu (ligne)")
    tell_size("lot_lieu")


def place_of_lines(lines: str) -> str:
    """Query (ligne, code_insee) of delivery lines: the name without CEDEX, in the département of the code."""
    name = (
        r"referentiels_plier(regexp_replace(regexp_replace(ligne, '^[0-9]{5} +', ''), ' +CEDEX.*$', '', 'i'))"
    )
    return f"""
        select distinct on (ligne) ligne, a.commune_id as code_insee
        from (select ligne, {name} as nom from ({lines}) l where ligne ~ '^[0-9]{{5}} ') l
        join referentiels_communeappellation a on a.plie = l.nom and a.rang <= 1
        join referentiels_commune c on c.code_insee = a.commune_id and c.ferme_le is null
        where c.departement_id in (left(ligne, 2), left(ligne, 3))
           or (left(ligne, 2) = '20' and c.departement_id in ('2A', '2B'))
        order by ligne, a.rang, a.poids desc, a.commune_id
    """


def write_former_identifiers(job: Job, lu: Lu) -> None:
    """A liberal's own practice was numbered « 0 » + ADELI + rank: the ADELI number the person had before."""
    colonnes = lu.colonnes
    number = colonnes.raw("ancien_id")
    created = execute(
        f"""
        insert into referentiels_ancienidentifiant (professionnel_id, type, valeur, origine)
        select distinct on (adeli) idn, 'adeli', adeli, 'file'
        from (
            select s.idn, substr({number}, 2, 9) as adeli from {lu.table} s
            where {number} is not null and left(s.idn, 1) = '8'
              and {colonnes.raw("mode")} = 'L' and {colonnes.raw("secteur")} = 'SA07'
              and {number} ~ '^0[0-9][0-9AB][0-9]{{7}}[0-9]*$'
        ) n
        order by adeli, idn
        on conflict do nothing
        """
    )
    job.report.count(f"{CREATED} (anciens identifiants)", created)
