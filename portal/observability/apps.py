from celery import current_app
from celery.signals import setup_logging
from django.apps import AppConfig
from django_structlog.celery.steps import DjangoStructLogInitStep

from portal.observability import request_logs
from portal.observability.logs import configure_structlog, configure_worker_logging


class ObservabilityConfig(AppConfig):
    name = "portal.observability"
    label = "observability"
    verbose_name = "supervision"

    def ready(self) -> None:
        configure_structlog()
        request_logs.connect()
        # Workers and beat: our logs instead of Celery's own, and the reference of the page that asked for the task.
        setup_logging.connect(configure_worker_logging)
        current_app.steps["worker"].add(DjangoStructLogInitStep)
