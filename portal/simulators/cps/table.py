"""The cards of the demo: whose they are, how each behaves. Every person is invented, every number of the test range."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from portal.simulators.cps import pki
from portal.simulators.cps.pki import Holder

PIN = "1234"
PUK = "12345678"
STRONG, STANDARD, ORGANISATIONS, FOREIGN = "fort", "standard", "organisations", "ailleurs"
YEARS_3 = 3 * 365


@dataclass(frozen=True)
class DemoCard:
    """`slug` names it everywhere; `expected` says in French what the portal answers.

    age: how long ago it was made; days: how long it is valid; tries: codes left at first.
    """

    slug: str
    kind: str
    label: str
    holder: Holder
    expected: str
    authority: str = STRONG
    use: str = pki.AUTHENTICATION
    age: timedelta = timedelta(days=30)
    days: int = YEARS_3
    revoked: bool = False
    tries: int = 3


def _doctor(number: str, **changes: object) -> Holder:
    values: dict[str, object] = {
        "common_name": "899700000013", "nom": "VALDENAIRE", "prenom": "HUGO", "title": "Médecin",
        "profession": 10, "card_number": number,
    }  # fmt: skip
    return Holder(**{**values, **changes})  # type: ignore[arg-type]


def _midwife(number: str) -> Holder:
    return Holder("899700000039", "LESTIENNE", "MAUD", "Sage-Femme", number, profession=50)


def _physio(number: str) -> Holder:
    return Holder("899700000021", "CHARMEAU", "INES", "Masseur-Kinésithérapeute", number, profession=70)


def _nurse(number: str) -> Holder:
    return Holder("899700000047", "BARRANDON", "NOE", "Infirmier", number, profession=60)


def _pharmacist(number: str, **changes: object) -> Holder:
    values: dict[str, object] = {
        "common_name": "899700000096", "nom": "VERNOUX", "prenom": "APOLLINE", "title": "Pharmacien",
        "profession": 21, "card_number": number,
    }  # fmt: skip
    return Holder(**{**values, **changes})  # type: ignore[arg-type]


CARDS = (
    DemoCard("hugo", "CPS", "CPS3v3-2900000013", _doctor("2900000013"), "acceptée"),
    DemoCard("hugo-renouvelee", "CPS", "CPS4v1-3100000013", _doctor("3100000013"), "acceptée, même compte"),
    DemoCard("ines", "CPS", "CPS3v3-2900000021", _physio("2900000021"), "acceptée"),
    DemoCard("maud", "CPS", "CPS4v1-3100000039", _midwife("3100000039"), "acceptée"),
    DemoCard("noe", "CPS", "CPS3v3-2900000047", _nurse("2900000047"), "acceptée"),
    DemoCard(
        "apolline", "CPS", "CPS4v1-3100000096", _pharmacist("3100000096"), "acceptée, sans compte sur le portail"
    ),
    DemoCard(
        "basile", "CPF", "CPF3v3-2900000104",
        Holder("899700000104", "ORMONT", "BASILE", "Médecin en formation", "2900000104", pki.CPF, profession=10),
        "acceptée, carte de formation",
    ),
    DemoCard(
        "odile", "CPE", "CPE3v3-2600000014",
        Holder(
            "394B000012/CPET0014", "MARCASSOL", "ODILE", "Personnel santé ou social", "2600000014", pki.CPE,
            organisation="EHPAD LES TILLEULS", unit="194B000012", department="Val-de-Marne (94)",
        ),
        "acceptée, carte d’établissement à son nom", STANDARD,
    ),
    DemoCard(
        "service", "CPE", "CPE3v3-2600000018",
        Holder(
            "394B000012/000000018", card_number="2600000018", card_type=pki.CPE, pseudonym="EMPLOYE000000018",
            organisation="EHPAD LES TILLEULS", unit="194B000012",
        ),
        "refusée : carte de service", STANDARD,
    ),
    DemoCard(
        "expiree", "CPS", "CPS3v3-2900000048", _nurse("2900000048"), "refusée : expirée",
        age=timedelta(days=YEARS_3 + 20),
    ),
    DemoCard(
        "revoquee", "CPS", "CPS3v3-2900000040", _midwife("2900000040"), "refusée : en opposition", revoked=True
    ),
    DemoCard(
        "signature", "CPS", "CPS3v3-2900000022", _physio("2900000022"), "refusée : certificat de signature seulement",
        use=pki.SIGNATURE,
    ),
    DemoCard(
        "etrangere", "CPS", "CPS3v3-2900000015", _doctor("2900000015"), "refusée : autorité inconnue", FOREIGN
    ),
    DemoCard(
        "organisation", "structure", "CPS3v3-2900000016",
        Holder(
            "194B000012", card_number="2900000016", card_type=None, organisation="EHPAD LES TILLEULS",
            nom="TILLEULS", prenom="EHPAD",
        ),
        "refusée : certificat d’organisation", ORGANISATIONS,
    ),
    DemoCard(
        "reelle", "CPS", "CPS4v1-3100000097", _pharmacist("3100000097", category=pki.CARD),
        "refusée : carte de production sur un portail d’essai",
    ),
    DemoCard(
        "bloquee", "CPS", "CPS3v3-2900000098", _pharmacist("2900000098"), "bloquée : trois codes incorrects", tries=0
    ),
)  # fmt: skip
