"""Claim one message, send it outside of any transaction, record what came of it.

Who owns a row: whoever wrote its `claim`. Every later write repeats the claim in its condition, so a worker
that was slow or believed dead can neither hand the message over nor overwrite what its successor did.
What is known of a dead worker: `handed_over_at` is committed just before the last step of the protocol.
Empty: nothing left, the message goes again freely. Filled: the other side may have it, the message goes again
with the same Message-ID, and at most MAX_AMBIGUOUS times in all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from portal.messaging.content import Content, unseal
from portal.messaging.models import WAITING, OutgoingMessage, Status
from portal.messaging.transports.base import Handover, Parcel, PermanentError, TransientError
from portal.messaging.transports.registry import transport_for

EARLY_DELAYS = (10, 30, 60, 300, 900)
"""Seconds before each of the first new attempts; then one per hour."""
HOURLY_DELAY = 3600
HOURLY_ATTEMPTS = 24
MAX_ATTEMPTS = 1 + len(EARLY_DELAYS) + HOURLY_ATTEMPTS
MAX_AMBIGUOUS = 3
"""Transmissions whose outcome is unknown: after the third one no copy is risked any more."""
RECORD_PAUSES = (0.2, 1.0, 3.0)
"""Seconds between tries at writing the outcome while the database is away: what left must not look unsent."""

ENDED = {"claim": None, "inflight_since": None}
ERASED = {"sealed_body": None}

logger = structlog.get_logger(__name__)


class ClaimLostError(Exception):
    """This worker no longer owns the message, or its time is over: it must not be handed over."""


def next_delay(attempts: int) -> int | None:
    """Return the seconds to wait after that many attempts, or None when there is no further one."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return EARLY_DELAYS[attempts - 1] if attempts <= len(EARLY_DELAYS) else HOURLY_DELAY


def due() -> QuerySet[OutgoingMessage]:
    """Messages that may go now: waiting, at their time, not past their life."""
    alive = Q(expires_at__isnull=True) | Q(expires_at__gt=Now())
    return OutgoingMessage.objects.filter(alive, status__in=WAITING, next_attempt_at__lte=Now())


def expire(messages: QuerySet[OutgoingMessage]) -> int:
    """Close the waiting messages whose life is over; return how many."""
    return messages.filter(status__in=WAITING, expires_at__lte=Now()).update(
        status=Status.EXPIRED, finished_at=Now(), **ERASED
    )


def deliver(message_id: UUID) -> bool:
    """Send the message if it is due and nobody else has it; return whether this call tried.

    Harmless when run twice, late, or for a row that is gone. Must not run inside a transaction.
    """
    one = OutgoingMessage.objects.filter(pk=message_id)
    if expire(one):
        logger.info("message_expired", message_id=str(message_id))
        return False
    message = _claim(due().filter(pk=message_id))
    if message is None:
        return False
    _send_claimed(message)
    return True


def deliver_next() -> bool:
    """Send the oldest due message that no other worker is looking at; return False when there is none."""
    message = _claim(due().order_by("next_attempt_at"))
    if message is None:
        return False
    _send_claimed(message)
    return True


def _claim(candidates: QuerySet[OutgoingMessage]) -> OutgoingMessage | None:
    """Take one row for this worker and commit it, before anything is sent."""
    with transaction.atomic(durable=True):
        message = candidates.select_for_update(skip_locked=True, of=("self",)).first()
        if message is None:
            return None
        OutgoingMessage.objects.filter(pk=message.pk).update(
            status=Status.SENDING,
            claim=uuid4(),
            inflight_since=Now(),
            handed_over_at=None,
            attempts=F("attempts") + 1,
        )
        message.refresh_from_db()
    return message


def _send_claimed(message: OutgoingMessage) -> None:
    """Run the transport for a claimed message and record the outcome."""
    context = {"message_id": str(message.pk), "channel": message.channel, "purpose": message.purpose}
    if message.correlation_id:
        context["correlation_id"] = message.correlation_id
    with structlog.contextvars.bound_contextvars(**context):
        handover = _Handover(message)
        try:
            provider_id = transport_for(message.channel).send(_parcel(message), handover)
        except ClaimLostError:
            _record_lost(message)
        except PermanentError as error:
            _record_failure(message, error.code)
        except TransientError as error:
            _record_setback(message, error.code, ambiguous=error.ambiguous, wait=error.wait_seconds)
        except Exception as error:
            logger.exception("message_send_crashed")
            code = f"unexpected-{type(error).__name__.lower()}"
            _record_setback(message, code, ambiguous=handover.done)
        else:
            _record_sent(message, provider_id)


class _Handover:
    """Writes down, under the claim, that the other side is about to get the message."""

    def __init__(self, message: OutgoingMessage) -> None:
        self.message = message
        self.done = False

    def __call__(self) -> None:
        alive = Q(expires_at__isnull=True) | Q(expires_at__gt=Now())
        if not _owned(self.message).filter(alive).update(handed_over_at=Now(), inflight_since=Now()):
            raise ClaimLostError
        self.done = True


def _parcel(message: OutgoingMessage) -> Parcel:
    content: Content | None = Content(message.subject, message.body_text, message.body_html)
    if message.is_sensitive:
        content = unseal(bytes(message.sealed_body)) if message.sealed_body else None
    if content is None:
        raise PermanentError("content-unreadable")
    return Parcel(
        id=message.pk,
        recipient=message.recipient,
        sender=message.sender,
        content=content,
        created_at=message.created_at,
        correlation_id=message.correlation_id,
    )


def _owned(message: OutgoingMessage) -> QuerySet[OutgoingMessage]:
    return OutgoingMessage.objects.filter(pk=message.pk, status=Status.SENDING, claim=message.claim)


def _record(message: OutgoingMessage, **fields: Any) -> bool:
    """Write the outcome if the claim still holds, trying again while the database is away."""
    for pause in (*RECORD_PAUSES, None):
        try:
            return bool(_owned(message).update(**ENDED, **fields))
        except (OperationalError, InterfaceError):
            if pause is None:
                raise
            connection.close()
            time.sleep(pause)
    raise AssertionError("unreachable")


def _record_sent(message: OutgoingMessage, provider_id: str) -> None:
    _record(
        message,
        status=Status.SENT,
        finished_at=Now(),
        provider_id=provider_id[:128],
        last_error="",
        **ERASED,
    )
    logger.info("message_sent", attempts=message.attempts)


def _record_failure(message: OutgoingMessage, error: str, **fields: Any) -> None:
    _record(message, status=Status.FAILED, finished_at=Now(), last_error=error[:64], **ERASED, **fields)
    logger.error("message_failed", attempts=message.attempts, error=error)


def _record_setback(message: OutgoingMessage, error: str, *, ambiguous: bool, wait: int = 0) -> None:
    """Plan the next attempt, or give up when the schedule or the allowed copies are used up."""
    unknown = message.ambiguous_attempts + int(ambiguous)
    delay = next_delay(message.attempts)
    if unknown >= MAX_AMBIGUOUS or delay is None:
        _record_failure(message, error, ambiguous_attempts=unknown)
        return
    delay = max(delay, min(wait, HOURLY_DELAY))
    _record(
        message,
        status=Status.RETRY,
        ambiguous_attempts=unknown,
        next_attempt_at=Now() + timedelta(seconds=delay),
        last_error=error[:64],
    )
    logger.warning("message_delayed", attempts=message.attempts, error=error, delay_seconds=delay)


def _record_lost(message: OutgoingMessage) -> None:
    """Close the message if it was lost to its own age; if another worker has it, leave it to that worker."""
    expired = _owned(message).filter(expires_at__lte=Now())
    if expired.update(status=Status.EXPIRED, finished_at=Now(), **ENDED, **ERASED):
        logger.info("message_expired")
    else:
        logger.warning("message_claim_lost")


def drain(limit: int, keep_going: Callable[[], bool] = lambda: True) -> int:
    """Send up to `limit` due messages here and now; return how many were tried."""
    tried = 0
    while tried < limit and keep_going() and deliver_next():
        tried += 1
    return tried


__all__ = ["Handover", "deliver", "deliver_next", "drain", "due", "expire", "next_delay"]
