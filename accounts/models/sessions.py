"""Sessions: as they are stored, and as their owner sees them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q

from accounts.enums import AssuranceLevel


class StoredSession(AbstractBaseSession):
    """Content of one browser session. `session_key` is the SHA-256 of what the cookie holds (PWD-6)."""

    session_key = models.CharField(max_length=64, primary_key=True)

    class Meta:
        verbose_name = "session du navigateur"
        verbose_name_plural = "sessions du navigateur"


class UserSession(models.Model):
    """One signed-in browser. `session_key_hash` is the SHA-256 under which the session itself is stored (PWD-6)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="portal_sessions"
    )
    session_key_hash = models.CharField(max_length=64, unique=True)
    level = models.PositiveSmallIntegerField("niveau", choices=AssuranceLevel)
    methods = models.JSONField("moyens", default=list)
    address = models.GenericIPAddressField("adresse", null=True)
    device = models.CharField("appareil", max_length=60, blank=True)
    remembered = models.BooleanField("se souvenir de moi", default=False)
    is_shared = models.BooleanField("poste partagé", default=False, db_default=False)
    # Number of the card that keeps this session open by staying in the reader, "" when none does.
    watched_card = models.CharField("carte surveillée", max_length=40, blank=True, default="", db_default="")
    locked_at = models.DateTimeField("verrouillée le", null=True)
    started_at = models.DateTimeField("ouverte le", auto_now_add=True)
    proved_at = models.DateTimeField("identité prouvée le", auto_now_add=True)
    proved_level = models.PositiveSmallIntegerField("niveau de la dernière preuve", choices=AssuranceLevel)
    seen_at = models.DateTimeField("dernière activité", auto_now_add=True)
    ends_at = models.DateTimeField("fin au plus tard")
    ended_at = models.DateTimeField("fermée le", null=True)
    ended_reason = models.CharField("raison de la fermeture", max_length=30, blank=True)

    class Meta:
        verbose_name = "session"
        verbose_name_plural = "sessions"
        ordering = ("-seen_at",)
        indexes = (
            models.Index(fields=["user"], condition=Q(ended_at=None), name="open_sessions"),
            models.Index(fields=["ends_at"], name="sessions_by_end"),
        )
