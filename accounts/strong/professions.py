"""From the codes a card or Pro Santé Connect gives to the entry of the sign-up list.

A health profession has its code in that list (TRE G15). The other codes are here: titles (TRE R95), social professions
(TRE R94), withdrawn health codes, and the roles of people registered through RPPS+ (TRE R85), who have no profession.
"""

from __future__ import annotations

from accounts.strong.identity import StrongIdentity
from portal.referentiels.models import Profession
from portal.referentiels.selectors.professions import professions_of_code_nos

_TITLES = {
    "38": "preparateur-en-pharmacie",  # withdrawn in December 2024 with 35, 36, 37 and 39, which the list still holds
    "41": "assistant-de-service-social",
    "71": "osteopathe",
    "72": "psychotherapeute",
    "73": "chiropracteur",
    "97": "conseiller-en-genetique",
}
_ROLES = {
    "307": "mandataire-judiciaire-a-la-protection-des-majeurs",
    "313": "aide-soignant",
    "314": "ambulancier",
    "315": "auxiliaire-de-puericulture",
    "316": "preparateur-en-pharmacie",
    "317": "preparateur-en-pharmacie",
    "319": "technicien-de-l-intervention-sociale-et-familiale",
    "320": "conseiller-en-economie-sociale-et-familiale",
    "322": "assistant-familial",
    "323": "aide-medicopsychologique",
    "325": "educateur-de-jeunes-enfants",
    "326": "educateur-specialise",
    "327": "educateur-technique-specialise",
}
# Roles that no entry of the list names: written as the exact profession, under the person's eyes.
_EXACT = {
    "318": "Auxiliaire de vie sociale",
    "321": "Médiateur familial",
    "324": "Moniteur éducateur",
}


def only_entry(identity: StrongIdentity) -> Profession | None:
    """The entry that the proven codes name, None when they name none or several (the person then chooses)."""
    for found in (_by_profession(identity), _by_role(identity)):
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def exact_label(identity: StrongIdentity) -> str:
    """What to write under « indiquez votre profession exacte » for a role that the list does not have, else ""."""
    labels = {_EXACT[code] for code in identity.role_codes if code in _EXACT}
    return labels.pop() if len(labels) == 1 else ""


def _by_profession(identity: StrongIdentity) -> set[Profession]:
    found = {entry for code in identity.profession_codes for entry in professions_of_code_nos(code)}
    return _selectable(found) | _named(identity.profession_codes, _TITLES)


def _by_role(identity: StrongIdentity) -> set[Profession]:
    return _named(identity.role_codes, _ROLES)


def _named(codes: tuple[str, ...], slugs: dict[str, str]) -> set[Profession]:
    wanted = [slugs[code] for code in codes if code in slugs]
    return _selectable(set(Profession.objects.filter(code__in=wanted).order_by("pk"))) if wanted else set()


def _selectable(entries: set[Profession]) -> set[Profession]:
    return {entry for entry in entries if entry.is_selectable}
