"""PS_LibreAcces_Personne_activite: people and their places of practice.

The work is proportional to what changed. Every row is hashed once; a person whose rows hash as last time is left
alone, whatever the order of rows, columns or labels. Only the others are mapped and written. The first file is
another matter: everything is written, the people by this session, their places by a second one beside it.
"""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from dataclasses import replace
from functools import partial

from portal.referentiels.importers.index import SuspendedIndexes, are_ours, begin_first_load
from portal.referentiels.importers.lexique import LEXICON, write_names
from portal.referentiels.importers.report import CLOSED, CREATED, REOPENED, UPDATED, check_closures
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.second import SecondSession
from portal.referentiels.importers.staging import execute, rows, scalar, tell_size
from portal.referentiels.plier import folded

from . import ecriture
from .colonnes import ACTIVITE, CLES, EMPREINTE, VERSION_MAPPING
from .correspondance import LIEU, Correspondance
from .lecture import NUMERO, Lu, known_people, read_file, report_unsound_rows

STAGING = "import_rpps_activite"
# The same, when two sessions read it: committed, so that an import killed then leaves it, to an account that the next
# one may not be.
SHARED = f"{STAGING}_partage"
PEOPLE = "referentiels_professionnelrpps"
WHAT = "professionnels"
# They come first in the staged rows, in the order in which they are needed: reading a column walks over those before.
_KEPT = tuple(
    dict.fromkeys(
        (
            *CLES,
            "prenom",
            "civ",
            "civ_ex",
            "categorie",
            "type_sf",
            "code_sf",
            "secteur",
            *LIEU,
            "ancien_id",
            *EMPREINTE,
        )
    )
)
# What is read of a person in the first of their rows; their know-how comes after.
_FICHE = ("nom", "prenom", "civ", "civ_ex", "profession", "categorie")


def apply(job: Job) -> None:
    """Import the file of people and activities. The caller holds the transaction and rolls it back if dry."""
    first = not scalar(f"select exists (select from {PEOPLE})")
    second = job.second if first and are_ours(PEOPLE, ecriture.ACTIVITIES) else None
    alone = second is None
    lu = _read(job, second)
    activities = second.start(ecriture.write_activities, lu, first) if second else None
    job.progress("comparaison", 0.45)
    refused = _sort_people(job, lu, first)
    if refused:
        if second:
            # It began with the rows that are refused now.
            second.undo()
            second = activities = None
        execute(f"delete from {lu.table} s where {refused}")
    if not first:
        lu = _only_changed(lu)
    job.progress("personnes", 0.55)
    indexes = begin_first_load(PEOPLE) if first else SuspendedIndexes()
    _write_people(job, lu, first)
    ecriture.write_former_identifiers(job, lu)
    indexes.build_keys()
    job.progress("activités", 0.65)
    written = activities.result() if activities else ecriture.write_activities(lu, first)
    job.report.add(written.counts)
    if not first:
        _close_people(job)
    job.progress("index", 0.85)
    _build_search(second, indexes, written.indexes, first)
    job.tables += [
        f"{PEOPLE} (identification_nationale, nom_plie, prenom_plie, code_profession, ferme_le)",
        f"{ecriture.ACTIVITIES} "
        "(professionnel_id, cle, code_departement, nom_plie, commune_id, numero_finess, ferme_le)",
        LEXICON,
    ]
    execute("drop table if exists lot_personne, lot_change, lot_ligne, lot_savoir_faire, lot_conflit")
    if alone:
        execute(f"drop table {STAGING}")


def _build_search(
    second: SecondSession | None, people: SuspendedIndexes, places: SuspendedIndexes, first: bool
) -> None:
    """What searches need, tables and keys being complete: the other indexes, the known words."""
    later = second.start(places.build_others) if second else None
    people.build_others()
    write_names(first)
    if later:
        later.result()
    else:
        places.build_others()


def _read(job: Job, second: SecondSession | None) -> Lu:
    """The staged file; by the second session when there is one, and published, since both then read it."""
    read = partial(read_file, columns=ACTIVITE, required=CLES, not_empty=("nom", "profession"), kept=_KEPT)
    if second is None:
        if are_ours(PEOPLE, ecriture.ACTIVITIES):
            execute(f"drop table if exists {SHARED}")
        return read(job, STAGING)
    lu = second.start(read, job, SHARED).result()
    second.publish(SHARED)
    return lu


def _sort_people(job: Job, lu: Lu, first: bool) -> str:
    """`lot_change`: who is to be written or closed. Answers which staged rows were refused, as a condition on `s`,
    nothing when none was; they stay until all are named: the line of a refused row is its rank."""
    people = _fingerprint_people(lu, first)
    closing = 0 if first else _find_changes()
    if first:
        _take_everybody()
    sound = people - _drop_wrong_numbers()
    report_unsound_rows(job, lu, sound, ACTIVITE)
    if closing:
        check_closures(job.report, known=known_people(), closing=closing, confirmed=job.confirmed, what=WHAT)
    refused = [f"not ({lu.whole})"] if sound != lu.lignes.kept else []
    if _refuse_conflicts(job, lu):
        refused.append("s.ctid in (select place from lot_conflit)")
    return " or ".join(refused)


def _fiche(lu: Lu) -> str:
    """What a row says of the person, in the order of _FICHE, their know-how last."""
    said = [*(lu.colonnes.raw(name) for name in _FICHE), lu.colonnes.savoir_faire]
    return f"array[{', '.join(said)}]::varchar[]"


def _fingerprint_people(lu: Lu, first: bool) -> int:
    """`lot_personne`: one hash per person (XOR does not depend on the order of the rows), and on a first load what
    their first row says of them (`fiche`); `_only_changed` reads it otherwise.

    `divers`: the rows do not all say the same name. `plusieurs`: nor the same know-how. Unsound rows are left out.
    Answers how many rows were counted.

    OFFSET 0 keeps the reading apart: the planner gives a group as much memory as a row it is fed, here six short
    columns instead of all the staged ones, for which it wrote the groups to disk. ANY_VALUE keeps the first it meets.
    """
    fiche = _fiche(lu) if first else "null::varchar[]"
    execute("drop table if exists lot_personne, lot_change, lot_ligne, lot_savoir_faire, lot_conflit")
    execute(
        f"""
        create unlogged table lot_personne as
        select idn, bit_xor(empreinte) as empreinte, count(*)::int as lignes, any_value(fiche) as fiche,
               min(nom) <> max(nom) as divers,
               count(savoir) > 0 and (count(savoir) < count(*) or min(savoir) <> max(savoir)) as plusieurs
        from (
            select s.idn, {lu.colonnes.fingerprint(EMPREINTE, VERSION_MAPPING)} as empreinte,
                   {fiche} as fiche, hashtext(s.nom) as nom, hashtext({lu.colonnes.savoir_faire}) as savoir
            from {lu.table} s where {lu.valid}
            offset 0
        ) l group by idn
        """
    )
    tell_size("lot_personne")
    return int(scalar("select coalesce(sum(lignes), 0) from lot_personne"))


def _take_everybody() -> None:
    """`lot_change` of a first load: everybody is new."""
    execute("alter table lot_personne rename to lot_change")
    execute(
        "alter table lot_change add column nouveau boolean not null default true, "
        "add column revenu boolean not null default false, add column disparu boolean not null default false"
    )


def _find_changes() -> int:
    """`lot_change`: people to write, with what to do (`nouveau`, `revenu`) or to close (`disparu`): one reading of
    either side. Answers how many vanish."""
    execute(
        f"""
        create unlogged table lot_change as
        select coalesce(l.idn, p.identification_nationale) as idn, l.empreinte, l.lignes, l.fiche, l.divers,
               l.plusieurs, p.identification_nationale is null as nouveau,
               l.idn is not null and p.ferme_le is not null as revenu,
               l.idn is null as disparu
        from lot_personne l full join {PEOPLE} p on p.identification_nationale = l.idn
        where p.identification_nationale is null
           or case when l.idn is null then p.ferme_le is null
                   else p.empreinte <> l.empreinte or p.ferme_le is not null end
        """
    )
    execute("create unique index on lot_change (idn)")
    tell_size("lot_change")
    return int(scalar("select count(*) from lot_change where disparu"))


def _drop_wrong_numbers() -> int:
    """Numbers of the wrong form are never written: those we hold were checked the day they came. Answers the rows."""
    return sum(
        row[0]
        for row in rows(
            f"delete from lot_change s where nouveau and not coalesce({NUMERO}, false) returning lignes"
        )
    )


def _only_changed(lu: Lu) -> Lu:
    """The rows of the people to write, taken aside once in the order of the file: what follows costs as much as what
    changed."""
    execute(
        f"""
        create unlogged table lot_ligne as
        select s.* from {lu.table} s join lot_change c on c.idn = s.idn order by s.ctid
        """
    )
    tell_size("lot_ligne")
    execute(
        f"""
        update lot_change c set fiche = l.fiche
        from (select distinct on (s.idn) s.idn, {_fiche(lu)} as fiche from lot_ligne s order by s.idn, s.ctid) l
        where l.idn = c.idn
        """
    )
    return replace(lu, table="lot_ligne")


def _refuse_conflicts(job: Job, lu: Lu) -> bool:
    """One name per person and profession: a row that contradicts the first row of the same number is refused
    (`lot_conflit`). Answers whether there are any."""
    if not scalar("select exists (select from lot_change where divers)"):
        return False
    execute(
        f"""
        create unlogged table lot_conflit as
        select place from (
            select s.ctid as place, s.nom,
                   first_value(s.nom) over (partition by s.idn, s.profession order by s.ctid) as premier
            from {lu.table} s join lot_change c on c.idn = s.idn and c.divers
            where {lu.valid}
        ) n where nom <> premier
        """
    )
    ranks = rows(
        f"""
        select l.n from (select ctid as place, row_number() over (order by ctid) as n from {lu.table}
                         where exists (select from lot_conflit)) l
        join lot_conflit using (place) order by n
        """
    )
    for (rank,) in ranks:
        job.report.reject(
            lu.lignes.line_of(rank), ACTIVITE["nom"], "nom différent de la première ligne du même identifiant"
        )
    return bool(ranks)


def _person_columns() -> dict[str, str]:
    """Column of ProfessionnelRpps → expression over `c`, a person of `lot_change`, and `f`, their several know-hows."""
    said = {name: f"c.fiche[{rank}]" for rank, name in enumerate((*_FICHE, "code"), 1)}
    prenom = f"coalesce({said['prenom']}, '')"
    return {
        "type_identifiant": "left(c.idn, 1)",
        "identifiant": "substr(c.idn, 2)",
        "code_civilite": f"coalesce({said['civ']}, '')",
        "code_civilite_exercice": f"coalesce({said['civ_ex']}, '')",
        "nom": said["nom"],
        "prenom": prenom,
        "nom_plie": folded(said["nom"]),
        "prenom_plie": folded(prenom),
        "code_profession": said["profession"],
        "code_categorie": f"coalesce({said['categorie']}, '')",
        "savoir_faire": f"coalesce(f.codes, {Correspondance.one_code(said['code'])})",
        "empreinte": "c.empreinte",
    }


def _read_know_how(lu: Lu) -> None:
    """`lot_savoir_faire`: all the know-how of the people whose rows do not all say the same."""
    execute(
        f"""
        create unlogged table lot_savoir_faire as
        select idn, array_agg(distinct code order by code)::varchar(20)[] as codes
        from (select s.idn, {lu.colonnes.savoir_faire} as code
              from {lu.table} s join lot_change c on c.idn = s.idn and c.plusieurs
              where {lu.colonnes.raw("type_sf")} is not null) l
        group by idn
        """
    )
    tell_size("lot_savoir_faire")


def _write_people(job: Job, lu: Lu, first: bool) -> None:
    _read_know_how(lu)
    columns = _person_columns()
    conflict = "" if first else ecriture.upsert(PEOPLE, "identification_nationale", list(columns))
    touched = execute(
        f"""
        insert into {PEOPLE} (identification_nationale, {", ".join(columns)})
        select c.idn, {", ".join(columns.values())}
        from lot_change c left join lot_savoir_faire f on f.idn = c.idn
        where not c.disparu
        {conflict}
        """
    )
    created, reopened = rows(
        "select count(*) filter (where nouveau), count(*) filter (where revenu) from lot_change"
    )[0]
    job.report.count(f"{CREATED} ({WHAT})", created)
    job.report.count(f"{UPDATED} ({WHAT})", max(touched - created - reopened, 0))
    job.report.count(f"{REOPENED} ({WHAT})", reopened)


def _close_people(job: Job) -> None:
    """People absent from a full file withdrew or died: closed with their activities, never deleted."""
    closed = execute(
        f"update {PEOPLE} p set ferme_le = now() from lot_change c "
        "where c.disparu and p.identification_nationale = c.idn"
    )
    job.report.count(f"{CLOSED} ({WHAT})", closed)
