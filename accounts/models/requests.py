"""What a person asks about the account, and the log of each decision."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.enums import EmailChangeStatus, FactorRemovalStatus, FactorScope
from portal.common.workflow import TransitionLog


class AccountTransition(TransitionLog):
    subject = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="transitions")

    class Meta(TransitionLog.Meta):
        verbose_name = "changement d'état du compte"
        verbose_name_plural = "changements d'état des comptes"


class EmailChange(models.Model):
    """A new address asked by its owner; used only after the click (ROR-048)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="email_changes")
    new_email = models.EmailField("nouvelle adresse", max_length=254)
    status = models.CharField(
        "état", max_length=12, choices=EmailChangeStatus, default=EmailChangeStatus.REQUESTED
    )
    status_at = models.DateTimeField("depuis", auto_now_add=True)
    requested_at = models.DateTimeField("demandé le", auto_now_add=True)

    class Meta:
        verbose_name = "changement d'adresse"
        verbose_name_plural = "changements d'adresse"
        constraints = (
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status=EmailChangeStatus.REQUESTED),
                name="one_open_email_change",
                violation_error_message="Un changement d'adresse est déjà en cours.",
            ),
        )


class EmailChangeTransition(TransitionLog):
    subject = models.ForeignKey(EmailChange, on_delete=models.CASCADE, related_name="transitions")

    class Meta(TransitionLog.Meta):
        verbose_name = "suivi d'un changement d'adresse"
        verbose_name_plural = "suivi des changements d'adresse"


class SignUpDestination(models.Model):
    """The page or application somebody was going to when they signed up, until their first sign-in (ROR-058).

    `path` and `elsewhere` are paths of the portal. `is_bound`: `path` has a sense only in the browser of which
    `browser_key` is the keyed mark; `elsewhere` then serves the others.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_up_destination"
    )
    path = models.CharField("page demandée", max_length=2048)
    name = models.CharField("application", max_length=150)
    elsewhere = models.CharField("autre entrée", max_length=2048, blank=True)
    is_bound = models.BooleanField("propre au navigateur", default=False)
    browser_key = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        verbose_name = "destination d’une inscription"
        verbose_name_plural = "destinations des inscriptions"


class FactorRemoval(models.Model):
    """A lost authenticator app or passkey, to be taken away later or by a second agent (MFA-5)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="factor_removals"
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField("moyen perdu", max_length=12, choices=FactorScope)
    status = models.CharField(
        "état", max_length=10, choices=FactorRemovalStatus, default=FactorRemovalStatus.ASKED
    )
    status_at = models.DateTimeField("depuis", auto_now_add=True)
    asked_at = models.DateTimeField("demandé le", auto_now_add=True)
    removable_at = models.DateTimeField("retrait possible le")

    class Meta:
        verbose_name = "retrait d'un moyen perdu"
        verbose_name_plural = "retraits de moyens perdus"
        constraints = (
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status=FactorRemovalStatus.ASKED),
                name="one_open_factor_removal",
                violation_error_message="Un retrait est déjà demandé pour ce compte.",
            ),
        )
        indexes = (
            models.Index(
                fields=["removable_at"],
                condition=Q(status=FactorRemovalStatus.ASKED),
                name="removals_to_make",
            ),
        )

    @property
    def is_by_owner(self) -> bool:
        return self.asked_by_id == self.user_id


class FactorRemovalTransition(TransitionLog):
    subject = models.ForeignKey(FactorRemoval, on_delete=models.CASCADE, related_name="transitions")

    class Meta(TransitionLog.Meta):
        verbose_name = "suivi d'un retrait de moyen perdu"
        verbose_name_plural = "suivi des retraits de moyens perdus"
