"""Identities that only people can sort out: one line of the support's worklist per matter and accounts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models.strong import StrongKind
from portal.common.workflow import TransitionLog


class CaseCode(models.TextChoices):
    HELD_ELSEWHERE = "held_elsewhere", "Identité déjà rattachée à un autre compte"
    TWO_ACCOUNTS = "two_accounts", "Une carte ou e-CPS et un identifiant mènent à deux comptes"
    IDENTITY_CHANGED = "identity_changed", "Carte ou e-CPS connue, autre identifiant national"
    OTHER_IDENTITY = "other_identity", "Seconde identité nationale pour un compte"
    NUMBER_CONFLICT = "number_conflict", "Numéro saisi différent du numéro prouvé"
    NUMBER_TYPED_ELSEWHERE = "number_typed_elsewhere", "Numéro prouvé, déclaré par un autre compte"
    NUMBER_RELEASED = "number_released", "Numéro déclaré sans preuve, retiré d’un compte"
    NUMBER_ASKED = "number_asked", "Numéro d’un autre compte, saisi dans les préférences"
    NAMES_DIFFER = "names_differ", "Nom prouvé différent du nom du compte"


class CaseStatus(models.TextChoices):
    OPEN = "open", "à traiter"
    HANDLED = "handled", "traité"


class CaseResolution(models.TextChoices):
    SAME_PERSON = "same_person", "Une seule personne, deux comptes : un seul est gardé"
    TYPING = "typing", "Erreur de saisie, corrigée"
    IMPOSTURE = "imposture", "Usurpation : compte suspendu ou moyen détaché"
    RIGHTFUL = "rightful", "Situation normale (nom d’usage, changement de nom…)"
    NOTHING = "nothing", "Sans suite"


class IdentityCase(models.Model):
    """Written by accounts.workflows.identity_case only. The same matter about the same accounts is one open case."""

    code = models.CharField("sujet", max_length=30, choices=CaseCode)
    means = models.CharField("moyen présenté", max_length=4, choices=StrongKind, blank=True)
    accounts = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name="comptes concernés", related_name="identity_cases"
    )
    key = models.CharField(max_length=64, editable=False)
    status = models.CharField("état", max_length=8, choices=CaseStatus, default=CaseStatus.OPEN)
    status_at = models.DateTimeField("depuis", auto_now_add=True)
    resolution = models.CharField("conclusion", max_length=12, choices=CaseResolution, blank=True)
    opened_at = models.DateTimeField("ouvert le", auto_now_add=True)
    last_at = models.DateTimeField("dernière fois", auto_now_add=True)
    times = models.PositiveIntegerField("fois", default=1)

    class Meta:
        verbose_name = "identité à vérifier"
        verbose_name_plural = "identités à vérifier"
        constraints = (
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(status=CaseStatus.OPEN),
                name="one_open_case_per_matter",
                violation_error_message="Ce dossier est déjà ouvert.",
            ),
            models.CheckConstraint(
                condition=Q(status=CaseStatus.OPEN, resolution="")
                | (Q(status=CaseStatus.HANDLED) & ~Q(resolution="")),
                name="handled_case_has_resolution",
                violation_error_message="Un dossier traité a une conclusion.",
            ),
        )
        indexes = (models.Index(fields=["status", "-last_at"], name="cases_to_handle"),)

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """« I-000012 »."""
        return f"I-{self.pk or 0:06d}"


class IdentityCaseTransition(TransitionLog):
    subject = models.ForeignKey(IdentityCase, on_delete=models.CASCADE, related_name="transitions")

    class Meta(TransitionLog.Meta):
        verbose_name = "suivi d’une identité à vérifier"
        verbose_name_plural = "suivi des identités à vérifier"
