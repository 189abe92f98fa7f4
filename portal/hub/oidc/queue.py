"""The hint given to the workers that a partner has a sign-out to hear; the table is the truth, the sweep the net."""

from __future__ import annotations

import structlog

from portal.messaging import broker

TELL_TASK = "portal.hub.oidc.tasks.tell_logout"

logger = structlog.get_logger(__name__)


def publish(logout_pk: int) -> bool:
    """Entrust a sign-out to a worker; False, never an error, when the broker does not answer at once."""
    try:
        broker.entrust(TELL_TASK, logout_pk)
    except Exception as error:  # noqa: BLE001 — whatever the broker's libraries raise, signing out must answer
        logger.warning("logout_not_published", logout=logout_pk, error=type(error).__name__)
        return False
    return True
