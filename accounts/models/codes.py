"""One-time codes, mailed links and the counters that slow guessing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.enums import CodeChannel, CodePurpose, LinkPurpose


class OneTimeCode(models.Model):
    """One code sent by mail or SMS; only its keyed hash is kept (CODE-7).

    `user` is empty for the decoys made when the identifier is unknown, so that both cases do the same work.
    `browser_key` is the keyed hash of a random value held by the browser session the code was asked from (CODE-3).
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="codes"
    )
    purpose = models.CharField(max_length=20, choices=CodePurpose)
    channel = models.CharField(max_length=4, choices=CodeChannel)
    destination_key = models.CharField("empreinte de la destination", max_length=64)
    browser_key = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    tries_left = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField("remplacé ou épuisé le", null=True)
    message = models.ForeignKey(
        "messaging.OutgoingMessage", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = "code à usage unique"
        verbose_name_plural = "codes à usage unique"
        indexes = (
            models.Index(
                fields=["browser_key", "purpose"],
                condition=Q(used_at=None) & Q(dead_at=None),
                name="live_codes",
            ),
            models.Index(fields=["user", "created_at"], name="codes_of_account"),
            models.Index(fields=["expires_at"], name="codes_by_expiry"),
        )


class MailedLink(models.Model):
    """A link sent by mail: 256 random bits of which only the hash is kept, one use (CODE-9)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mailed_links")
    purpose = models.CharField(max_length=20, choices=LinkPurpose)
    token_hash = models.CharField(max_length=64, unique=True)
    email_key = models.CharField("adresse visée", max_length=254)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField("remplacé ou annulé le", null=True)

    class Meta:
        verbose_name = "lien envoyé"
        verbose_name_plural = "liens envoyés"
        indexes = (
            models.Index(
                fields=["user", "purpose"], condition=Q(used_at=None) & Q(dead_at=None), name="live_links"
            ),
            models.Index(fields=["expires_at"], name="links_by_expiry"),
        )


class AttemptCounter(models.Model):
    """Failures or sends counted for one key (an account, an address, a phone…), hashed.

    Kept in PostgreSQL: losing the cache must not reopen a closed door (ABU-7).
    """

    kind = models.CharField(max_length=30)
    key_hash = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    last_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "compteur d'essais"
        verbose_name_plural = "compteurs d'essais"
        constraints = (models.UniqueConstraint(fields=["kind", "key_hash"], name="one_counter_per_key"),)
        indexes = (models.Index(fields=["last_at"], name="counters_by_age"),)
