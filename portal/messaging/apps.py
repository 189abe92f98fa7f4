from django.apps import AppConfig

from portal.celery import app as celery_app


class MessagingConfig(AppConfig):
    name = "portal.messaging"
    label = "messaging"
    verbose_name = "messages envoyés"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # In every thread of the web processes too: an import that asked Celery for its current application before
        # ours existed leaves a bare one there, which would publish to a broker nobody runs.
        celery_app.set_default()
