"""The Celery application and the one table of what beat starts (tests/test_beat.py resolves each entry)."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# An early import may leave Celery's bare application as the default in the web server's threads.
app.set_default()

EVERY_MINUTE = 60.0
EVERY_HOUR = 3600.0

app.conf.beat_schedule = {
    "sweep-outbox": {
        "task": "portal.messaging.tasks.sweep_outbox",
        "schedule": EVERY_MINUTE / 6,
        "options": {"expires": EVERY_MINUTE / 6},
    },
    "pulse": {
        "task": "portal.observability.tasks.beat_pulse",
        "schedule": EVERY_MINUTE / 6,
        "options": {"expires": EVERY_MINUTE / 6},
    },
    "forget-old-tickets": {"task": "portal.hub.tasks.forget_old_tickets", "schedule": 24 * EVERY_HOUR},
    "purge-accounts": {"task": "accounts.tasks.purge", "schedule": EVERY_HOUR},
    "seal-journal": {"task": "accounts.tasks.seal_journal", "schedule": EVERY_MINUTE},
    "apply-retention": {"task": "accounts.tasks.apply_retention", "schedule": EVERY_HOUR},
    "refresh-card-lists": {"task": "accounts.tasks.refresh_card_lists", "schedule": EVERY_HOUR},
    "sweep-partner-logouts": {
        "task": "portal.hub.oidc.tasks.sweep_logouts",
        "schedule": EVERY_MINUTE / 12,
        "options": {"expires": EVERY_MINUTE / 12},
    },
    "end-over-sessions": {"task": "portal.hub.oidc.tasks.end_over_sessions", "schedule": EVERY_MINUTE},
    "rotate-openid-keys": {"task": "portal.hub.oidc.tasks.rotate_keys", "schedule": EVERY_HOUR},
    "purge-openid": {"task": "portal.hub.oidc.tasks.purge", "schedule": EVERY_HOUR},
    "purge-import-deposits": {
        "task": "portal.referentiels.tasks.purge_deposits",
        "schedule": 24 * EVERY_HOUR,
    },
    "purge-messages": {"task": "portal.messaging.tasks.purge_messages", "schedule": EVERY_HOUR},
}
