"""The outbox in figures; apart from the registry, which applications import before their models exist."""

from __future__ import annotations

from collections.abc import Iterator

from portal.messaging.selectors import outbox_figures
from portal.observability import metrics


def outbox_gauges() -> Iterator[metrics.Gauge]:
    """Alarms worth setting: due age over 60 s, failures over 0, retries over 10 for 15 minutes."""
    figures = outbox_figures()
    yield metrics.Gauge(
        "portal_outbox_oldest_due_seconds",
        "Age of the oldest message that may go and that no worker took",
        figures.oldest_due_seconds,
    )
    yield metrics.Gauge(
        "portal_outbox_oldest_waiting_seconds",
        "Age of the oldest message not sent yet, retries included",
        figures.oldest_waiting_seconds,
    )
    states = {
        "queued": figures.waiting,
        "sending": figures.in_flight,
        "retry": figures.retrying,
        "failed_last_day": figures.failed_last_day,
        "expired_last_day": figures.expired_last_day,
    }
    for state, count in states.items():
        yield metrics.Gauge("portal_outbox_messages", "Messages by state", count, {"state": state})


metrics.register(outbox_gauges)
