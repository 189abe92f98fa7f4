"""What is kept no longer than needed: codes, links, counters, sessions, journal. In small batches, oldest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from accounts.models import (
    AttemptCounter,
    MailedLink,
    OneTimeCode,
    SignUpDestination,
    StoredSession,
    UserSession,
)
from portal.plateformes import current

BATCH = 1000
MAX_BATCHES = 50
# A day past its end, nothing needs a code; a person may still ask why a link failed for a month.
CODES_KEPT = timedelta(days=1)
LINKS_KEPT = timedelta(days=30)
COUNTERS_KEPT = timedelta(days=2)
SESSIONS_KEPT = timedelta(days=90)
# A staff decision may take weeks; nobody is led months later to what they once wanted.
DESTINATIONS_KEPT = timedelta(days=60)


def purge_all() -> dict[str, int]:
    """Delete what is past its time; return how many rows went, by kind."""
    now = timezone.now()
    return {
        "codes": _delete(lambda: OneTimeCode.objects.filter(expires_at__lt=now - CODES_KEPT)),
        "links": _delete(lambda: MailedLink.objects.filter(expires_at__lt=now - LINKS_KEPT)),
        "destinations": _delete(
            lambda: SignUpDestination.objects.filter(created_at__lt=now - DESTINATIONS_KEPT)
        ),
        "counters": _delete(lambda: AttemptCounter.objects.filter(last_at__lt=now - COUNTERS_KEPT)),
        "stored_sessions": _delete(lambda: StoredSession.objects.filter(expire_date__lt=now)),
        "sessions": _close_forgotten()
        + _delete(lambda: UserSession.objects.filter(ended_at__lt=now - SESSIONS_KEPT)),
        "journal": purge_journal(),
    }


def journal_life() -> timedelta:
    return timedelta(days=31 * current().retention.journal_months)


def purge_journal() -> int:
    """Drop the sealed rows older than the profile says; the newest of them stays, as the anchor of the chain.

    By a function of the database that keeps a year whatever it is told: the application has no right to delete there.
    """
    total = 0
    for _ in range(MAX_BATCHES):
        with connection.cursor() as cursor:
            cursor.execute("SELECT accounts_purge_journal(%s, %s)", [timezone.now() - journal_life(), BATCH])
            gone = int(cursor.fetchone()[0])
        total += gone
        if gone < BATCH:
            break
    return total


def _close_forgotten() -> int:
    """Sessions past their end that no request came to close."""
    now, lives = timezone.now(), current().sessions
    longest = max(lives.remember_idle_minutes, lives.idle_minutes, lives.lock_minutes)
    idle_since = now - timedelta(minutes=longest)
    over = UserSession.objects.filter(ended_at=None).filter(Q(ends_at__lt=now) | Q(seen_at__lt=idle_since))
    return over.update(ended_at=now, ended_reason="idle")


def _delete(rows: Callable[[], QuerySet[Model]]) -> int:
    """Small batches: none holds locks for long, and a stopped task has lost nothing."""
    total = 0
    for _ in range(MAX_BATCHES):
        keys = list(rows().order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            break
        total += rows().model._base_manager.filter(pk__in=keys).delete()[0]
    return total
