"""Tables of the national reference data. Imported rows are closed when they vanish, never deleted."""

from .finess import StructureFiness
from .geographie import (
    CodePostal,
    Commune,
    CommuneAppellation,
    Departement,
    GroupementTerritorial,
    Region,
    TerritoireDeSante,
)
from .imports import ImportRun
from .nomenclatures import ConsigneProfession, FiltreProfession, Nomenclature, NomenclatureConcept
from .professions import Profession
from .rpps import (
    ActiviteRpps,
    AncienIdentifiant,
    Conventionnement,
    DiplomeRpps,
    LexiqueMot,
    ProfessionnelRpps,
    SavoirFaireRpps,
)

__all__ = [
    "ActiviteRpps",
    "AncienIdentifiant",
    "CodePostal",
    "Commune",
    "CommuneAppellation",
    "ConsigneProfession",
    "Conventionnement",
    "Departement",
    "DiplomeRpps",
    "FiltreProfession",
    "GroupementTerritorial",
    "ImportRun",
    "LexiqueMot",
    "Nomenclature",
    "NomenclatureConcept",
    "Profession",
    "ProfessionnelRpps",
    "Region",
    "SavoirFaireRpps",
    "StructureFiness",
    "TerritoireDeSante",
]
