from django.apps import AppConfig

from portal.observability import metrics
from portal.referentiels.figures import import_gauges


class ReferentielsConfig(AppConfig):
    name = "portal.referentiels"
    label = "referentiels"
    verbose_name = "référentiels nationaux"

    def ready(self) -> None:
        metrics.register(import_gauges)
