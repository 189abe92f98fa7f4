"""What pages may ask about messages: where one stands, in words for the person who waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min, Q
from django.db.models.functions import Now

from portal.messaging.models import FINAL, WAITING, OutgoingMessage, Status

SENTENCES = {
    Status.QUEUED: "Le message va partir dans un instant.",
    Status.SENDING: "Le message est en cours d'envoi.",
    Status.RETRY: "L'envoi a pris du retard : nous réessayons automatiquement.",
    Status.SENT: "Le message a été envoyé.",
    Status.FAILED: "Le message n'a pas pu être envoyé.",
    Status.EXPIRED: "Le message n'a pas pu partir à temps : demandez-en un nouveau.",
}


@dataclass(frozen=True)
class DeliveryState:
    """Where one message stands. `is_final`: nothing more will happen; `is_late`: an attempt failed."""

    message_id: UUID
    channel: str
    purpose: str
    status: str
    sentence: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_sent(self) -> bool:
        return self.status == Status.SENT

    @property
    def is_late(self) -> bool:
        return self.status == Status.RETRY

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def has_failed(self) -> bool:
        return self.status in (Status.FAILED, Status.EXPIRED)


def delivery_state(message_id: UUID | str) -> DeliveryState | None:
    """Return where the message stands, or None when it is unknown (purged, or not an id)."""
    try:
        key = message_id if isinstance(message_id, UUID) else UUID(str(message_id))
    except ValueError:
        return None
    message = OutgoingMessage.objects.filter(pk=key).first()
    return _state(message) if message else None


def state_for(subject_ref: str) -> list[DeliveryState]:
    """Return the messages about one file (`accounts.signup:<uuid>`), newest first."""
    rows = OutgoingMessage.objects.filter(subject_ref=subject_ref).order_by("-created_at")
    return [_state(row) for row in rows]


def _state(message: OutgoingMessage) -> DeliveryState:
    return DeliveryState(
        message_id=message.pk,
        channel=message.channel,
        purpose=message.purpose,
        status=message.status,
        sentence=SENTENCES[Status(message.status)],
        created_at=message.created_at,
        finished_at=message.finished_at,
    )


@dataclass(frozen=True)
class OutboxFigures:
    """The outbox in numbers.

    `oldest_due_seconds`: how long the most forgotten due message has been waiting for a worker (0 when none);
    `oldest_waiting_seconds`: age of the oldest message not sent yet, retries included.
    """

    waiting: int
    in_flight: int
    retrying: int
    failed_last_day: int
    expired_last_day: int
    oldest_due_seconds: float
    oldest_waiting_seconds: float


def outbox_figures() -> OutboxFigures:
    """Count the open messages and the recent failures, in one query on partial indexes."""
    day = Q(finished_at__gt=Now() - timedelta(days=1))
    open_rows = Q(status__in=[*WAITING, Status.SENDING])
    row = OutgoingMessage.objects.filter(open_rows | day).aggregate(
        waiting=Count("pk", filter=Q(status=Status.QUEUED)),
        in_flight=Count("pk", filter=Q(status=Status.SENDING)),
        retrying=Count("pk", filter=Q(status=Status.RETRY)),
        failed=Count("pk", filter=Q(status=Status.FAILED)),
        expired=Count("pk", filter=Q(status=Status.EXPIRED)),
        due=Min("next_attempt_at", filter=Q(status__in=WAITING, next_attempt_at__lte=Now())),
        oldest=Min("created_at", filter=open_rows),
        clock=Min(Now()),
    )
    clock = row["clock"]

    def age(moment: datetime | None) -> float:
        return max(0.0, (clock - moment).total_seconds()) if moment and clock else 0.0

    return OutboxFigures(
        waiting=row["waiting"],
        in_flight=row["in_flight"],
        retrying=row["retrying"],
        failed_last_day=row["failed"],
        expired_last_day=row["expired"],
        oldest_due_seconds=age(row["due"]),
        oldest_waiting_seconds=age(row["oldest"]),
    )
