"""What the clock does in the hub."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from portal.hub.workflows import tickets
from portal.plateformes import current

DAYS_PER_MONTH = 30


@shared_task(name="portal.hub.tasks.forget_old_tickets")
def forget_old_tickets() -> int:
    """Closed questions are kept as long as the journal that names them. Safe to run twice; number erased."""
    kept = timedelta(days=current().retention.journal_months * DAYS_PER_MONTH)
    return tickets.forget_old(timezone.now() - kept)
