"""When an account was last used, and which ones sleep (DAT-4).

A sign-in by any door counts, so does a decision that opens the account (first opening, reopening, end of a suspension).
Only active accounts sleep: a suspended one waits for the support, a pending one has its own end.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.enums import AccountStatus
from accounts.models import User, UserSession

DAYS_PER_MONTH = 30.5


def months(count: int) -> timedelta:
    return timedelta(days=count * DAYS_PER_MONTH)


def last_of(user: User) -> datetime:
    return max(moment for moment in (user.last_login, user.status_at) if moment is not None)


def asleep(before: datetime) -> QuerySet[User]:
    """Active accounts unused since `before`, of people and of agents alike, the oldest first."""
    now = timezone.now()
    open_here = UserSession.objects.filter(user=OuterRef("pk"), ended_at=None, ends_at__gt=now)
    return (
        User.objects.filter(status=AccountStatus.ACTIVE)
        .annotate(used_at=Greatest("last_login", "status_at"))
        .filter(~Exists(open_here), used_at__lt=before)
        .order_by("used_at", "pk")
    )


def not_warned() -> Q:
    """Whose last warning, if any, is older than their last use."""
    return Q(inactive_warned_at=None) | Q(inactive_warned_at__lte=F("used_at"))


def is_agent() -> Q:
    return Q(is_staff=True) | Q(is_superuser=True)
