"""Figures for Prometheus: those of django-prometheus, and gauges read in the database when asked for.

Other apps add theirs from their `AppConfig.ready`: `metrics.register(provider)`, where `provider()` yields Gauges.
A label is a word of ours: never an identifier of a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Gauge:
    """`name` in snake case with its unit last; the same name may come several times with other labels."""

    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


Provider = Callable[[], Iterable[Gauge]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    if provider not in _providers:
        _providers.append(provider)


def our_figures() -> bytes:
    """Return the gauges of every provider in Prometheus' text format.

    A provider that fails costs only its own gauges: `portal_provider_up` says so, which is an alarm of its own.
    """
    registry = CollectorRegistry()
    registry.register(_Figures())
    return generate_latest(registry)


class _Figures(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for gauge in _gauges():
            family = families.setdefault(
                gauge.name, GaugeMetricFamily(gauge.name, gauge.help, labels=list(gauge.labels))
            )
            family.add_metric(list(gauge.labels.values()), gauge.value)
        yield from families.values()


def _gauges() -> Iterator[Gauge]:
    for provider in _providers:
        labels = {"provider": f"{provider.__module__}.{provider.__name__}"}
        try:
            found = list(provider())
        except Exception as error:  # noqa: BLE001  one broken figure must not hide the others
            logger.warning(
                "figures_missing", component=labels["provider"], error=type(error).__name__.lower()
            )
            found = []
            up = 0
        else:
            up = 1
        yield from found
        yield Gauge("portal_provider_up", "1 when the figures of this part could be read", up, labels)
