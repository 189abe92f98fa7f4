"""The cards and e-CPS of an account, as its owner and the support see them, and taking one away."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import assurance, codes, journal, security_changes, sessions
from accounts.models import NationalLink, StrongMeans, User

UNLINKED = "factor_changed"


def linked(user: User) -> QuerySet[StrongMeans]:
    """Cards and e-CPS that open this account, the latest used first."""
    rows = StrongMeans.objects.filter(link__user=user, link__ended_at=None, unlinked_at=None)
    return rows.select_related("link").order_by("-last_used", "pk")


def kinds(user: User) -> list[str]:
    """What this person can prove themselves with: "card", "ecps", the latest used first."""
    return list(dict.fromkeys(linked(user).values_list("kind", flat=True)))


def national_id(user: User) -> NationalLink | None:
    """The proven identifier in use, None when nothing is proven."""
    return NationalLink.objects.filter(user=user, ended_at=None, is_former=False).first()


def may_lose_one(user: User) -> bool:
    """True when another way in remains: a second card or e-CPS, or a password and an address for its code."""
    if linked(user).count() > 1:
        return True
    return user.has_usable_password() and bool(codes.channels(user))


def unlink(
    request: HttpRequest | None,
    user: User,
    reference: str,
    *,
    actor: User | None = None,
    reason: str = "owner",
) -> bool:
    """Take away one card or e-CPS; False when it is gone already or is the last way in of the account.

    The view has just seen a recent proof. The support (`actor`) may take away the last one: the owner then chooses a
    password with the mailed link. Other sessions end, and this one falls to what still proves it (MFA-3).
    """
    with transaction.atomic():
        User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        row = linked(user).filter(public_id=reference).first()
        if row is None or (actor is None and not may_lose_one(user)):
            return False
        row.unlinked_at, row.unlinked_reason = timezone.now(), reason[:40]
        row.save(update_fields=["unlinked_at", "unlinked_reason"])
        if not linked(user).exists():
            NationalLink.objects.filter(user=user, ended_at=None).update(
                ended_at=timezone.now(), ended_reason="last_means_unlinked"
            )
        security_changes.note(
            journal.Action.STRONG_UNLINKED,
            user,
            actor=actor or user,
            request=request,
            reason=reason,
            method=row.kind,
            detail=row.label,
            means=str(row.public_id),
        )
        _lower_sessions(request if actor is None else None, user, row.kind)
    return True


def detach_all(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> int:
    """The support takes away every card and e-CPS, after having verified who asks (lost card, lost telephone)."""
    found = [str(row.public_id) for row in linked(user)]
    return sum(unlink(request, user, reference, actor=actor, reason=reason) for reference in found)


def _lower_sessions(request: HttpRequest | None, user: User, kind: str) -> None:
    sessions.end_others(user, request, UNLINKED)
    row = sessions.session_of(request) if request is not None else None
    if row is None or kind in kinds(user) or kind not in row.methods:
        return
    sessions.lower(row, assurance.still_proven(row))
    row.methods = [method for method in row.methods if method not in ("card", "ecps")] or ["password"]
    row.save(update_fields=["methods"])
