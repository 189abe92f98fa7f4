"""Celery's entry point of the imports: an id in, nothing else."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from portal.referentiels import depots

# A national file takes minutes; the default limit of the project is five.
SOFT_LIMIT_SECONDS = 3_000
HARD_LIMIT_SECONDS = 3_300


@shared_task(
    name=depots.TASK,
    # Not given again to another worker: a second delivery would find the run taken, and do nothing.
    acks_late=False,
    ignore_result=True,
    soft_time_limit=SOFT_LIMIT_SECONDS,
    time_limit=HARD_LIMIT_SECONDS,
)
def perform_import(run_id: str) -> None:
    depots.perform(UUID(run_id))


@shared_task(name="portal.referentiels.tasks.purge_deposits", ignore_result=True)
def purge_deposits() -> None:
    depots.purge()
