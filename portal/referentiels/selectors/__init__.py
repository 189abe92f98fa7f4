"""Reads of the national data offered to the other apps. Each suggestion is one round trip to the database."""

from .communes import (
    CommuneTrouvee,
    communes_of_code_postal,
    find_commune,
    suggest_communes,
)
from .nomenclatures import (
    Choix,
    choices_for,
    concepts_of,
    consigne_for,
    find_concept,
    labels_of,
    suggest_concepts,
)
from .personnes import (
    PersonneTrouvee,
    ProfessionnelTrouve,
    activites_of,
    find_professionnel,
    search_personnes,
    specialites_of,
)
from .professions import professions_by_categorie, professions_of_code_nos, suggest_professions
from .structures import StructureTrouvee, find_structure, suggest_structures
from .territoires import groupements_of_commune, groupements_of_structure, territoire_of_departement

__all__ = [
    "Choix",
    "CommuneTrouvee",
    "PersonneTrouvee",
    "ProfessionnelTrouve",
    "StructureTrouvee",
    "activites_of",
    "choices_for",
    "communes_of_code_postal",
    "concepts_of",
    "consigne_for",
    "find_commune",
    "find_concept",
    "find_professionnel",
    "find_structure",
    "groupements_of_commune",
    "groupements_of_structure",
    "labels_of",
    "professions_by_categorie",
    "professions_of_code_nos",
    "search_personnes",
    "specialites_of",
    "suggest_communes",
    "suggest_concepts",
    "suggest_professions",
    "suggest_structures",
    "territoire_of_departement",
]
