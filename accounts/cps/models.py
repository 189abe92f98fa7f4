"""What the card needs to remember: the lists of revoked cards, and tokens that serve once."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models


class CertificateRevocationList(models.Model):
    """Last good list of one authority. A list that cannot be fetched or is wrong leaves the former one in place."""

    issuer = models.CharField("autorité", max_length=64, unique=True)
    """SHA-256 of the issuer's certificate, in hexadecimal: two authorities may bear the same name."""
    issuer_name = models.CharField("nom de l’autorité", max_length=200)
    url = models.CharField("adresse", max_length=500)
    number = models.CharField("numéro", max_length=50, blank=True)
    this_update = models.DateTimeField("publiée le")
    next_update = models.DateTimeField("valable jusqu’au")
    serials = ArrayField(models.CharField(max_length=40), verbose_name="certificats révoqués", default=list)
    """Serial numbers in hexadecimal, as accounts.cps.certificate.serial_of writes them."""
    fetched_at = models.DateTimeField("relevée le")

    class Meta:
        verbose_name = "liste de révocation"
        verbose_name_plural = "listes de révocation"

    def __str__(self) -> str:
        return f"{self.issuer_name}, jusqu’au {self.next_update:%Y-%m-%d %H:%M}"

    def is_stale(self, at: datetime) -> bool:
        return at > self.next_update


class CardTokenKind(models.TextChoices):
    CHALLENGE = "challenge", "défi à signer"
    STATE = "state", "demande de certificat"
    TICKET = "ticket", "certificat présenté"


class CardToken(models.Model):
    """A random value handed out once, kept as a keyed digest; spending it deletes the row (accounts.cps.tokens)."""

    kind = models.CharField("sorte", max_length=10, choices=CardTokenKind.choices)
    digest = models.CharField("empreinte", max_length=64, unique=True)
    holder = models.CharField("porteur", max_length=64)
    """Keyed digest of what the bearer must hold as well: a value of their session, or another token."""
    data = models.JSONField("contenu", default=dict)
    expires_at = models.DateTimeField("expire le", db_index=True)

    class Meta:
        verbose_name = "jeton de carte"
        verbose_name_plural = "jetons de carte"

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
