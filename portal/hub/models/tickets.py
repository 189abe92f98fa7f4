"""Questions to the support, the conversation and its history (ROR-010, ROR-014)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from portal.common.workflow import TransitionLog
from portal.hub.enums import MessageAuthor, TicketStatus, TicketTopic


class ExpertMailbox(models.Model):
    """Where « métier » questions go (AIUF, URPS…)."""

    name = models.CharField("nom", max_length=100, unique=True)
    email = models.EmailField("adresse e-mail", max_length=254)
    is_active = models.BooleanField("active", default=True)

    class Meta:
        verbose_name = "boîte d'experts métier"
        verbose_name_plural = "boîtes d'experts métier"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class SupportTicket(models.Model):
    """A question. `user` is set only when it was asked signed in: an address typed by a visitor proves nothing."""

    public_id = models.UUIDField("référence longue", default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="compte",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="support_tickets",
    )
    name = models.CharField("nom", max_length=200)
    email = models.EmailField("adresse e-mail", max_length=254)
    phone = models.CharField("téléphone", max_length=16, blank=True)
    topic = models.CharField("sujet", max_length=20, choices=TicketTopic)
    title = models.CharField("objet", max_length=120)
    status = models.CharField("état", max_length=10, choices=TicketStatus, default=TicketStatus.OPEN)
    status_at = models.DateTimeField("depuis", db_default=Now())
    expert = models.ForeignKey(
        ExpertMailbox, verbose_name="transmise à", null=True, blank=True, on_delete=models.PROTECT
    )
    created_at = models.DateTimeField("reçue le", auto_now_add=True)

    class Meta:
        verbose_name = "demande d'assistance"
        verbose_name_plural = "demandes d'assistance"
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(fields=["status", "created_at"], name="tickets_by_status"),
            models.Index(fields=["user", "-created_at"], name="tickets_of_user"),
        )

    def __str__(self) -> str:
        return f"{self.reference} – {self.title}"

    @property
    def reference(self) -> str:
        """What one reads out on the phone: « A-000123 »."""
        return f"A-{self.pk:06d}"

    @property
    def is_business(self) -> bool:
        return self.topic == TicketTopic.BUSINESS


class TicketMessage(models.Model):
    """One message of the conversation; an internal one is never shown to the person."""

    ticket = models.ForeignKey(SupportTicket, on_delete=models.CASCADE, related_name="messages")
    kind = models.CharField("de", max_length=10, choices=MessageAuthor)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="auteur", null=True, on_delete=models.PROTECT, related_name="+"
    )
    body = models.TextField("message", max_length=5000)
    is_internal = models.BooleanField("note interne", default=False)
    created_at = models.DateTimeField("le", auto_now_add=True)

    class Meta:
        verbose_name = "message"
        verbose_name_plural = "messages"
        ordering = ("created_at", "pk")


class TicketTransition(TransitionLog):
    subject = models.ForeignKey(SupportTicket, on_delete=models.CASCADE, related_name="transitions")

    class Meta(TransitionLog.Meta):
        verbose_name = "suivi d'une demande"
        verbose_name_plural = "suivi des demandes"
