"""FINESS+ « structures » (JSON, 2026): legal entities and their sites, coordinates told by their range."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from portal.referentiels.coordonnees import guess_degrees
from portal.referentiels.importers.fichier import check_kind
from portal.referentiels.importers.report import FileRefused, check_shrink
from portal.referentiels.importers.runner import Job

from .ecriture import staging_tables, write
from .structure import StructureLue, phone, split_delivery

Point = tuple[str, str, str]
_CHUNK = 1 << 20
# One legal entity with all its sites stays far below; beyond, the file is not the one we know.
_MAX_ENTITY = 16 << 20


def apply(job: Job) -> None:
    """Import a full state of legal entities and sites; `.json.gz` is read as it is published."""
    check_kind(job.path, gzip_accepted=True)
    structures, points = staging_tables()
    found: list[Point] = []
    written = structures.copy_rows(_rows(job, found))
    if not written:
        raise FileRefused("Le fichier n’a aucune structure (tableau « pmej » vide) ; rien n’est modifié.")
    points.copy_rows(found)
    total = job.report.counts["Lignes lues"]
    job.report.check_bad_share(total)
    check_shrink(rows=total, last=job.last_rows, forced=job.forced)
    job.progress("écriture", 0.7)
    write(job, types=("ej", "et"))


def _rows(job: Job, points: list[Point]) -> Iterator[tuple[str, ...]]:
    """Rows of the staging table; the rank of the legal entity stands for the line."""
    seen: set[str] = set()
    total = 0
    for rank, entity in enumerate(iter_array(job.path, "pmej"), start=1):
        for structure, point in map_entity(entity):
            if structure is None:
                continue
            total += 1
            problem = structure.problem()
            if structure.numero_finess in seen:
                problem = ("numFiness", "numéro déjà vu dans ce fichier")
            if problem:
                job.report.reject(rank, *problem)
                continue
            seen.add(structure.numero_finess)
            if point:
                points.append((structure.numero_finess, repr(point[0]), repr(point[1])))
            yield structure.row()
    job.report.count("Lignes lues", total)


def map_entity(entity: Any) -> Iterator[tuple[StructureLue | None, tuple[float, float] | None]]:
    """The legal entity, then its active sites, each with its point in degrees when it has one."""
    if not isinstance(entity, dict):
        return
    general = _dict(entity.get("informationsGeneralesPmej"))
    numero = _text(general, "numFinessPm")
    siren = _text(general, "siren")
    if not _is_closed(general) and not _is_closed(entity):
        structure = StructureLue(
            numero_finess=numero,
            type="ej",
            raison_sociale=_text(general, "denominationPm"),
            raison_sociale_longue=_text(general, "denominationLonguePmSmsse"),
            code_statut=_code(general.get("statutJuridique")),
            numero_siren=siren,
            ouvert_le=_text(general, "dateCreation")[:10],
        )
        yield structure, _place(structure, entity)
    for site in _list(entity.get("ege")):
        yield from _map_site(site, numero, siren)


def _map_site(
    site: Any, numero_ej: str, siren: str
) -> Iterator[tuple[StructureLue | None, tuple[float, float] | None]]:
    if not isinstance(site, dict) or _is_closed(site):
        return
    general = _dict(site.get("informationsGeneralesEGE"))
    # The published files write the key with a lower-case e; the schema with an upper-case one.
    category = site.get("categorieEntiteGeographiqueExercice") or site.get(
        "categorieentiteGeographiqueExercice"
    )
    structure = StructureLue(
        numero_finess=_text(general, "numFinessEge"),
        type="et",
        numero_finess_juridique=numero_ej,
        raison_sociale=_text(general, "nomEgeCourt"),
        raison_sociale_longue=_text(general, "nomEgeLong"),
        code_categorie=_code(category),
        libelle_categorie=_text(_dict(category), "libelle"),
        numero_siret=_text(site, "siret"),
        numero_siren=siren,
    )
    yield structure, _place(structure, site)


def _place(structure: StructureLue, holder: dict[str, Any]) -> tuple[float, float] | None:
    """Fill the addresses and the public contact; answer the point.

    The first address that names its commune is the one shown, placed and searched; the others are kept beside it.
    """
    addresses = [row for row in _list(holder.get("adresse")) if isinstance(row, dict)]
    address = next((row for row in addresses if _text(row, "cogCommune")), addresses[0] if addresses else {})
    others = (_on_one_line(row) for row in addresses if row is not address)
    shown = _on_one_line(address)
    structure.autres_adresses = "\n".join(line for line in dict.fromkeys(others) if line and line != shown)
    structure.voie = _street(address)
    structure.lieu_dit = _text(address, "lieuDit")
    structure.acheminement = _text(address, "ligneAcheminement")
    postal, town = split_delivery(structure.acheminement)
    structure.code_postal = _text(address, "codePostal") or postal
    structure.nom_commune = town
    structure.code_commune = _text(address, "cogCommune")
    code = structure.code_commune
    structure.code_departement = code[:3] if code.startswith(("97", "98")) else code[:2]
    _fill_contact(structure, holder)
    return _point(_dict(address.get("coordonneesGeographique")))


def _street(address: dict[str, Any]) -> str:
    names = ("numeroVoie", "complementVoie", "typeVoie", "libelleVoie")
    return " ".join(part for part in (_text(address, name) for name in names) if part)


def _on_one_line(address: dict[str, Any]) -> str:
    """« 12 RUE DES EXEMPLES, BP 3, 78200 MANTES LA JOLIE (usage 02) »; the published lines when it has no fields."""
    delivery = _text(address, "ligneAcheminement") or _text(address, "codePostal")
    parts = [_street(address), _text(address, "lieuDit"), delivery]
    lines = ("ligneUne", "ligneDeux", "ligneTrois", "ligneQuatre", "ligneCinq", "ligneSix")
    written = ", ".join(part for part in parts if part) or ", ".join(
        part for part in (_text(address, name) for name in lines) if part
    )
    usage = _code(address.get("usageAdresse"))
    return " ".join(f"{written} (usage {usage})".split()) if written and usage else " ".join(written.split())


def _fill_contact(structure: StructureLue, holder: dict[str, Any]) -> None:
    for contact in _list(holder.get("contact")):
        role = _text(_dict(_dict(contact).get("typeContact")), "roleContact")
        if role in ("", "01"):
            telecom = _dict(contact.get("telecom"))
            structure.telephone = phone(_text(telecom, "telephone"))
            structure.telecopie = phone(_text(telecom, "telecopie"))
            structure.email = _text(telecom, "courriel")
            return


def _point(coordinates: dict[str, Any]) -> tuple[float, float] | None:
    """Degrees come in one pair of fields and metres in the other, and releases swapped them: range decides."""
    pairs = (("coordonneeX", "coordonneeY"), ("directionLongitude", "directionLatitude"))
    for first, second in pairs:
        point = guess_degrees(_text(coordinates, first), _text(coordinates, second))
        if point:
            return point
    return None


def iter_array(path: Path, key: str) -> Iterator[Any]:
    """Elements of the array `key` of a JSON object, one at a time: the file is never whole in memory."""
    with _open(path) as file:
        try:
            yield from _elements(file, key)
        except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise FileRefused("Le fichier est coupé ou n’est pas en UTF-8 ; rien n’est modifié.") from error
        except (RecursionError, ValueError) as error:  # nested without end, a number of five thousand figures
            raise _cut() from error


def _open(path: Path) -> IO[str]:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rt", encoding="utf-8-sig") if zipped else path.open(encoding="utf-8-sig")


def _elements(file: IO[str], key: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    buffer = _skip_to_array(file, key)
    while True:
        buffer = buffer.lstrip(" \t\r\n,")
        if not buffer:
            more = file.read(_CHUNK)
            if not more:
                raise _cut()
            buffer = more
            continue
        if buffer[0] == "]":
            return
        try:
            element, end = decoder.raw_decode(buffer)
        except json.JSONDecodeError as error:
            more = file.read(
                max(_CHUNK, len(buffer))
            )  # twice as long each time: decoded again a few times only
            if not more or len(buffer) > _MAX_ENTITY:
                raise _cut() from error
            buffer += more
            continue
        yield element
        buffer = buffer[end:]


def _skip_to_array(file: IO[str], key: str) -> str:
    buffer = ""
    while True:
        more = file.read(_CHUNK)
        buffer += more
        start = buffer.find(f'"{key}"')
        opening = buffer.find("[", start) if start >= 0 else -1
        if opening >= 0:
            return buffer[opening + 1 :]
        if not more or len(buffer) > 4 * _CHUNK:
            raise FileRefused(
                f"Le fichier n’a pas de tableau « {key} » : ce n’est pas FINESS+ ; rien n’est modifié."
            )


def _cut() -> FileRefused:
    return FileRefused("Le fichier JSON est coupé ou illisible ; rien n’est modifié.")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _code(value: Any) -> str:
    return _text(value, "code") if isinstance(value, dict) else str(value or "").strip()


def _is_closed(holder: dict[str, Any]) -> bool:
    return _code(holder.get("etatObjet")) == "I" or bool(_text(holder, "dateFermeture"))
