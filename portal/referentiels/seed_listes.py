"""Reader of `donnees/listes_initiales.txt`: the small code lists the forms need before any national file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FICHIER = Path(__file__).parent / "donnees" / "listes_initiales.txt"
RACINE_NOS = "https://mos.esante.gouv.fr/NOS"


@dataclass(frozen=True, slots=True)
class Liste:
    code: str
    nom: str
    oid: str
    concepts: tuple[tuple[str, str], ...]
    type: str = "tre"

    @property
    def url(self) -> str:
        """Canonical address: TRE_R38-Xxx in the path, TRE-R38-Xxx at the end."""
        published = self.nom.replace("_", "-")
        folder = published.replace("TRE-", "TRE_", 1)
        return f"{RACINE_NOS}/{folder}/FHIR/{published}"


@cache
def read_listes() -> tuple[Liste, ...]:
    """Sections « # CODE nom OID », then one « code label » line per concept; blank lines do not count."""
    listes: list[Liste] = []
    head: tuple[str, str, str] | None = None
    concepts: list[tuple[str, str]] = []
    for line in FICHIER.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            if head:
                listes.append(Liste(*head, tuple(concepts)))
            code, nom, oid = line[2:].split()
            head, concepts = (code, nom, oid), []
        elif line.strip():
            code, libelle = line.split(" ", 1)
            concepts.append((code, libelle.strip()))
    if head:
        listes.append(Liste(*head, tuple(concepts)))
    return tuple(listes)
