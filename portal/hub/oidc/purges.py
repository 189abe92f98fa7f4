"""Erasing what no longer opens anything, in small batches that hold no lock for long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

BATCH = 1000
MAX_BATCHES = 50
GRANTS_KEPT = timedelta(days=1)
"""After their end: a code or refresh token shown again is still recognised that long."""
LOGOUTS_KEPT = timedelta(days=30)

# Each statement erases one batch of rows that were over before the instant it is given.
_STATEMENTS = (
    (
        "DELETE FROM hub_openidpending WHERE id IN "
        "(SELECT id FROM hub_openidpending WHERE expires_at < %s LIMIT %s)",
        timedelta(0),
    ),
    (
        "DELETE FROM hub_openidtoken WHERE id IN (SELECT id FROM hub_openidtoken WHERE expires_at < %s LIMIT %s)",
        GRANTS_KEPT,
    ),
    (
        "DELETE FROM hub_openidgrant WHERE id IN (SELECT g.id FROM hub_openidgrant AS g WHERE g.ends_at < %s"
        " AND NOT EXISTS (SELECT 1 FROM hub_openidtoken AS t WHERE t.grant_id = g.id) LIMIT %s)",
        GRANTS_KEPT,
    ),
    (
        "DELETE FROM hub_openidlogout WHERE id IN (SELECT id FROM hub_openidlogout WHERE created_at < %s LIMIT %s)",
        LOGOUTS_KEPT,
    ),
)


def purge(now: datetime | None = None) -> int:
    """Number of rows erased."""
    now, erased = now or timezone.now(), 0
    for statement, kept in _STATEMENTS:
        for _ in range(MAX_BATCHES):
            with connection.cursor() as cursor:
                cursor.execute(statement, [now - kept, BATCH])
                count = cursor.rowcount
            erased += count
            if count < BATCH:
                break
    return erased
