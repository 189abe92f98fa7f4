"""How long ago a worker did what beat asked for: the alarm for a worker or a clock that is gone."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from django.core.cache import cache

from portal.observability import metrics

KEY = "observability:pulse"


def note() -> None:
    """Keep the present second, for every process of the portal."""
    cache.set(KEY, time.time(), timeout=None)


def age() -> float:
    """Seconds since the last pulse; infinite when there was none. Raises whatever the cache raises."""
    noted = cache.get(KEY)
    return max(0.0, time.time() - noted) if isinstance(noted, float) else math.inf


def pulse_gauge() -> Iterator[metrics.Gauge]:
    yield metrics.Gauge(
        "portal_worker_pulse_age_seconds",
        "Age of the last task that beat asked for and that a worker did (every 10 seconds)",
        age(),
    )


metrics.register(pulse_gauge)
