"""Communes of a made-up France, for a national set that needs no other file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random

from portal.common.text import fold

# Départements of the mainland with the middle of each, to the nearest half degree: (code, latitude, longitude).
DEPARTEMENTS: tuple[tuple[str, float, float], ...] = tuple(
    (f"{number:02d}", 43.5 + (number * 37 % 140) / 20, -3.5 + (number * 53 % 200) / 20)
    for number in (*range(1, 20), *range(21, 96))
)
_BASES = [
    "Aubin",
    "Beaumont",
    "Bellevue",
    "Champ",
    "Chapelle",
    "Clairfont",
    "Combe",
    "Courcelle",
    "Fontaine",
    "Forge",
    "Grandval",
    "Hautbois",
    "Lande",
    "Marais",
    "Montclair",
    "Moulin",
    "Neuville",
    "Orme",
    "Peyre",
    "Pommier",
    "Rivière",
    "Roche",
    "Saussaye",
    "Tilleul",
    "Vallon",
    "Verger",
    "Vignoble",
    "Villiers",
    "Saint-Aubin",
    "Saint-Florent",
    "Sainte-Colombe",
    "Saint-Gervais",
    "Sainte-Marthe",
    "La",
    "Ferté",
    "L’Étang",
    "Les",
    "Essarts",
]
_SUITES = [
    "sur-Aubrelle",
    "sous-Bois",
    "en-Plaine",
    "le-Château",
    "la-Forêt",
    "lès-Prés",
    "aux-Bois",
    "du-Val",
    "de-la-Côte",
    "d’Amont",
    "le-Vieux",
    "le-Grand",
    "le-Petit",
    "sur-Lisière",
    "en-Vexelle",
    "les-Eaux",
    "du-Gué",
    "au-Mont",
]


@dataclass(frozen=True, slots=True)
class Lieu:
    """A commune people practise in."""

    insee: str
    nom: str
    departement: str
    postal: str
    population: int
    latitude: float
    longitude: float

    @property
    def acheminement(self) -> str:
        return f"{self.postal} {fold(self.nom).upper()}"


def invent_communes(random: Random, number: int = 34_000) -> list[Lieu]:
    """Communes whose sizes follow the French ones: a few hundred large, most under a thousand people."""
    found: list[Lieu] = []
    per_departement = max(1, number // len(DEPARTEMENTS))
    for code, latitude, longitude in DEPARTEMENTS:
        for rank in range(per_departement):
            base, suite = random.choice(_BASES), random.choice(_SUITES)
            nom = base if rank % 5 == 0 else f"{base}-{suite}"
            population = int(90_000 / (1 + rank) ** 0.85) + random.randint(20, 200)
            postal = f"{code}{min(rank // 6 * 10, 990):03d}"
            found.append(
                Lieu(
                    insee=f"{code}{rank + 1:03d}",
                    nom=nom,
                    departement=code,
                    postal=postal,
                    population=population,
                    latitude=round(latitude + random.uniform(-0.4, 0.4), 5),
                    longitude=round(longitude + random.uniform(-0.4, 0.4), 5),
                )
            )
    return found


def write_communes(path: Path, lieux: Iterable[Lieu]) -> None:
    """The CSV the communes importer reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ("code_insee", "nom", "type", "code_departement", "population", "codes_postaux", "lat", "lon")
        )
        for lieu in lieux:
            writer.writerow(
                (
                    lieu.insee, lieu.nom, "COM", lieu.departement, lieu.population, lieu.postal, lieu.latitude,
                    lieu.longitude,
                )
            )  # fmt: skip


def read_communes(path: Path) -> list[Lieu]:
    """Communes of such a CSV that people can practise in (those with coordinates and a postal code)."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(_places(csv.DictReader(file)))


def _places(rows: Iterable[dict[str, str]]) -> Iterator[Lieu]:
    for row in rows:
        if row["lat"] and row["codes_postaux"]:
            yield Lieu(
                insee=row["code_insee"],
                nom=row["nom"],
                departement=row["code_departement"],
                postal=row["codes_postaux"].split("|")[0],
                population=int(row["population"] or 0) + 1,
                latitude=float(row["lat"]),
                longitude=float(row["lon"]),
            )


class Repartition:
    """Draws communes in proportion to their population."""

    def __init__(self, random: Random, lieux: list[Lieu]) -> None:
        self.random = random
        self.lieux = lieux
        self._weights = list(accumulate(lieu.population for lieu in lieux))

    def draw(self) -> Lieu:
        return self.random.choices(self.lieux, cum_weights=self._weights)[0]
