"""Set-based writes of the RPPS activities: only the people of `lot_change` are touched."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from collections.abc import Sequence

from portal.referentiels.importers.report import CLOSED, CREATED, REOPENED, UPDATED
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.staging import execute, rows, tell_size
from portal.referentiels.plier import folded

from .lecture import Lu

ACTIVITIES = "referentiels_activiterpps"
_WHAT = "activités"


def upsert(table: str, key: str, names: Sequence[str]) -> str:
    """ON CONFLICT clause that writes, and reopens, only the rows that differ."""
    sets = ", ".join(f"{name} = excluded.{name}" for name in names)
    ours = ", ".join(f"{table}.{name}" for name in names)
    theirs = ", ".join(f"excluded.{name}" for name in names)
    return (
        f"on conflict ({key}) do update set {sets}, ferme_le = null "
        f"where ({ours}) is distinct from ({theirs}) or {table}.ferme_le is not null"
    )


def read_know_how(lu: Lu) -> None:
    """`lot_savoir_faire`: the set of know-how of each place of practice, and of the whole person (`entier` 1); only
    of people whose rows do not all say the same."""
    code = lu.colonnes.savoir_faire
    execute(
        f"""
        create unlogged table lot_savoir_faire as
        select idn, cle, grouping(cle) as entier, array_agg(distinct code order by code) as codes
        from (select s.idn, {lu.colonnes.place_key} as cle, {code} as code
              from {lu.table} s join lot_change c on c.idn = s.idn and c.plusieurs) l
        where code is not null
        group by grouping sets ((idn, cle), (idn))
        """
    )
    execute("create index on lot_savoir_faire (idn, cle)")
    tell_size("lot_savoir_faire")


def write_activities(job: Job, lu: Lu, first: bool) -> None:
    """One row per (person, profession, structure, mode, sector): the first line of the file that says it.

    Places said by several lines are few, and so are people of several know-hows: each line is looked up among those
    people first. Written as NOT IN, whose small side is always the one put in memory; a join would sometimes hash the
    whole file, and work out the key of each line once more.
    """
    colonnes = lu.colonnes
    key = colonnes.place_key
    execute(
        f"""
        create unlogged table lot_double as
        select idn, cle, min(place) as place
        from (select s.idn, {key} as cle, {lu.place} as place from {lu.table} s where {colonnes.has_place} offset 0) l
        group by idn, cle having count(*) > 1
        """
    )
    tell_size("lot_double")
    _read_places(lu)
    columns = {
        **colonnes.activity_columns(),
        "nom_plie": folded("s.nom"),
        "savoir_faire": f"""
            case when s.idn in (select idn from lot_savoir_faire) then coalesce(
                (select codes from lot_savoir_faire f where f.idn = s.idn and f.cle = {key} and f.entier = 0), '{{}}'
            )::varchar(20)[] else {colonnes.one_code(colonnes.savoir_faire)} end""",
        "commune_id": "coalesce(ci.code_insee, lieu.code_insee)",
    }
    known = (0, 0) if first else _count_known(lu)
    conflict = "" if first else upsert(ACTIVITIES, "professionnel_id, cle", list(columns))
    touched = execute(
        f"""
        insert into {ACTIVITIES} (professionnel_id, cle, {", ".join(columns)})
        select s.idn, {key}, {", ".join(columns.values())}
        from {lu.table} s
        left join referentiels_commune ci on ci.code_insee = {colonnes.raw("commune")}
        left join lot_lieu lieu on lieu.ligne = {colonnes.raw("cedex")} and {colonnes.in_france}
        where {colonnes.has_place}
          and (s.idn not in (select idn from lot_double)
               or (s.idn, {key}) not in (select idn, cle from lot_double)
               or {lu.place} in (select place from lot_double))
        {conflict}
        """
    )
    execute("drop table lot_lieu")
    created, reopened = (touched, 0) if first else known
    job.report.count(f"{CREATED} ({_WHAT})", created)
    job.report.count(f"{UPDATED} ({_WHAT})", max(touched - created - reopened, 0))
    job.report.count(f"{REOPENED} ({_WHAT})", reopened)
    if not first:
        _close_activities(job)


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


def _close_activities(job: Job) -> None:
    """Places that the file no longer gives to people it holds, and those of the people it no longer holds."""
    closed = execute(
        f"update {ACTIVITIES} a set ferme_le = now() from lot_change c "
        "where c.idn = a.professionnel_id and a.ferme_le is null and not exists "
        "(select from lot_activite l where l.idn = a.professionnel_id and l.cle = a.cle)"
    )
    job.report.count(f"{CLOSED} ({_WHAT})", closed)


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


def write_former_identifiers(job: Job, first: bool) -> None:
    """A liberal's own practice was numbered « 0 » + ADELI + rank: the ADELI number the person had before."""
    changed = "" if first else "join lot_change c on c.idn = a.professionnel_id"
    created = execute(
        f"""
        insert into referentiels_ancienidentifiant (professionnel_id, type, valeur, origine)
        select distinct on (adeli) a.professionnel_id, 'adeli', adeli, 'file'
        from {ACTIVITIES} a {changed},
             lateral (select substr(a.ancien_identifiant_structure, 2, 9) as adeli) n
        where a.ancien_identifiant_structure <> '' and left(a.professionnel_id, 1) = '8'
          and a.code_mode = 'L' and a.code_secteur = 'SA07'
          and a.ancien_identifiant_structure ~ '^0[0-9][0-9AB][0-9]{{7}}[0-9]*$' and a.ferme_le is null
        order by adeli, a.professionnel_id
        on conflict do nothing
        """
    )
    job.report.count(f"{CREATED} (anciens identifiants)", created)
