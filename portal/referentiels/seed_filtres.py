"""Per-profession choices and instructions of the pilot: no national table gives them, administrators edit them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps.registry import Apps

FICHIER = Path(__file__).parent / "donnees" / "filtres.txt"

# (profession code, empty for all; field; title; text)
CONSIGNES: tuple[tuple[str, str, str, str], ...] = (
    (
        "", "activite", "Activités opérationnelles",
        "Choisissez les activités que vous pratiquez habituellement : elles servent à orienter les patients.",
    ),
    (
        "70", "activite", "Activités de kinésithérapie",
        "Gardez « Kinésithérapie » si vous recevez pour tous motifs, et ajoutez vos orientations particulières.",
    ),
    (
        "50", "activite", "Activités de sage-femme",
        "Indiquez au moins le suivi que vous assurez : prénatal, post-natal ou gynécologique de prévention.",
    ),
    (
        "50", "acte_hors_cabinet", "Actes hors cabinet",
        "Ne cochez que les actes réalisés à domicile, en maison de naissance ou sur un plateau technique.",
    ),
    (
        "", "modalite", "Modalités d’accueil",
        "Si vous vous déplacez, choisissez « Visite et soins à domicile » puis indiquez les communes desservies.",
    ),
    (
        "", "equipement", "Équipements spécifiques",
        "Ne citez que les équipements présents dans le lieu décrit et disponibles pour vos patients.",
    ),
)  # fmt: skip


def read_filtres() -> Iterator[tuple[str, str, str, list[str]]]:
    """(profession, field, list, codes in order) of each section of the file."""
    profession = champ = liste = ""
    for line in FICHIER.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            profession, champ, liste = line[2:].split()
        elif line.strip():
            yield profession, champ, liste, line.split()


def seed_filtres(registry: Apps) -> None:
    """Fill the choices of each (profession, field) still without any, and the missing instructions."""
    filtre: Any = registry.get_model("referentiels", "FiltreProfession")
    concept: Any = registry.get_model("referentiels", "NomenclatureConcept")
    consigne: Any = registry.get_model("referentiels", "ConsigneProfession")
    for profession, champ, liste, codes in read_filtres():
        if filtre.objects.filter(code_profession=profession, champ=champ).exists():
            continue
        found = {row.code: row for row in concept.objects.filter(nomenclature_id=liste, code__in=codes)}
        filtre.objects.bulk_create(
            filtre(code_profession=profession, champ=champ, concept=found[code], rang=rang)
            for rang, code in enumerate(codes)
            if code in found
        )
    for profession, champ, titre, texte in CONSIGNES:
        consigne.objects.get_or_create(
            code_profession=profession, champ=champ, defaults={"titre": titre, "texte": texte}
        )
