"""Who sees and who may enter which application, and what is missing otherwise. One function for every door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from accounts.enums import AssuranceLevel
from accounts.models import User
from portal.hub.enums import Role
from portal.hub.models import Tile
from portal.referentiels.models import Profession


class Missing(StrEnum):
    """What keeps an application closed."""

    AUDIENCE = "audience"
    VALIDATION = "validation"
    LEVEL = "level"


@dataclass(frozen=True)
class Person:
    """What the rules look at, read once per request. `level` is that of the session, not of the account."""

    level: int
    profession: str = ""
    category: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)
    department: str = ""
    structure: str = ""

    @property
    def is_validated(self) -> bool:
        """The identity was proven by a card or e-CPS in this session, or checked by staff."""
        return self.level >= AssuranceLevel.STRONG or Role.VALIDATED in self.roles


@dataclass(frozen=True)
class Reason:
    """One thing that is missing, and how to get it; `url` leads there when a page can help."""

    missing: Missing
    sentence: str
    how: str
    url: str = ""
    url_label: str = ""


def person_for(user: User, level: int) -> Person:
    """Two queries at most: roles, and profession when one is declared."""
    roles = frozenset(user.groups.order_by("name").values_list("name", flat=True))
    profession = Profession.objects.filter(pk=user.profession_id).first() if user.profession_id else None
    return Person(
        level=level,
        profession=profession.code if profession else "",
        category=profession.categorie if profession else "",
        roles=roles,
        department=department_of(user.code_postal),
        structure=user.matricule,
    )


def department_of(code_postal: str) -> str:
    """« 94 » for 94000, « 971 » for 97100."""
    return code_postal[:3] if code_postal.startswith(("97", "98")) else code_postal[:2]


def is_in_audience(tile: Tile, person: Person) -> bool:
    return (
        (not tile.professions or person.profession in tile.professions)
        and (not tile.categories or person.category in tile.categories)
        and (not tile.roles or not person.roles.isdisjoint(tile.roles))
    )


def audience_in_words(tile: Tile) -> str:
    """« Tous les professionnels », or the professions, categories and roles allowed. One query at most."""
    labels = list(
        Profession.objects.filter(code__in=tile.professions)
        .order_by("rang", "pk")
        .values_list("label", flat=True)
        if tile.professions
        else ()
    )
    labels += [str(Profession.Categorie(category).label) for category in tile.categories]
    labels += [str(Role(role).label) for role in tile.roles]
    return (
        ", ".join(dict.fromkeys(label[:1].upper() + label[1:] for label in labels))
        or "Tous les professionnels"
    )


def may_see(tile: Tile, person: Person) -> bool:
    return tile.is_active and (tile.is_shown_to_others or is_in_audience(tile, person))


more_reasons: list[Callable[[Tile, Person], list[Reason]]] = []
"""What else may keep an application closed: filled when the portal starts (portal.hub.apps)."""


def reasons_closed(tile: Tile, person: Person) -> list[Reason]:
    """Empty when the person may enter now; ordered from the hardest to the easiest to obtain, one of each sort."""
    found = own_reasons(tile, person)
    for more in more_reasons:
        held = {reason.missing for reason in found}
        found += [reason for reason in more(tile, person) if reason.missing not in held]
    return sorted(found, key=lambda reason: _HARDEST_FIRST.index(reason.missing))


_HARDEST_FIRST = (Missing.AUDIENCE, Missing.VALIDATION, Missing.LEVEL)


def own_reasons(tile: Tile, person: Person) -> list[Reason]:
    """What the tile itself asks."""
    reasons = []
    if not is_in_audience(tile, person):
        reasons.append(_audience_reason(tile, person))
    # A card or e-CPS proves the identity: where one is asked anyway, it is the only thing to ask.
    is_proven_by_level = tile.needed_level >= AssuranceLevel.STRONG
    if tile.needs_validation and not person.is_validated and not is_proven_by_level:
        reasons.append(
            Reason(
                Missing.VALIDATION,
                "Votre identité professionnelle n’est pas encore validée.",
                "Connectez-vous avec votre carte CPS ou l’e-CPS, ou demandez au support de la vérifier.",
                "/assistance/?sujet=account",
                "Demander la validation",
            )
        )
    if person.level < tile.needed_level:
        reasons.append(_level_reason(tile))
    return reasons


def _audience_reason(tile: Tile, person: Person) -> Reason:
    how = (
        tile.how_to_open
        or "Si cette application vous concerne, indiquez votre profession ou écrivez au support."
    )
    if tile.roles and person.roles.isdisjoint(tile.roles):
        labels = " ou ".join(str(Role(role).label) for role in tile.roles)
        return Reason(
            Missing.AUDIENCE,
            f"Cette application demande un rôle : {labels}.",
            how,
            "/assistance/?sujet=application",
            "Demander ce rôle",
        )
    if not person.profession:
        return Reason(
            Missing.AUDIENCE,
            "Cette application est ouverte selon la profession, et la vôtre n’est pas renseignée.",
            how,
            "/preferences/",
            "Renseigner ma profession",
        )
    return Reason(
        Missing.AUDIENCE,
        "Cette application est réservée à d’autres professions.",
        how,
        "/assistance/?sujet=application",
        "Écrire au support",
    )


_LEVEL_SENTENCES: dict[int, tuple[str, str, str]] = {
    AssuranceLevel.CODE: (
        "Cette application demande une connexion par mot de passe et code.",
        "Reconnectez-vous pour l’ouvrir.",
        "Me reconnecter",
    ),
    AssuranceLevel.AUTHENTICATOR: (
        "Cette application demande une preuve plus forte que le code par mail ou SMS.",
        "Confirmez votre identité avec une application d’authentification ou une clé d’accès ; si vous n’en avez pas, "
        "ajoutez-en une dans vos préférences.",
        "Confirmer mon identité",
    ),
    AssuranceLevel.STRONG: (
        "Cette application demande une connexion par carte CPS ou e-CPS.",
        "Connectez-vous avec votre carte CPS ou l’e-CPS : vous reviendrez directement à cette application.",
        "Me connecter avec ma carte ou l’e-CPS",
    ),
}


def _level_reason(tile: Tile) -> Reason:
    sentence, how, label = _LEVEL_SENTENCES[tile.needed_level]
    return Reason(Missing.LEVEL, sentence, how, f"/applications/{tile.slug}/ouvrir/", label)
