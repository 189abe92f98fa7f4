"""A whole directory written in a folder, in the real file formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from portal.common.text import fold
from portal.referentiels.coordonnees import degrees_to_lambert93
from portal.referentiels.importers.rpps.colonnes import ACTIVITE, DIPLOME, QUALIFICATION

from .lieux import Lieu, Repartition, invent_communes, write_communes
from .noms import with_key
from .personnes import Fabrique, Personne, activity_lines, diploma_lines, header, know_how_lines

CATEGORIES = (
    ("355", "Centre Hospitalier (C.H.)", "CENTRE HOSPITALIER"),
    ("500", "Etablissement d'hébergement pour personnes âgées dépendantes", "EHPAD RESIDENCE"),
    ("124", "Centre de Santé", "CENTRE DE SANTE"),
    ("603", "Maison de santé", "MAISON DE SANTE"),
    ("620", "Pharmacie d'Officine", "PHARMACIE"),
    ("354", "Service de Soins Infirmiers A Domicile (S.S.I.A.D)", "SSIAD"),
)


@dataclass(frozen=True, slots=True)
class Fichiers:
    """Where each file was written, and how many rows of people it has."""

    communes: Path
    activites: Path
    savoir_faire: Path
    diplomes: Path
    finess: Path
    lignes: int


def write_annuaire(
    folder: Path, *, people: int, seed: int, progress: Callable[[int], None] | None = None
) -> Fichiers:
    """National shape at any size: 34 000 communes, one structure for twelve people, 1.7 rows per person."""
    folder.mkdir(parents=True, exist_ok=True)
    random = Random(seed)  # noqa: S311  a reproducible draw, not a secret
    lieux = invent_communes(random, min(34_000, max(500, people // 10)))
    factory = Fabrique(random, Repartition(random, lieux))
    files = Fichiers(
        folder / "communes.csv",
        folder / "PS_LibreAcces_Personne_activite.txt",
        folder / "PS_LibreAcces_SavoirFaire.txt",
        folder / "PS_LibreAcces_Dipl_AutExerc.txt",
        folder / "etalab-cs1100507-stock.csv",
        0,
    )
    write_communes(files.communes, lieux)
    lines = write_people(files, (factory.make(rank) for rank in range(people)), progress)
    write_structures(files.finess, invent_structures(random, factory.repartition, max(20, people // 12)))
    return Fichiers(files.communes, files.activites, files.savoir_faire, files.diplomes, files.finess, lines)


def write_people(
    files: Fichiers, people: Iterable[Personne], progress: Callable[[int], None] | None = None
) -> int:
    """The three RPPS files; answers the rows of Personne_activite."""
    written = 0
    with (
        files.activites.open("w", encoding="utf-8", newline="") as activities,
        files.savoir_faire.open("w", encoding="utf-8", newline="") as know_how,
        files.diplomes.open("w", encoding="utf-8", newline="") as diplomas,
    ):
        activities.write(header(ACTIVITE))
        know_how.write(header(QUALIFICATION))
        diplomas.write(header(DIPLOME))
        for number, person in enumerate(people, start=1):
            for line in activity_lines(person):
                activities.write(line)
                written += 1
            know_how.writelines(know_how_lines(person))
            diplomas.writelines(diploma_lines(person))
            if progress and number % 10_000 == 0:
                progress(number)
    return written


@dataclass(frozen=True, slots=True)
class Site:
    """An establishment to write; coordinates in degrees."""

    finess: str
    finess_ej: str
    nom: str
    categorie: str
    libelle_categorie: str
    lieu: Lieu
    voie: str
    latitude: float
    longitude: float
    siret: str = ""
    telephone: str = ""


def invent_structures(random: Random, repartition: Repartition, number: int) -> Iterable[Site]:
    for rank in range(number):
        lieu = repartition.draw()
        code, label, name = random.choice(CATEGORIES)
        region = "99" if not lieu.departement.isdigit() else lieu.departement
        yield Site(
            finess=with_key(region, 1_000_00 + rank % 899_999, 9),
            finess_ej=with_key(region, 900_000 + rank % 99_999, 9),
            nom=f"{name} {fold(lieu.nom).upper()} {rank % 97}",
            categorie=code,
            libelle_categorie=label,
            lieu=lieu,
            voie=f"{random.randint(1, 99)};R;DES TILLEULS",
            latitude=lieu.latitude + random.uniform(-0.02, 0.02),
            longitude=lieu.longitude + random.uniform(-0.02, 0.02),
            siret=with_key("998", rank, 14),
            telephone=f"063998{rank % 10_000:04d}",
        )


def write_structures(path: Path, sites: Iterable[Site]) -> int:
    """The FINESS extraction with coordinates: establishments, then their points in Lambert-93."""
    points: list[str] = []
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("finess;etalab;111;2026-11-01\n")
        for site in sites:
            file.write(_site_line(site))
            x, y = degrees_to_lambert93(site.longitude, site.latitude)
            points.append(
                f"geolocalisation;{site.finess};{x:.1f};{y:.1f};"
                "1,ATLASANTE,100,IGN,BD_ADRESSE,V2.2,LAMBERT_93;2026-11-01\n"
            )
            written += 1
        file.writelines(points)
    return written


def _site_line(site: Site) -> str:
    number, kind, street = site.voie.split(";")
    fields = [
        "structureet", site.finess, site.finess_ej, site.nom[:38], site.nom[:60], "", "", number, kind, street, "",
        "", site.lieu.insee[2:], site.lieu.departement, "", site.lieu.acheminement, site.telephone, "",
        site.categorie, site.libelle_categorie, "", "", site.siret, "", "", "", "", "", "2005-01-03", "2005-01-03",
        "2026-01-15", "",
    ]  # fmt: skip
    return ";".join(fields) + "\n"
