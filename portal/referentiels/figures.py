"""Age of each national file, for the supervision (REL-13)."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db.models import Max
from django.utils import timezone

from portal.observability.metrics import Gauge


def import_gauges() -> Iterator[Gauge]:
    """Seconds since each source was last written; a source that never was has no line."""
    now = timezone.now()
    runs = apps.get_model(
        "referentiels", "ImportRun"
    )  # by name: this module is imported before the models are
    written = runs.objects.filter(statut=runs.Statut.ECRIT).order_by("source")
    for row in written.values("source").annotate(last=Max("termine_le")):
        yield Gauge(
            "portal_import_age_seconds",
            "Time since a national file was last written",
            (now - row["last"]).total_seconds(),
            {"source": row["source"]},
        )
