"""Who somebody is, as proven by a CPS card or by Pro Santé Connect. Nothing here was typed by the person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Means = Literal["card", "ecps"]
CardKind = Literal["CPS", "CPF", "CPE", "CPA", ""]


@dataclass(frozen=True)
class Structure:
    """A place of work as the national directory knows it; an empty text means unknown."""

    raison_sociale: str = ""
    finess: str = ""
    siret: str = ""
    technical_id: str = ""
    national_id: str = ""
    secteur_code: str = ""
    adresse: str = ""
    code_postal: str = ""
    commune_code: str = ""
    telephone: str = ""

    def told(self) -> dict[str, str]:
        """What is kept of it beside the card or e-CPS."""
        known = {
            "name": self.raison_sociale[:200],
            "finess": self.finess[:9],
            "siret": self.siret[:14],
            "postal_code": self.code_postal[:10],
        }
        return {name: value for name, value in known.items() if value}


@dataclass(frozen=True)
class StrongIdentity:
    """`national_id` keeps its type prefix ("8" + RPPS). Codes are those of the national nomenclatures.

    (issuer, subject) is the key of the means; national_id says who the person is.
    """

    means: Means
    issuer: str
    subject: str
    national_id: str
    nom: str
    prenom: str
    civilite: str = ""
    profession_codes: tuple[str, ...] = ()
    role_codes: tuple[str, ...] = ()
    specialite_codes: tuple[str, ...] = ()
    structures: tuple[Structure, ...] = ()
    phone: str = ""
    card_kind: CardKind = ""
    card_number: str = ""
    serial: str = ""
    key_id: str = ""
    auth_time: datetime | None = None
    acr: str = ""
    raw_hint: dict[str, Any] = field(default_factory=dict)
    """What helps support to understand, no secret and no personal text."""
