"""What beat does with the outbox: take back, expire, entrust again, purge. Each may run twice at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from portal.messaging.delivery import ENDED, ERASED, MAX_AMBIGUOUS, MAX_ATTEMPTS, due, expire
from portal.messaging.models import WAITING, OutgoingMessage, Status
from portal.messaging.publishing import publish
from portal.plateformes import current

TAKE_BACK_AFTER = timedelta(seconds=120)
"""Longer than the hard time limit of a delivery: whoever is silent for that long is dead."""
ENTRUST_AGAIN_AFTER = timedelta(seconds=60)
"""A due message published longer ago than this is published again (flushed broker, dead worker)."""
BATCH = 500

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sweep:
    """What one passage did, in numbers of messages."""

    taken_back: int
    given_up: int
    expired: int
    published: int


def sweep() -> Sweep:
    """Put every stuck message back on its way. Never sends by itself."""
    given_up, taken_back = take_back()
    expired = expire_all()
    done = Sweep(taken_back=taken_back, given_up=given_up, expired=expired, published=entrust_due())
    if any((taken_back, given_up, expired)):
        counts = {"taken_back_count": taken_back, "failed_count": given_up, "expired_count": expired}
        logger.warning("outbox_swept", **counts)
    return done


def _lock(rows: QuerySet[OutgoingMessage]) -> list[OutgoingMessage]:
    """Take a batch that nobody else holds: sweeps that meet share the work instead of waiting for each other."""
    return list(
        rows.defer("body_text", "body_html", "sealed_body").select_for_update(skip_locked=True, of=("self",))[
            :BATCH
        ]
    )


def take_back() -> tuple[int, int]:
    """Free the messages of workers that died; return (given up, freed).

    A message whose last step had begun counts one unknown outcome; the third one closes it, as does the last
    attempt of the schedule.
    """
    silent = OutgoingMessage.objects.filter(status=Status.SENDING, inflight_since__lt=Now() - TAKE_BACK_AFTER)
    hopeless: list[UUID] = []
    unknown: list[UUID] = []
    untouched: list[UUID] = []
    with transaction.atomic():
        for message in _lock(silent.order_by("inflight_since")):
            copies = message.ambiguous_attempts + (message.handed_over_at is not None)
            if message.attempts >= MAX_ATTEMPTS or copies >= MAX_AMBIGUOUS:
                hopeless.append(message.pk)
            else:
                (unknown if message.handed_over_at else untouched).append(message.pk)
        rows = OutgoingMessage.objects
        lost = {"last_error": "worker-lost", **ENDED}
        rows.filter(pk__in=hopeless).update(status=Status.FAILED, finished_at=Now(), **lost, **ERASED)
        freed = {"status": Status.RETRY, "next_attempt_at": Now(), "enqueued_at": None, **lost}
        rows.filter(pk__in=unknown).update(ambiguous_attempts=F("ambiguous_attempts") + 1, **freed)
        rows.filter(pk__in=untouched).update(**freed)
    return len(hopeless), len(unknown) + len(untouched)


def expire_all() -> int:
    """Close every waiting message whose life is over; return how many."""
    old = OutgoingMessage.objects.filter(status__in=WAITING, expires_at__lte=Now()).order_by("expires_at")
    with transaction.atomic():
        ids = [message.pk for message in _lock(old)]
        return expire(OutgoingMessage.objects.filter(pk__in=ids))


def entrust_due() -> int:
    """Publish the due messages that no task is known to carry; return how many were published."""
    forgotten = (
        Q(enqueued_at__isnull=True)
        | Q(enqueued_at__lt=F("next_attempt_at"))
        | Q(enqueued_at__lt=Now() - ENTRUST_AGAIN_AFTER)
    )
    with transaction.atomic():
        ids = [message.pk for message in _lock(due().filter(forgotten).order_by("next_attempt_at"))]
        OutgoingMessage.objects.filter(pk__in=ids).update(enqueued_at=Now())
    for place, message_id in enumerate(ids):
        if not publish(message_id):
            OutgoingMessage.objects.filter(pk__in=ids[place:]).update(enqueued_at=None)
            return place
    return len(ids)


def purge() -> int:
    """Delete the messages finished more than the profile's `retention.messages_days` ago; return how many."""
    old = OutgoingMessage.objects.filter(
        finished_at__lt=Now() - timedelta(days=current().retention.messages_days)
    ).order_by("finished_at")
    total = 0
    while True:
        ids = list(old.values_list("pk", flat=True)[:BATCH])
        if not ids:
            break
        total += OutgoingMessage.objects.filter(pk__in=ids).delete()[0]
    logger.info("outbox_purged", count=total)
    return total
