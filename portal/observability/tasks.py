"""What proves that the clock and a worker are there, even at night when nobody sends anything."""

from __future__ import annotations

from celery import shared_task

from portal.observability import pulse


@shared_task(ignore_result=True)
def beat_pulse() -> None:
    """Asked for by beat, done by a worker: both were alive a moment ago."""
    pulse.note()
