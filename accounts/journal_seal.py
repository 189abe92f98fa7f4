"""Sealing the security journal and checking its chain (DAT-1).

`seal` of a row = SHA-256 of the seal before it and of the row. A row is sealed only when no running transaction could
still commit one with a smaller number: sealing in order of number would otherwise leave a hole in the chain.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from accounts import purges
from accounts.models import SecurityEvent

BATCH = 1000
MARGIN = timedelta(seconds=30)
# Number of the advisory lock that lets one sealer work at a time.
_LOCK = 7_041_963


@dataclass(frozen=True)
class Verdict:
    """`broken_id` is the first row whose seal does not fit, None when the chain holds."""

    checked: int
    unsealed: int
    broken_id: int | None


def seal_of(event: SecurityEvent, previous: str) -> str:
    content = [
        event.pk,
        event.at.isoformat(),
        event.action,
        event.outcome,
        event.actor_id,
        event.subject_id,
        event.reason,
        event.method,
        event.level,
        event.address,
        event.device,
        event.correlation_id,
        event.data,
    ]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def seal_pending(batch: int = BATCH) -> int:
    """Seal the oldest unsealed rows that are safe to seal; return how many. Harmless when run twice at once."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return 0
            cursor.execute(_OLDEST_TRANSACTION)
            oldest, is_hidden = cursor.fetchone()
            if is_hidden:
                return 0
        limit = min(oldest or timezone.now(), timezone.now()) - MARGIN
        previous = _last_seal()
        sealed = 0
        for event in SecurityEvent.objects.filter(seal="").order_by("id")[:batch]:
            if event.at >= limit:
                break
            previous = seal_of(event, previous)
            SecurityEvent.objects.filter(pk=event.pk, seal="").update(seal=previous)
            sealed += 1
    return sealed


def _last_seal() -> str:
    return SecurityEvent.objects.exclude(seal="").order_by("-id").values_list("seal", flat=True).first() or ""


def verify() -> Verdict:
    """Walk the rows in order and stop at the first sealed one that does not fit, or an unsealed one before a sealed.

    The oldest row left by a purge is the anchor of the chain: what came before it is gone, so its seal is believed.
    """
    checked, unsealed, previous = 0, 0, ""
    anchor_before = timezone.now() - purges.journal_life()
    for event in SecurityEvent.objects.order_by("id").iterator(chunk_size=2000):
        if not event.seal:
            unsealed += 1
            continue
        is_anchor = checked == 0 and not unsealed and event.at < anchor_before
        if unsealed or (event.seal != seal_of(event, previous) and not is_anchor):
            return Verdict(checked, unsealed, event.pk)
        previous = event.seal
        checked += 1
    return Verdict(checked, unsealed, None)


# Transactions of this database that may still insert a row; ours is left out.
# Of a session of another role, the start of its transaction is not shown to us; that it wrote something is.
_OLDEST_TRANSACTION = """
SELECT min(a.xact_start),
       count(*) FILTER (WHERE a.query = '<insufficient privilege>' AND EXISTS (
           SELECT FROM pg_locks l
           WHERE l.pid = a.pid AND l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock')) > 0
FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
"""
