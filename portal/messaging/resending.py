"""A failed message sent again on somebody's decision."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models.functions import Now

from portal.messaging.models import OutgoingMessage, Status
from portal.messaging.publishing import publish

logger = structlog.get_logger(__name__)


class Resend(Enum):
    """What came of the request; the value is the sentence shown to the person who asked."""

    QUEUED = "remis dans la file d'envoi"
    NOT_FAILED = "déjà reparti ou terminé : rien à renvoyer"
    ERASED = "contenait un code ou un lien, effacé : la personne doit en demander un nouveau"


def resend(message_id: UUID) -> Resend:
    """Put a failed message back in the queue with a whole new schedule; asking twice sends once.

    A secret is erased when its message fails, so it cannot leave again. The caller keeps who asked and why.
    """
    with transaction.atomic():
        message = OutgoingMessage.objects.select_for_update(of=("self",)).filter(pk=message_id).first()
        if message is None or message.status != Status.FAILED:
            return Resend.NOT_FAILED
        if message.is_sensitive:
            return Resend.ERASED
        OutgoingMessage.objects.filter(pk=message_id).update(
            status=Status.QUEUED,
            attempts=0,
            ambiguous_attempts=0,
            next_attempt_at=Now(),
            enqueued_at=Now(),
            finished_at=None,
            handed_over_at=None,
        )
        transaction.on_commit(lambda: publish(message_id))
    logger.info("message_resent", message_id=str(message_id))
    return Resend.QUEUED
