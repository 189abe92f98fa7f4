"""FINESS legal entities: the frozen extraction cs1100501, with or without a header line.

Published under several names (« etalab-cs1100501-<date>.csv », « etalab-cs1100501-stock-<date>-<heure>.csv »): the name
says nothing, the first line and the records do. Records are told by their rank
(`structureej` and 22 fields: GuillaumePressiat/finess_etalab, data_results/formats/format_etalabcs1100501.csv);
where a line of names comes first, columns are read by name.
"""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from collections.abc import Iterator

from portal.referentiels.importers.fichier import check_kind, first_line
from portal.referentiels.importers.report import FileRefused, check_shrink
from portal.referentiels.importers.runner import Job
from portal.referentiels.importers.staging import execute
from portal.referentiels.importers.tableur import Row, check_complete, encoding_of, read_rows

from .ecriture import TABLE, staging_tables, write
from .legacy import check_first_line, ends_line, records, street
from .structure import StructureLue, departement_and_commune, phone, split_delivery

SECTION = "structureej"
NAMES = (
    "nofiness", "rs", "rslongue", "complrs", "numvoie", "typvoie", "voie", "compvoie", "compldistrib", "lieuditbp",
    "commune", "ligneacheminement", "departement", "libdepartement", "telephone", "statutjuridique",
    "libstatutjuridique", "categetab", "libcategetab", "siren", "codeape", "datecrea",
)  # fmt: skip
_REQUIRED = ("nofiness", "rs", "commune", "ligneacheminement", "departement", "statutjuridique")
LINKED = "Établissements rattachés à leur entité juridique"
Problem = tuple[str, str]


def apply(job: Job) -> None:
    """Import the full state of legal entities, then tie to them the establishments that publish their number."""
    head = check_kind(job.path)
    check_complete(job.path)
    encoding = encoding_of(job.path, latin_accepted=True)
    if encoding == "cp1252":
        job.report.warn("Fichier en Windows-1252 : lu ainsi.")
        head = head.decode("cp1252", "replace").encode()
    first = first_line(head)
    is_published = "nofiness" not in first.casefold().replace('"', "").split(";")
    if is_published:
        check_first_line(first)
    structures, _ = staging_tables()
    job.progress("entités juridiques", 0.1)
    rows = _published(job, encoding) if is_published else _named(job)
    if not structures.copy_rows(rows):
        raise FileRefused(
            f"Le fichier n’a aucune entité juridique (lignes « {SECTION} »){_other(job, encoding)} ; "
            "rien n’est modifié."
        )
    lines = job.report.counts["Lignes lues"]
    job.report.check_bad_share(lines)
    check_shrink(rows=lines, last=job.last_rows, forced=job.forced)
    job.progress("écriture", 0.7)
    write(job, types=("ej",))
    job.report.count(LINKED, _link_establishments())


def _other(job: Job, encoding: str) -> str:
    """What the file is when it is another extraction."""
    _, first = next(records(job.path, encoding), (0, [""]))
    return " : c’est celui des établissements, à importer sous ce nom" if first[0] == "structureet" else ""


def _published(job: Job, encoding: str) -> Iterator[tuple[str, ...]]:
    seen: set[str] = set()
    lines = 0
    last: list[str] = []
    for line, fields in records(job.path, encoding):
        lines += 1
        last = fields
        problem = _record_problem(fields)
        if problem:
            job.report.reject(line, *problem)
        else:
            values = dict(zip(NAMES, (value.strip() for value in fields[1:]), strict=True))
            yield from _kept(job, line, values, seen)
    if last and last[0] == SECTION and len(last) <= len(NAMES) and not ends_line(job.path):
        raise FileRefused("Le fichier est coupé : sa dernière ligne est incomplète. Rien n’est modifié.")
    job.report.count("Lignes lues", lines)


def _record_problem(fields: list[str]) -> Problem | None:
    if fields[0] != SECTION:
        return ("section", f"type de ligne inconnu ({SECTION} attendu)")
    width = len(NAMES) + 1
    if len(fields) != width:
        longer = "trop longue" if len(fields) > width else "trop courte"
        return ("ligne", f"ligne {longer} : {len(fields)} champs au lieu de {width}")
    return None


def _named(job: Job) -> Iterator[tuple[str, ...]]:
    """The variant with a line of names, in any order."""
    seen: set[str] = set()
    columns = {name: name for name in NAMES}
    rows = read_rows(job, separator=";", columns=columns, required=_REQUIRED, latin_accepted=True)
    for line, values in rows:
        yield from _kept(job, line, values, seen)


def _kept(job: Job, line: int, values: Row, seen: set[str]) -> Iterator[tuple[str, ...]]:
    """The row for the staging table, or nothing and a line in the report."""
    entity = map_entity(values)
    problem = (
        ("nofiness", "numéro déjà vu dans ce fichier") if entity.numero_finess in seen else entity.problem()
    )
    if problem:
        job.report.reject(line, *problem)
        return
    seen.add(entity.numero_finess)
    yield entity.row()


def map_entity(values: Row) -> StructureLue:
    """The published fields, by name, turned into ours; an absent column is an empty text."""
    text = {name: values.get(name, "") for name in NAMES}
    postal, town = split_delivery(text["ligneacheminement"])
    departement, commune = departement_and_commune(text["departement"], text["commune"])
    return StructureLue(
        numero_finess=text["nofiness"],
        type="ej",
        raison_sociale=text["rs"],
        raison_sociale_longue=text["rslongue"],
        complement=text["complrs"],
        code_categorie=text["categetab"],
        libelle_categorie=text["libcategetab"],
        code_statut=text["statutjuridique"],
        numero_siren=text["siren"],
        voie=street(text["numvoie"], text["compvoie"], text["typvoie"], text["voie"]),
        lieu_dit=" ".join(part for part in (text["compldistrib"], text["lieuditbp"]) if part),
        acheminement=text["ligneacheminement"],
        code_postal=postal,
        nom_commune=town,
        code_commune=commune,
        code_departement=departement,
        telephone=phone(text["telephone"]),
        ouvert_le=text["datecrea"],
    )


def _link_establishments() -> int:
    """Establishments imported before their legal entity get their link now; answers how many."""
    return execute(
        f"update {TABLE} t set entite_juridique_id = ej.numero_finess from {TABLE} ej "
        "where ej.type = 'ej' and t.type = 'et' and t.numero_finess_juridique = ej.numero_finess "
        "and t.entite_juridique_id is distinct from ej.numero_finess"
    )
