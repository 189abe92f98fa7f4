"""Loads the demonstration region through the importers, as national files would be."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from django.apps import apps

from portal.common.text import fold

from .demo_donnees import CATEGORIES, GROUPEMENTS, PERSONNAGES, SITES, Personnage, SiteDemo
from .generateur.annuaire import Fichiers, Site, write_people, write_structures
from .generateur.lieux import Lieu, Repartition, read_communes
from .generateur.noms import with_key
from .generateur.personnes import METIERS, Fabrique, Metier, Personne
from .importers.catalogue import SOURCES
from .importers.report import Report
from .importers.runner import run_import
from .models import Commune, GroupementTerritorial, StructureFiness
from .seed import seed_all

COMMUNES = Path(__file__).parent / "donnees" / "demo_communes.csv"
# Ranks of the crowd start after those of the characters; the prefix keeps both apart from generated files.
PREFIX = "99710"
CROWD = 700
CROWD_START = 1_000
_SEED = 20_241_001
_DEPARTEMENTS = ("78", "94", "28")


def rpps_of(rank: int) -> str:
    """RPPS number of the demo person of this rank (`PERSONNAGES`)."""
    return with_key(PREFIX, rank, 11)


def finess_of(rank: int, insee: str) -> str:
    """FINESS number of the demo site of this rank: département, 999, rank, key."""
    return with_key(f"{insee[:2]}999", rank, 9)


def finess_by_rank() -> dict[int, str]:
    return {site.rank: finess_of(site.rank, site.insee) for site in SITES}


def load_demo() -> list[Report]:
    """Communes, structures, people, groupings and lists of the demonstration. Doing it again changes nothing."""
    seed_all(apps)
    lieux = read_communes(COMMUNES)
    with tempfile.TemporaryDirectory(prefix="portail-demo-") as name:
        folder = Path(name)
        files = _write_files(folder, lieux)
        reports = [
            run_import(SOURCES[key], path, write=True, confirmed=True, forced=True)
            for key, path in (
                ("communes", COMMUNES),
                ("finess", files.finess),
                ("rpps", files.activites),
            )
        ]
    _load_groupements()
    return reports


def _write_files(folder: Path, lieux: list[Lieu]) -> Fichiers:
    files = Fichiers(
        COMMUNES, folder / "activites.txt", folder / "sf.txt", folder / "dipl.txt", folder / "finess.csv", 0
    )
    by_insee = {lieu.insee: lieu for lieu in lieux}
    write_structures(files.finess, (_site(site, by_insee[site.insee]) for site in SITES))
    random = Random(_SEED)  # noqa: S311  a reproducible draw, not a secret
    region = [lieu for lieu in lieux if lieu.departement in _DEPARTEMENTS]
    factory = Fabrique(random, Repartition(random, region), prefix=PREFIX)
    write_people(files, _people(factory, by_insee))
    return files


def _site(site: SiteDemo, lieu: Lieu) -> Site:
    return Site(
        finess=finess_of(site.rank, site.insee),
        finess_ej=finess_of(900 - site.ej, site.insee),
        nom=fold(site.nom).upper(),
        categorie=site.categorie,
        libelle_categorie=CATEGORIES[site.categorie],
        lieu=lieu,
        voie=site.voie,
        latitude=site.latitude,
        longitude=site.longitude,
        siret=with_key(f"99900{site.insee[:2]}", site.rank, 14),
        telephone=f"06399800{site.rank:02d}",
    )


def _people(factory: Fabrique, by_insee: dict[str, Lieu]) -> Iterator[Personne]:
    for personnage in PERSONNAGES:
        yield _personne(personnage, by_insee)
    for rank in range(CROWD):
        person = factory.make(CROWD_START + rank)
        person.places = [_known_place(person, place, by_insee) for place in person.places]
        yield person


def _known_place(person: Personne, place: dict[str, str], by_insee: dict[str, Lieu]) -> dict[str, str]:
    """A salaried person works in one of the sites of the region, in the same département."""
    if place["mode"] == "L":
        return place
    sites = [site for site in SITES if site.insee[:2] == place["dep"]]
    site = sites[int(place["num_voie"]) % len(sites)]
    return _job(site, by_insee[site.insee], person.metier)


def _personne(personnage: Personnage, by_insee: dict[str, Lieu]) -> Personne:
    metier = next(metier for metier in METIERS if metier.code == personnage.metier)
    lieu = by_insee[personnage.insee]
    person = Personne(
        rpps=rpps_of(personnage.rank),
        civilite=personnage.civilite,
        nom=personnage.nom,
        prenom=personnage.prenom,
        metier=metier,
        savoir_faire=[personnage.specialite] if personnage.specialite else [],
    )
    if personnage.site is None:
        person.places = [_practice(personnage, lieu, metier)]
    else:
        site = next(site for site in SITES if site.rank == personnage.site)
        person.places = [_job(site, lieu, metier)]
    return person


def _place(lieu: Lieu, metier: Metier) -> dict[str, str]:
    return {
        "cedex": lieu.acheminement,
        "cp": lieu.postal,
        "commune": lieu.insee,
        "lib_commune": lieu.nom,
        "dep": lieu.departement,
        "autorite": "/".join([metier.autorite] * 3),
    }


def _practice(personnage: Personnage, lieu: Lieu, metier: Metier) -> dict[str, str]:
    local = ".".join(fold(part).replace(" ", "") for part in (personnage.prenom, personnage.nom))
    return {
        **_place(lieu, metier),
        "mode": "L",
        "lib_mode": "Libéral, indépendant, artisan, commerçant",
        "id_structure": f"C{rpps_of(personnage.rank)}001",
        "num_voie": str(personnage.rank + 2),
        "lib_type_voie": "Rue",
        "lib_voie": "DES TILLEULS",
        "tel": f"063998{personnage.rank + 100:04d}",
        "email": f"{local}@exemple.mssante.fr",
        "ancien_id": f"0{personnage.adeli}001" if personnage.adeli else "",
        "secteur": "SA07",
        "lib_secteur": "Cabinet individuel",
    }


def _job(site: SiteDemo, lieu: Lieu, metier: Metier) -> dict[str, str]:
    number, kind, street = site.voie.split(";")
    return {
        **_place(lieu, metier),
        "mode": "S",
        "lib_mode": "Salarié",
        "siret": with_key(f"99900{site.insee[:2]}", site.rank, 14),
        "finess": finess_of(site.rank, site.insee),
        "finess_ej": finess_of(900 - site.ej, site.insee),
        "id_structure": f"F{finess_of(site.rank, site.insee)}",
        "raison": site.nom,
        "num_voie": number,
        "lib_type_voie": {"R": "Rue", "AV": "Avenue", "BD": "Boulevard", "PL": "Place", "QU": "Quai"}[kind],
        "lib_voie": street,
        "tel": f"06399800{site.rank:02d}",
        "secteur": "SA33" if site.categorie == "620" else "SA01",
        "lib_secteur": "Etablissement public de santé",
    }


def _load_groupements() -> None:
    numbers = finess_by_rank()
    for row in GROUPEMENTS:
        groupement, created = GroupementTerritorial.objects.get_or_create(
            slug=row.slug, defaults={"type": row.type, "nom": row.nom, "territoire_id": row.territoire}
        )
        if created:
            groupement.communes.set(Commune.objects.filter(pk__in=row.communes))
            groupement.structures.set(
                StructureFiness.objects.filter(pk__in=[numbers[rank] for rank in row.sites])
            )
