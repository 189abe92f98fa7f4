"""Health territories and groupings of a place."""

from __future__ import annotations

from portal.referentiels.models import GroupementTerritorial, TerritoireDeSante


def territoire_of_departement(code: str) -> TerritoireDeSante | None:
    """The health territory that covers this département, when we know it."""
    return TerritoireDeSante.objects.filter(departements=code).order_by("code").first()


def groupements_of_commune(code_insee: str, type: str | None = None) -> list[GroupementTerritorial]:
    """CPTS (and other groupings) whose territory holds the commune."""
    found = GroupementTerritorial.objects.filter(communes=code_insee).order_by("type", "nom")
    return list(found.filter(type=type) if type else found)


def groupements_of_structure(numero_finess: str, type: str | None = None) -> list[GroupementTerritorial]:
    """GHT (and other groupings) the structure belongs to, itself or through its legal entity."""
    found = GroupementTerritorial.objects.filter(
        structures=numero_finess
    ) | GroupementTerritorial.objects.filter(structures__etablissements=numero_finess)
    found = found.distinct().order_by("type", "nom")
    return list(found.filter(type=type) if type else found)
