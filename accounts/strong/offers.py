"""Which strong doors to show somebody: never the card to those who cannot have one (VT-019)."""

from __future__ import annotations

from accounts.cps import anchors
from accounts.models import StrongKind, User
from accounts.psc import door
from accounts.strong import means


def to(user: User | None) -> dict[str, bool]:
    """`offers_card`, `offers_ecps`: false where the door is not configured.

    A profession registered by RPPS+ has no physical card; one already linked shows all the same.
    """
    profession = user.profession if user is not None else None
    may_have_card = profession is None or profession.allows_card
    has_card = user is not None and StrongKind.CARD in means.kinds(user)
    return {
        "offers_card": anchors.is_open() and (may_have_card or has_card),
        "offers_ecps": door.is_open(),
    }
