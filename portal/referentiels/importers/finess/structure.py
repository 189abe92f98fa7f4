"""One FINESS structure on its way to the staging table, whatever the file it comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from portal.referentiels.importers.tableur import value_problem

# The published pattern: a letter in second place (2A, 2B in Corsica) is not always A or B.
NUMERO = re.compile(r"[0-9][0-9A-Z][0-9]{7}", re.ASCII)
_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", re.ASCII)
_LIMITS = {
    "raison_sociale": 200,
    "raison_sociale_longue": 255,
    "complement": 200,
    "voie": 200,
    "lieu_dit": 120,
    "acheminement": 120,
    "nom_commune": 120,
    "libelle_categorie": 160,
    "telephone": 30,
    "telecopie": 30,
    "email": 254,
    "autres_adresses": 2000,
}


@dataclass(slots=True)
class StructureLue:
    """Texts as published, empty when absent. Field names are the columns of StructureFiness."""

    numero_finess: str
    type: str
    numero_finess_juridique: str = ""
    raison_sociale: str = ""
    raison_sociale_longue: str = ""
    complement: str = ""
    code_categorie: str = ""
    libelle_categorie: str = ""
    code_statut: str = ""
    numero_siret: str = ""
    numero_siren: str = ""
    voie: str = ""
    lieu_dit: str = ""
    acheminement: str = ""
    code_postal: str = ""
    nom_commune: str = ""
    code_commune: str = ""
    code_departement: str = ""
    telephone: str = ""
    telecopie: str = ""
    email: str = ""
    ouvert_le: str = ""
    autres_adresses: str = ""

    def problem(self) -> tuple[str, str] | None:
        """(column, reason) of the first thing that forbids keeping it."""
        if not NUMERO.fullmatch(self.numero_finess):
            return ("numéro FINESS", "9 caractères attendus")
        if self.numero_finess_juridique and not NUMERO.fullmatch(self.numero_finess_juridique):
            return ("numéro FINESS juridique", "9 caractères attendus")
        if not self.raison_sociale:
            return ("raison sociale", "vide")
        if self.ouvert_le and not _is_date(self.ouvert_le):
            return ("date d’ouverture", "date impossible")
        for name in (field.name for field in fields(self)):
            reason = value_problem(getattr(self, name), max_length=_LIMITS.get(name, 40))
            if reason:
                return (name, reason)
        return None

    def row(self) -> tuple[str, ...]:
        return tuple(getattr(self, name) for name in COLUMNS)


COLUMNS = tuple(field.name for field in fields(StructureLue))


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    year, month, day = (int(part) for part in text.split("-"))
    longest = 29 if month == 2 and year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
    return day <= (longest if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def departement_and_commune(departement: str, commune: str) -> tuple[str, str]:
    """(département, INSEE code) from the FINESS pair: « 01 », « 451 » is 01451; overseas 9A…9F is 97 + commune.

    St-Barthélemy and St-Martin still come under 9A; INSEE numbers them 97701 and 97801 now.
    """
    if not departement or not commune:
        return departement, ""
    if departement == "9A" and commune in ("123", "127"):
        return ("977", "97701") if commune == "123" else ("978", "97801")
    if re.fullmatch(r"9[A-F]", departement):
        return "97" + commune[:1], "97" + commune
    if departement == "9J":
        return "98" + commune[:1], "98" + commune
    return departement, departement + commune


_DELIVERY = re.compile(r"^(\d{5})\s+(.*?)(?:\s+CEDEX(?:\s+\d+)?)?$", re.IGNORECASE)


def split_delivery(line: str) -> tuple[str, str]:
    """(postal code, town) of « 97306 CAYENNE CEDEX »; empty texts when it does not start with five digits."""
    found = _DELIVERY.match(line.strip())
    return (found[1], found[2].strip()) if found else ("", "")


def phone(text: str) -> str:
    """Ten national digits when they can be told (as the RPPS importer does), else the digits published; zeros only is
    nothing."""
    digits = re.sub(r"[^0-9+]", "", text)
    if not digits.strip("0+"):
        return ""
    national = re.sub(r"^(?:\+33|0033)0?", "0", digits)
    if re.fullmatch(r"[1-9][0-9]{8}", national):
        return f"0{national}"
    return national if re.fullmatch(r"0[1-9][0-9]{8}", national) else digits[:30]
