"""What tests do to a row that time would do: nothing waits for a real clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db.models.functions import Now

from portal.messaging.models import OutgoingMessage, Status


def refresh(message: OutgoingMessage) -> OutgoingMessage:
    message.refresh_from_db()
    return message


def make_due(message: OutgoingMessage) -> OutgoingMessage:
    """Bring the next attempt to now, as waiting would."""
    OutgoingMessage.objects.filter(pk=message.pk).update(next_attempt_at=Now())
    return refresh(message)


def make_stuck(
    message: OutgoingMessage, *, seconds: int = 121, handed_over: bool = False, **fields: Any
) -> None:
    """Leave the row as a worker that died that long ago leaves it."""
    since = Now() - timedelta(seconds=seconds)
    OutgoingMessage.objects.filter(pk=message.pk).update(
        **{
            "status": Status.SENDING,
            "claim": uuid4(),
            "inflight_since": since,
            "handed_over_at": since if handed_over else None,
            "attempts": 1,
            **fields,
        }
    )


def wait_seconds(message: OutgoingMessage) -> float:
    """Seconds from the database's now to the next attempt."""
    clock = OutgoingMessage.objects.annotate(clock=Now()).values_list("clock", flat=True).get(pk=message.pk)
    message.refresh_from_db()
    return float((message.next_attempt_at - clock).total_seconds())
