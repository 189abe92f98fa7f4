"""Who an account belongs to, as proven by a card or by the e-CPS, and the cards and e-CPS that prove it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class StrongKind(models.TextChoices):
    CARD = "card", "carte CPS"
    ECPS = "ecps", "e-CPS"


class NationalLink(models.Model):
    """A national identifier proven by the owner of an account.

    `national_id` keeps its type digit ("8" + RPPS, "0" + ADELI, "3" + FINESS + "/" + number…). An account has one in
    use; those it had before (ADELI, replaced by RPPS in October 2024) stay live as former ones, so that an old card
    still reaches the same account and nobody else can claim the number.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="compte",
        on_delete=models.CASCADE,
        related_name="national_links",
    )
    national_id = models.CharField("identifiant national", max_length=80)
    is_former = models.BooleanField("ancien identifiant", default=False)
    proven_by = models.CharField("prouvé par", max_length=4, choices=StrongKind)
    proven_at = models.DateTimeField("prouvé le", auto_now_add=True)
    ended_at = models.DateTimeField("rattachement terminé le", null=True, blank=True)
    ended_reason = models.CharField("raison", max_length=40, blank=True)

    class Meta:
        verbose_name = "identité nationale prouvée"
        verbose_name_plural = "identités nationales prouvées"
        constraints = (
            models.UniqueConstraint(
                fields=["national_id"],
                condition=Q(ended_at=None),
                name="one_account_per_national_id",
                violation_error_message="Cet identifiant national est déjà rattaché à un compte.",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ended_at=None, is_former=False),
                name="one_national_id_in_use_per_account",
                violation_error_message="Ce compte a déjà un identifiant national prouvé.",
            ),
        )

    def __str__(self) -> str:
        return self.national_id


class StrongMeans(models.Model):
    """One card, or the e-CPS, linked to an account. (issuer, subject) is its key; a card has its number besides.

    Certificates follow one another on a card: `serials` and `key_ids` list those seen, the latest last. `structures`
    are the places of work it told at its last use (name, finess, siret, postal_code).
    """

    LONGEST_HISTORY: ClassVar[int] = 20

    public_id = models.UUIDField("référence", default=uuid.uuid4, unique=True, editable=False)
    link = models.ForeignKey(
        NationalLink, verbose_name="identité", on_delete=models.CASCADE, related_name="means"
    )
    kind = models.CharField("moyen", max_length=4, choices=StrongKind)
    issuer = models.CharField("émetteur", max_length=300)
    subject = models.CharField("sujet", max_length=300)
    card_kind = models.CharField("type de carte", max_length=4, blank=True)
    card_number = models.CharField("numéro de carte", max_length=40, blank=True)
    serials = models.JSONField("numéros de série des certificats", default=list)
    key_ids = models.JSONField("empreintes des clés", default=list)
    structures = models.JSONField("lieux d'exercice attestés", default=list, blank=True, db_default=[])
    first_seen = models.DateTimeField("première utilisation", auto_now_add=True)
    last_used = models.DateTimeField("dernière utilisation")
    unlinked_at = models.DateTimeField("détaché le", null=True, blank=True)
    unlinked_reason = models.CharField("raison", max_length=40, blank=True)

    class Meta:
        verbose_name = "carte ou e-CPS"
        verbose_name_plural = "cartes et e-CPS"
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "issuer", "subject", "card_number"],
                condition=Q(unlinked_at=None),
                name="strong_means_linked_once",
                violation_error_message="Cette carte ou cette e-CPS est déjà rattachée.",
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """« Carte CPS n° 2900473128 », « e-CPS »: the kind printed on the card is kept (CPS, CPF, CPE, CPA)."""
        if self.kind == StrongKind.ECPS:
            return "e-CPS"
        number = f" n° {self.card_number}" if self.card_number else ""
        return f"Carte {self.card_kind or 'CPS'}{number}"


class StrongClaim(models.Model):
    """An identity proven at sign-up, linked once the mail of that very sign-up is validated.

    `mark` is the fingerprint of the credentials typed with it: somebody else who signs up again with the same address
    before the validation replaces them, and the claim is then void.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="strong_claim"
    )
    sealed_identity = models.TextField()
    mark = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "identité à rattacher"
        verbose_name_plural = "identités à rattacher"


class HelpLink(models.Model):
    """An address shown by « Quelle authentification forte pour moi ? », in place of the one the product ships."""

    key = models.SlugField("clé", max_length=40, unique=True)
    label = models.CharField("libellé", max_length=150)
    url = models.URLField("adresse", max_length=500)
    updated_at = models.DateTimeField("modifié le", auto_now=True)

    class Meta:
        verbose_name = "adresse de l’aide à l’authentification forte"
        verbose_name_plural = "adresses de l’aide à l’authentification forte"

    def __str__(self) -> str:
        return self.label
