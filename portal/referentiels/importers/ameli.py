"""Health insurance directory (ameli): conventionnement, matched by name, postal code and speciality.

The file has no RPPS number. A match is a proposal: the professional confirms or refuses it, and a new import never
undoes that decision.
"""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from collections.abc import Iterator

from portal.common.text import fold

from .report import CLOSED, CREATED, REOPENED, UPDATED, check_closures, check_shrink
from .runner import Job
from .staging import Staging, execute, scalar
from .tableur import Row, read_rows

COLUMNS = {
    "nom": "ps_activite_nom",
    "prenom": "ps_activite_prenom",
    "civilite": "ps_activite_civilite",
    "raison": "ps_activite_raison_sociale",
    "specialite": "specialite_code",
    "lib_specialite": "specialite_libelle",
    "type": "type_ps_code",
    "lib_type": "type_ps_libelle",
    "voie": "coordonnees_voie",
    "complement": "coordonnees_complement",
    "lieu_dit": "coordonnees_lieu_dit",
    "postal": "coordonnees_code_postal",
    "ville": "coordonnees_ville",
    "telephone": "coordonnees_num_tel",
    "secteur": "secteur_conventionnel_code",
    "lib_secteur": "secteur_conventionnel_libelle",
    "nature": "nature_exercice_code",
    "lib_nature": "nature_exercice_libelle",
    "option": "option_tarifaire_code",
    "lib_option": "option_tarifaire_libelle",
    "activite": "activite_particuliere_code",
    "lib_activite": "activite_particuliere_libelle",
}
_REQUIRED = ("nom", "prenom", "specialite", "postal", "secteur")
STAGING, TABLE = "import_ameli", "referentiels_conventionnement"
_STAGED = (
    "nom",
    "prenom",
    "postal",
    "specialite",
    "lib_specialite",
    "profession",
    "secteur",
    "lib_secteur",
    "option",
)
# Insurance speciality → TRE G15 profession; every other speciality is a physician's.
PROFESSIONS = {
    "19": "40", "18": "40", "21": "50", "24": "60", "86": "60", "26": "70", "27": "80", "28": "91", "29": "92",
    "50": "21",
}  # fmt: skip
# Same surname and postal code: exact first name, or its first letters only.
EXACT, CLOSE = 100, 70


def apply(job: Job) -> None:
    """Propose a conventionnement to each person matched without ambiguity; those no longer matched are closed."""
    staging = Staging(STAGING, _STAGED)
    staging.create()
    staging.copy_rows(_sound_rows(job))
    total = job.report.counts["Lignes lues"]
    job.report.check_bad_share(total)
    check_shrink(rows=total, last=job.last_rows, forced=job.forced)
    job.progress("rapprochement", 0.6)
    _match()
    _count_unmatched(job)
    job.progress("écriture", 0.8)
    _write(job)
    execute(f"drop table {STAGING}, lot_ameli")
    job.tables.append(TABLE)


def _sound_rows(job: Job) -> Iterator[tuple[str, ...]]:
    for line, row in read_rows(job, separator=";", columns=COLUMNS, required=_REQUIRED, latin_accepted=True):
        problem = _problem(row)
        if problem:
            job.report.reject(line, *problem)
            continue
        yield (
            fold(row["nom"])[:120],
            fold(row["prenom"])[:120],
            row["postal"],
            row["specialite"].zfill(2),
            row.get("lib_specialite", "")[:120],
            PROFESSIONS.get(row["specialite"].zfill(2), "10"),
            row["secteur"],
            row.get("lib_secteur", "")[:160],
            row.get("option", "")[:10],
        )


def _problem(row: Row) -> tuple[str, str] | None:
    if not row["nom"]:
        return (COLUMNS["nom"], "vide")
    if not (row["postal"].isdecimal() and len(row["postal"]) == 5):
        return (COLUMNS["postal"], "code postal de 5 chiffres attendu")
    if not row["specialite"] or len(row["specialite"]) > 5:
        return (COLUMNS["specialite"], "code de spécialité attendu")
    if len(row["secteur"]) > 5:
        return (COLUMNS["secteur"], "code de secteur trop long")
    return None


def _match() -> None:
    """`lot_ameli`: the one person each line can be; a line that fits two people equally well proposes nothing."""
    execute("drop table if exists lot_ameli")
    execute(f"create index on {STAGING} (nom, postal)")
    execute(f"analyze {STAGING}")
    execute(
        f"""
        create unlogged table lot_ameli as
        with candidats as (
            select distinct s.*, p.identification_nationale as idn,
                   case when p.prenom_plie = s.prenom then {EXACT} else {CLOSE} end as score
            from {STAGING} s
            join referentiels_professionnelrpps p
              on p.nom_plie = s.nom and p.code_profession = s.profession and p.ferme_le is null
             and (p.prenom_plie = s.prenom or p.prenom_plie like left(s.prenom, 3) || '%%')
            join referentiels_activiterpps a
              on a.professionnel_id = p.identification_nationale and a.code_postal = s.postal
             and a.code_mode = 'L' and a.ferme_le is null
        ), classes as (
            select c.*, rank() over (partition by nom, prenom, postal, specialite order by score desc) as rang
            from candidats c
        ), premiers as (
            select nom, prenom, postal, specialite, min(idn) as idn
            from classes where rang = 1 group by 1, 2, 3, 4 having count(distinct idn) = 1
        )
        select distinct on (c.idn, c.postal, c.specialite)
               c.idn, c.postal, c.specialite, c.lib_specialite, c.secteur, c.lib_secteur, c.option, c.score
        from classes c join premiers p using (nom, prenom, postal, specialite, idn)
        where c.rang = 1
        order by c.idn, c.postal, c.specialite, c.score desc, c.secteur
        """,
        [],
    )


def _count_unmatched(job: Job) -> None:
    matched = int(scalar("select count(*) from lot_ameli"))
    job.report.count("Rapprochements", matched)
    job.report.count(
        "Lignes sans personne unique", job.report.counts["Lignes lues"] - job.report.rejected - matched
    )


def _write(job: Job) -> None:
    known = int(scalar(f"select count(*) from {TABLE} where ferme_le is null"))
    same = "l.idn = t.professionnel_id and l.postal = t.code_postal and l.specialite = t.code_specialite"
    missing = f"from {TABLE} t where t.ferme_le is null and not exists (select from lot_ameli l where {same})"
    closing = int(scalar(f"select count(*) {missing}"))
    check_closures(
        job.report, known=known, closing=closing, confirmed=job.confirmed, what="conventionnements"
    )
    existing = int(scalar(f"select count(*) from lot_ameli l join {TABLE} t on {same}"))
    reopened = int(
        scalar(f"select count(*) from lot_ameli l join {TABLE} t on {same} where t.ferme_le is not null")
    )
    names = ("libelle_specialite", "code_secteur", "libelle_secteur", "code_option", "score")
    ours = ", ".join(f"t.{name}" for name in names)
    theirs = ", ".join(f"excluded.{name}" for name in names)
    sets = ", ".join(f"{name} = excluded.{name}" for name in names)
    # Another sector than the one confirmed is a new question: it goes back to the professional.
    again = "t.statut <> 'proposed' and t.code_secteur <> excluded.code_secteur"
    touched = execute(
        f"""
        insert into {TABLE} as t (professionnel_id, code_postal, code_specialite, {", ".join(names)}, statut)
        select idn, postal, specialite, lib_specialite, secteur, lib_secteur, option, score, 'proposed'
        from lot_ameli
        on conflict (professionnel_id, code_postal, code_specialite) do update set {sets}, ferme_le = null,
            statut = case when {again} then 'proposed' else t.statut end,
            decide_le = case when {again} then null else t.decide_le end
        where ({ours}) is distinct from ({theirs}) or t.ferme_le is not null
        """
    )
    closed = execute(f"update {TABLE} set ferme_le = now() where id in (select t.id {missing})")
    total = int(scalar("select count(*) from lot_ameli"))
    created = total - existing
    job.report.count(f"{CREATED} (conventionnements)", created)
    job.report.count(f"{UPDATED} (conventionnements)", touched - created - reopened)
    job.report.count(f"{REOPENED} (conventionnements)", reopened)
    job.report.count(f"{CLOSED} (conventionnements)", closed)
