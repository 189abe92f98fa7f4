"""Places of work a person declares: the first on the account itself, the others each in a row of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from django.db import transaction

from accounts.models import OtherWorkplace, User
from portal.common.text import fold


@dataclass(frozen=True)
class Workplace:
    """One place, as typed. The names are those of the columns, on the account and on OtherWorkplace alike."""

    structure: str = ""
    structure_finess: str = ""
    fonction: str = ""
    service: str = ""
    adresse: str = ""
    code_postal: str = ""
    ville: str = ""
    departement: str = ""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))

    @property
    def is_begun(self) -> bool:
        return any(getattr(self, name) for name in self.names())

    def is_same(self, other: Workplace) -> bool:
        """Same site and same service; the number tells the site when both have one, else the name."""
        if fold(self.service) != fold(other.service):
            return False
        if self.structure_finess and other.structure_finess:
            return self.structure_finess == other.structure_finess
        return bool(self.structure) and fold(self.structure) == fold(other.structure)


def put_first(user: User, place: Workplace) -> None:
    """Write the place in the columns of the account, which the caller saves."""
    for name in Workplace.names():
        setattr(user, name, getattr(place, name))


def others(user: User) -> tuple[Workplace, ...]:
    """Places of work beside the first, in the person's order."""
    rows = OtherWorkplace.objects.filter(user=user).order_by("rank").values(*Workplace.names())
    return tuple(Workplace(**row) for row in rows)


def keep_others(user: User, places: Sequence[Workplace]) -> bool:
    """Make these the places beside the first; True when that changed something. The caller holds the account's row."""
    if others(user) == tuple(places):
        return False
    with transaction.atomic():
        OtherWorkplace.objects.filter(user=user).delete()
        OtherWorkplace.objects.bulk_create(
            OtherWorkplace(user=user, rank=rank, **{name: getattr(place, name) for name in Workplace.names()})
            for rank, place in enumerate(places, start=2)
        )
    return True
