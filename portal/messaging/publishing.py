"""The hint given to the workers: the id of a row, put on the broker without ever holding the caller back."""

from __future__ import annotations

import time
from uuid import UUID

import structlog
from django.db import DatabaseError

from portal.messaging import broker
from portal.messaging.models import OutgoingMessage

DELIVER_TASK = "portal.messaging.tasks.deliver_message"
PAUSE_SECONDS = 5.0
"""After a failure this process leaves the broker alone for that long: ten mails of one request wait once."""

logger = structlog.get_logger(__name__)
_paused_until = 0.0


def publish(message_id: UUID) -> bool:
    """Ask a worker to deliver the message; return False, never raise, if the broker does not answer in time.

    The sweep delivers what was not published: the table is the truth, the broker a hint.
    """
    global _paused_until
    if time.monotonic() < _paused_until:
        return _give_up(message_id, "broker-paused")
    try:
        _send(message_id)
    except Exception as error:  # noqa: BLE001  whatever kombu or redis raise, the caller's page must answer
        _paused_until = time.monotonic() + PAUSE_SECONDS
        return _give_up(message_id, type(error).__name__.lower())
    return True


def _send(message_id: UUID) -> None:
    broker.entrust(DELIVER_TASK, str(message_id))


def _give_up(message_id: UUID, error: str) -> bool:
    """Mark the row as not entrusted, so that the next sweep takes it without waiting for a lost task."""
    logger.warning("message_not_published", message_id=str(message_id), error=error)
    try:
        OutgoingMessage.objects.filter(pk=message_id).update(enqueued_at=None)
    except DatabaseError:
        logger.warning("message_not_released", message_id=str(message_id))
    return False
