"""PS_LibreAcces_Personne_activite: people and their places of practice.

The work is proportional to what changed. Every row is hashed once; a person whose rows hash as last time is left
alone, whatever the order of rows, columns or labels. Only the others are mapped and written.
"""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from dataclasses import replace

from portal.referentiels.importers.index import SuspendedIndexes, suspend_indexes
from portal.referentiels.importers.lexique import LEXICON, write_names
from portal.referentiels.importers.report import CLOSED, CREATED, REOPENED, UPDATED, check_closures
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.staging import execute, rows, scalar, tell_size
from portal.referentiels.plier import folded

from . import ecriture
from .colonnes import ACTIVITE, CLES, EMPREINTE, VERSION_MAPPING
from .lecture import NUMERO, Lu, known_people, read_file, report_unsound_rows

STAGING = "import_rpps_activite"
PEOPLE, ACTIVITIES = "referentiels_professionnelrpps", "referentiels_activiterpps"
WHAT = "professionnels"
# Read again and again: they come first in the staged rows, in the order in which they are needed.
_KEPT = tuple(
    dict.fromkeys(
        (*CLES, "prenom", "civ", "civ_ex", "categorie", "type_sf", "code_sf", "mode", "secteur", *EMPREINTE)
    )
)


def apply(job: Job) -> None:
    """Import the file of people and activities. The caller holds the transaction and rolls it back if dry."""
    lu = read_file(job, STAGING, ACTIVITE, CLES, not_empty=("nom", "profession"), kept=_KEPT)
    job.progress("comparaison", 0.45)
    first = not scalar(f"select exists (select from {PEOPLE})")
    people = _fingerprint_people(lu)
    closing = 0 if first else _find_changes()
    if first:
        _take_everybody()
    sound = people - _drop_wrong_numbers()
    report_unsound_rows(job, lu, sound, ACTIVITE)
    if closing:
        check_closures(job.report, known=known_people(), closing=closing, confirmed=job.confirmed, what=WHAT)
    _refuse_conflicts(job, lu)
    if sound != lu.lignes.kept:
        # Not sooner: the line of a refused row is its rank among all of them.
        execute(f"delete from {lu.table} s where not ({lu.whole})")
    if not first:
        lu = _only_changed(lu)
    job.progress("personnes", 0.55)
    indexes = suspend_indexes(PEOPLE, ACTIVITIES) if first else SuspendedIndexes()
    _write_people(job, lu, first)
    job.progress("activités", 0.65)
    ecriture.write_activities(job, lu, first)
    if closing:
        _close_people(job)
    ecriture.write_former_identifiers(job, first)
    job.progress("clés", 0.8)
    indexes.build_keys()
    job.progress("index", 0.85)
    indexes.build_others()
    write_names(first)
    job.tables += [
        f"{PEOPLE} (identification_nationale, nom_plie, prenom_plie, code_profession, ferme_le)",
        f"{ACTIVITIES} (professionnel_id, cle, code_departement, nom_plie, commune_id, numero_finess, ferme_le)",
        LEXICON,
    ]
    execute(
        "drop table if exists lot_personne, lot_change, lot_ligne, lot_savoir_faire, lot_activite, lot_double"
    )
    execute(f"drop table {STAGING}")


def _fingerprint_people(lu: Lu) -> int:
    """`lot_personne`: one hash per person (XOR does not depend on the order of the rows), and its first row.

    `divers`: the rows do not all say the same name. `code` is their know-how, the same on each row unless
    `plusieurs`. Unsound rows are left out. Answers how many rows were counted.

    OFFSET 0 keeps the reading apart: the planner gives a group as much memory as a row it is fed, here six short
    columns instead of all the staged ones, for which it wrote the groups to disk and called helpers that cost more.
    """
    code = lu.colonnes.savoir_faire
    execute(
        "drop table if exists lot_personne, lot_change, lot_ligne, lot_savoir_faire, lot_activite, lot_double"
    )
    execute(
        f"""
        create unlogged table lot_personne as
        select idn, bit_xor(empreinte) as empreinte, count(*)::int as lignes, min(place) as place,
               min(nom) <> max(nom) as divers, min(code) as code,
               count(code) > 0 and (count(code) < count(*) or min(code) <> max(code)) as plusieurs
        from (
            select s.idn, {lu.colonnes.fingerprint(EMPREINTE, VERSION_MAPPING)} as empreinte, {lu.place} as place,
                   hashtext(s.nom) as nom, {code} as code
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
        select coalesce(l.idn, p.identification_nationale) as idn, l.empreinte, l.lignes, l.place, l.divers,
               l.code, l.plusieurs, p.identification_nationale is null as nouveau,
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
    """The rows of the people to write, taken aside once: what follows costs as much as what changed."""
    execute(
        f"""
        create unlogged table lot_ligne as
        select s.*, s.ctid as place from {lu.table} s join lot_change c on c.idn = s.idn
        """
    )
    tell_size("lot_ligne")
    return replace(lu, table="lot_ligne", place="s.place")


def _refuse_conflicts(job: Job, lu: Lu) -> None:
    """One name per person and profession: a row that contradicts the first row of the same number is refused."""
    if not scalar("select exists (select from lot_change where divers)"):
        return
    found = rows(
        f"""
        with noms as (
            select s.ctid as place, s.nom,
                   first_value(s.nom) over (partition by s.idn, s.profession order by s.ctid) as premier
            from {lu.table} s join lot_change c on c.idn = s.idn and c.divers
            where {lu.valid}
        ), mauvaises as (select place from noms where nom <> premier)
        select l.place::text, l.n
        from (select ctid as place, row_number() over (order by ctid) as n from {lu.table}
              where exists (select from mauvaises)) l
        join mauvaises using (place) order by n
        """
    )
    for _, rank in found:
        job.report.reject(
            lu.lignes.line_of(rank), ACTIVITE["nom"], "nom différent de la première ligne du même identifiant"
        )
    if found:
        places = [place for place, _ in found]
        execute(f"delete from {lu.table} where ctid = any(%s::tid[])", [places])


def _person_columns(lu: Lu) -> dict[str, str]:
    """Column of ProfessionnelRpps → expression over the person's first row."""
    colonnes = lu.colonnes
    prenom = colonnes.text("prenom")
    return {
        "type_identifiant": "s.type_id",
        "identifiant": "s.identifiant",
        "code_civilite": colonnes.text("civ"),
        "code_civilite_exercice": colonnes.text("civ_ex"),
        "nom": "s.nom",
        "prenom": prenom,
        "nom_plie": folded("s.nom"),
        "prenom_plie": folded(prenom),
        "code_profession": "s.profession",
        "code_categorie": colonnes.text("categorie"),
        "savoir_faire": "case when f.codes is null then "
        f"{colonnes.one_code('c.code')} else f.codes::varchar(20)[] end",
        "empreinte": "c.empreinte",
    }


def _write_people(job: Job, lu: Lu, first: bool) -> None:
    ecriture.read_know_how(lu)
    columns = _person_columns(lu)
    conflict = "" if first else ecriture.upsert(PEOPLE, "identification_nationale", list(columns))
    touched = execute(
        f"""
        insert into {PEOPLE} (identification_nationale, {", ".join(columns)})
        select c.idn, {", ".join(columns.values())}
        from {lu.table} s join lot_change c on c.place = {lu.place}
        left join lot_savoir_faire f on f.idn = c.idn and f.entier = 1
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
