"""Celery's entry points: an id in, nothing else. Running one twice or late changes nothing."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from portal.messaging import delivery, sweeping

SOFT_LIMIT_SECONDS = 60
HARD_LIMIT_SECONDS = 90
"""Below `sweeping.TAKE_BACK_AFTER`: a live delivery is never taken for a dead one."""


@shared_task(
    name="portal.messaging.tasks.deliver_message",
    acks_late=True,
    reject_on_worker_lost=True,
    ignore_result=True,
    soft_time_limit=SOFT_LIMIT_SECONDS,
    time_limit=HARD_LIMIT_SECONDS,
)
def deliver_message(message_id: str) -> None:
    delivery.deliver(UUID(message_id))


@shared_task(
    name="portal.messaging.tasks.sweep_outbox", ignore_result=True, soft_time_limit=60, time_limit=90
)
def sweep_outbox() -> None:
    sweeping.sweep()


@shared_task(
    name="portal.messaging.tasks.purge_messages", ignore_result=True, soft_time_limit=240, time_limit=300
)
def purge_messages() -> None:
    sweeping.purge()
