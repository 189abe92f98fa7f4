"""The outbox: one row per mail or SMS, written in the transaction of the fact it tells."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Channel(models.TextChoices):
    EMAIL = "email", "courriel"
    SMS = "sms", "SMS"


class Status(models.TextChoices):
    QUEUED = "queued", "en attente"
    SENDING = "sending", "envoi en cours"
    RETRY = "retry", "nouvel essai prévu"
    SENT = "sent", "envoyé"
    FAILED = "failed", "en échec"
    EXPIRED = "expired", "périmé, non envoyé"


WAITING = (Status.QUEUED, Status.RETRY)
FINAL = (Status.SENT, Status.FAILED, Status.EXPIRED)


class OutgoingMessage(models.Model):
    """A message and where its delivery stands. Only `outbox` and `delivery` write here.

    The content of a sensitive message (code, link) is never in `body_text`/`body_html`: it is sealed in
    `sealed_body` until the message reaches a final status, then erased. All clocks are the database's.
    """

    id = models.UUIDField("identifiant", primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.CharField("canal", max_length=8, choices=Channel.choices)
    purpose = models.CharField("motif", max_length=64, blank=True)
    recipient = models.CharField("destinataire", max_length=254)
    sender = models.CharField("expéditeur", max_length=320)
    subject = models.CharField("objet", max_length=250, blank=True)
    body_text = models.TextField("texte", blank=True)
    body_html = models.TextField("texte mis en forme", blank=True)
    sealed_body = models.BinaryField("contenu scellé", null=True, editable=False)
    is_sensitive = models.BooleanField("contient un secret", default=False)

    status = models.CharField("état", max_length=8, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    ambiguous_attempts = models.PositiveSmallIntegerField("essais à l'issue inconnue", default=0)
    next_attempt_at = models.DateTimeField("prochain essai", db_default=Now())
    enqueued_at = models.DateTimeField("confié à la file", null=True, db_default=Now())
    inflight_since = models.DateTimeField("envoi commencé", null=True)
    claim = models.UUIDField("prise en charge", null=True, editable=False)
    handed_over_at = models.DateTimeField("contenu remis", null=True)
    last_error = models.CharField("dernière erreur", max_length=64, blank=True)
    provider_id = models.CharField("identifiant chez l'opérateur", max_length=128, blank=True)

    created_at = models.DateTimeField("créé", db_default=Now())
    expires_at = models.DateTimeField("sans objet après", null=True, blank=True)
    finished_at = models.DateTimeField("terminé", null=True)

    dedup_key = models.CharField("clé d'unicité", max_length=200, blank=True)
    subject_ref = models.CharField("dossier concerné", max_length=128, blank=True)
    correlation_id = models.CharField("référence de suivi", max_length=64, blank=True)

    class Meta:
        verbose_name = "message"
        verbose_name_plural = "messages"
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="messaging_due", condition=Q(status__in=["queued", "retry"])
            ),
            models.Index(fields=["inflight_since"], name="messaging_inflight", condition=Q(status="sending")),
            models.Index(
                fields=["finished_at"], name="messaging_finished", condition=Q(finished_at__isnull=False)
            ),
            models.Index(
                fields=["subject_ref", "created_at"], name="messaging_subject", condition=~Q(subject_ref="")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["dedup_key"], name="messaging_dedup", condition=~Q(dedup_key="")),
            models.CheckConstraint(
                name="messaging_sending_is_claimed",
                condition=Q(status="sending", inflight_since__isnull=False, claim__isnull=False)
                | (~Q(status="sending") & Q(inflight_since__isnull=True, claim__isnull=True)),
                violation_error_message="Seul un envoi en cours a un début et un responsable.",
            ),
            models.CheckConstraint(
                name="messaging_final_is_dated",
                condition=Q(status__in=["sent", "failed", "expired"], finished_at__isnull=False)
                | (~Q(status__in=["sent", "failed", "expired"]) & Q(finished_at__isnull=True)),
                violation_error_message="Un message terminé porte la date de sa fin, et lui seul.",
            ),
            models.CheckConstraint(
                name="messaging_secrets_are_sealed",
                condition=Q(is_sensitive=False) | Q(body_text="", body_html=""),
                violation_error_message="Le contenu d'un message secret ne s'écrit pas en clair.",
            ),
            models.CheckConstraint(
                name="messaging_secrets_are_erased",
                condition=Q(finished_at__isnull=True) | Q(sealed_body__isnull=True),
                violation_error_message="Le contenu d'un message secret s'efface à la fin de l'envoi.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.id}"
