"""The security journal: append-only, each row sealed to the one before it (DAT-1)."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models


class SecurityEvent(models.Model):
    """One thing that happened to an account or a right.

    Rows are written in the transaction of the act. A task seals them in order of id: `seal` = SHA-256 over the
    previous seal and the row; `manage.py verifier_journal` names the first broken row. A trigger refuses deletes and
    any update but the one that sets an empty seal.
    """

    # For portal.common.database_rights: the running application adds rows and changes nothing else of them.
    changeable_columns = ("seal",)

    at = models.DateTimeField("date", auto_now_add=True)
    action = models.CharField("action", max_length=60)
    outcome = models.CharField("résultat", max_length=10, default="success")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="auteur", null=True, on_delete=models.PROTECT, related_name="+"
    )
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="compte concerné",
        null=True,
        on_delete=models.PROTECT,
        related_name="security_events",
    )
    reason = models.CharField("motif", max_length=500, blank=True)
    method = models.CharField("moyen", max_length=30, blank=True)
    level = models.PositiveSmallIntegerField("niveau", null=True)
    address = models.GenericIPAddressField("adresse", null=True)
    device = models.CharField("appareil", max_length=60, blank=True)
    correlation_id = models.CharField("corrélation", max_length=40, blank=True)
    data = models.JSONField("détails", default=dict)
    seal = models.CharField("sceau", max_length=64, blank=True)

    class Meta:
        verbose_name = "événement de sécurité"
        verbose_name_plural = "journal de sécurité"
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["subject", "-id"], name="events_of_account"),
            models.Index(fields=["id"], condition=models.Q(seal=""), name="events_to_seal"),
        )
        triggers = (
            pgtrigger.Protect(name="journal_keeps_rows", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="journal_freezes_sealed_rows",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__seal__gt="") | pgtrigger.Q(new__seal=""),
            ),
            pgtrigger.Protect(
                name="journal_freezes_content",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["seal"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} #{self.pk}"
