"""Set-based write of FINESS structures from the staging tables of either file."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from portal.referentiels.importers.report import (
    CLOSED,
    CREATED,
    REOPENED,
    UPDATED,
    check_closures,
)
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.staging import Staging, execute, scalar

from .structure import COLUMNS

STAGING, POINTS = "import_finess", "import_finess_point"
TABLE = "referentiels_structurefiness"
WHAT = "structures"
# A site further than this from the middle of its commune has wrong coordinates; the largest commune fits.
MAX_KM = 60


def staging_tables() -> tuple[Staging, Staging]:
    """Empty staging tables: structures, and their coordinates in degrees."""
    structures = Staging(STAGING, COLUMNS)
    points = Staging(POINTS, ("numero_finess", "longitude", "latitude"))
    for table in (structures, points):
        table.create()
    return structures, points


def write(job: Job, *, types: tuple[str, ...]) -> None:
    """Compare the staged structures with ours and write the differences.

    The file is a full state of its `types` ("ej", "et"): open structures of these types it lacks are closed.
    """
    execute(f"create index on {POINTS} (numero_finess)")
    execute(f"analyze {STAGING}")
    execute(f"analyze {POINTS}")
    _build_lot(job)
    _check(job, types)
    _write(job)
    _link_legal_entities()
    _close(job, types)
    _write_lexicon(job)
    execute(f"drop table {STAGING}, {POINTS}, lot_structure")
    job.tables += [TABLE, "referentiels_lexiquemot"]


_VALUES = {
    **{name: f"coalesce(s.{name}, '')" for name in COLUMNS if name not in ("numero_finess", "ouvert_le")},
    "ouvert_le": "nullif(s.ouvert_le, '')::date",
    "commune_id": "coalesce(c.code_insee, l.code_insee)",
}


def _build_lot(job: Job) -> None:
    """`lot_structure`: one line per number (the first of the file), typed, with coordinates checked or supplied."""
    from_lines = """
        select distinct on (s.acheminement) s.acheminement as ligne, a.commune_id as code_insee
        from import_finess s
        join referentiels_communeappellation a on a.plie = referentiels_plier(s.nom_commune) and a.rang <= 1
        where coalesce(s.code_commune, '') = '' and left(a.commune_id, 2) = left(s.code_postal, 2)
        order by s.acheminement, a.rang, a.poids desc, a.commune_id
    """
    execute("drop table if exists lot_structure")
    execute(
        f"""
        create unlogged table lot_structure as
        select distinct on (s.numero_finess) s.numero_finess,
               {", ".join(f"{value} as {name}" for name, value in _VALUES.items())},
               p.longitude::float8 as longitude, p.latitude::float8 as latitude, ''::text as fiabilite
        from {STAGING} s
        left join {POINTS} p on p.numero_finess = s.numero_finess
        left join referentiels_commune c on c.code_insee = s.code_commune
        left join ({from_lines}) l on l.ligne = s.acheminement
        order by s.numero_finess, s.ctid
        """
    )
    execute("create unique index on lot_structure (numero_finess)")
    _place(job)
    execute("analyze lot_structure")


def _place(job: Job) -> None:
    """Trust FINESS coordinates near their commune; else the middle of the commune, flagged as approximate."""
    if not scalar(f"select exists (select from {POINTS})"):
        # The extraction without coordinates must not erase those another file brought.
        execute(
            "update lot_structure l set longitude = t.longitude, latitude = t.latitude "
            f"from {TABLE} t where t.numero_finess = l.numero_finess and t.fiabilite = 'finess'"
        )
    km = (
        "111.2 * sqrt(power(l.latitude - c.latitude, 2)"
        " + power((l.longitude - c.longitude) * cos(radians(c.latitude)), 2))"
    )
    wrong = execute(
        "update lot_structure l set longitude = null, latitude = null from referentiels_commune c "
        f"where c.code_insee = l.commune_id and l.latitude is not null and {km} > {MAX_KM}"
    )
    if wrong:
        job.report.warn(f"{wrong} structures dont les coordonnées sont loin de leur commune : centre retenu.")
    execute("update lot_structure set fiabilite = 'finess' where latitude is not null")
    execute(
        "update lot_structure l set longitude = c.longitude, latitude = c.latitude, fiabilite = 'commune' "
        "from referentiels_commune c "
        "where c.code_insee = l.commune_id and l.latitude is null and c.latitude is not null"
    )


def _check(job: Job, types: tuple[str, ...]) -> None:
    known = int(
        scalar(f"select count(*) from {TABLE} where ferme_le is null and type = any(%s)", [list(types)])
    )
    check_closures(
        job.report,
        known=known,
        closing=int(_missing("select count(*)", types)),
        confirmed=job.confirmed,
        what=WHAT,
    )


_MISSING = (
    f"from {TABLE} t where t.ferme_le is null and t.type = any(%s) "
    "and not exists (select from lot_structure l where l.numero_finess = t.numero_finess)"
)


def _missing(select: str, types: tuple[str, ...]) -> int:
    return int(scalar(f"{select} {_MISSING}", [list(types)]))


def _write(job: Job) -> None:
    names = [*_VALUES, "longitude", "latitude", "fiabilite"]
    # Words of every name and of the town; département and postal code are words too.
    search = (
        "left(btrim(regexp_replace(referentiels_plier(concat_ws(' ', nullif(raison_sociale_longue, ''), "
        "case when raison_sociale_longue = raison_sociale then null else raison_sociale end, "
        "nullif(complement, ''), nom_commune, code_postal)), '[^a-z0-9]+', ' ', 'g')), 800)"
    )
    created = int(
        scalar(
            f"select count(*) from lot_structure l "
            f"where not exists (select from {TABLE} t where t.numero_finess = l.numero_finess)"
        )
    )
    reopened = int(
        scalar(
            f"select count(*) from lot_structure join {TABLE} t using (numero_finess) where ferme_le is not null"
        )
    )
    ours = ", ".join(f"t.{name}" for name in names)
    theirs = ", ".join(f"excluded.{name}" for name in names)
    sets = ", ".join(f"{name} = excluded.{name}" for name in (*names, "recherche", "termes"))
    touched = execute(
        f"""
        insert into {TABLE} as t (numero_finess, {", ".join(names)}, recherche, termes)
        select numero_finess, {", ".join(names)}, recherche, to_tsvector('simple', recherche)
        from (select *, {search} as recherche from lot_structure) l
        on conflict (numero_finess) do update set {sets}, ferme_le = null
        where ({ours}) is distinct from ({theirs}) or t.ferme_le is not null
        """
    )
    job.report.count(f"{CREATED} ({WHAT})", created)
    job.report.count(f"{UPDATED} ({WHAT})", touched - created - reopened)
    job.report.count(f"{REOPENED} ({WHAT})", reopened)


def _link_legal_entities() -> None:
    """Tie sites to the legal entities we hold; the published number stays either way."""
    execute(
        f"update {TABLE} t set entite_juridique_id = ej.numero_finess from lot_structure l, {TABLE} ej "
        "where t.numero_finess = l.numero_finess and ej.numero_finess = t.numero_finess_juridique "
        "and ej.type = 'ej' and t.entite_juridique_id is distinct from ej.numero_finess"
    )


def _close(job: Job, types: tuple[str, ...]) -> None:
    closed = execute(
        f"update {TABLE} set ferme_le = now() where numero_finess in (select t.numero_finess {_MISSING})",
        [list(types)],
    )
    job.report.count(f"{CLOSED} ({WHAT})", closed)


def _write_lexicon(job: Job) -> None:
    """Words of open structures with how often they occur; written when a structure changed or no word is known."""
    known = scalar("select exists (select from referentiels_lexiquemot where domaine = 'structure')")
    if known and not job.report.changes:
        return
    execute(
        f"""
        insert into referentiels_lexiquemot as l (domaine, mot, frequence)
        select 'structure', left(word, 120), ndoc
        from ts_stat($$select termes from {TABLE} where ferme_le is null$$)
        where word ~ '^[a-z]' and length(word) > 2
        on conflict (domaine, mot) do update set frequence = excluded.frequence
        where l.frequence <> excluded.frequence
        """
    )
