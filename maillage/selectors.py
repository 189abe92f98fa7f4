"""What pilots and visitors read about the territories."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.enums import AccountStatus
from accounts.models import User
from maillage.models import MaiaTerritory
from portal.common.text import fold

MIN_TYPED = 3
MAX_FOUND = 20


def contacts() -> list[MaiaTerritory]:
    """Every territory with its pilot's mailbox, in the order of the page. One query."""
    return list(MaiaTerritory.objects.only("name", "department", "mailbox", "rank"))


def territories_of(pilot: User) -> list[MaiaTerritory]:
    """The territories this person pilots; none for everybody else."""
    return list(MaiaTerritory.objects.filter(pilots=pilot))


def is_pilot(person: User) -> bool:
    return MaiaTerritory.objects.filter(pilots=person).exists()


@dataclass(frozen=True)
class AccountFound:
    """What a pilot may tell: that the account exists, and its reference address."""

    name: str
    profession: str
    email: str
    state: str


def find_accounts(territories: list[MaiaTerritory], typed: str) -> list[AccountFound]:
    """Accounts whose place of work lies in these territories, by part of the name or by whole address (M94-019).

    Nothing below MIN_TYPED characters; MAX_FOUND at most, by name.
    """
    typed = typed.strip()
    folded = fold(typed)
    if len(folded) < MIN_TYPED:  # punctuation alone folds to nothing, and nothing is part of every name
        return []
    codes = [code for territory in territories for code in territory.postal_codes]
    people = User.objects.filter(code_postal__in=codes).exclude(status=AccountStatus.CLOSED)
    criterion = {"email_key": typed.casefold()} if "@" in typed else {"search_key__contains": folded}
    people = people.filter(**criterion).select_related("profession").order_by("search_key", "pk")[:MAX_FOUND]
    return [
        AccountFound(
            name=str(person),
            profession=person.profession.label if person.profession else person.profession_libre,
            email=person.email,
            state=person.get_status_display(),
        )
        for person in people
    ]
