"""What a person holds to prove who they are, beside the password (allauth.mfa keeps the authenticator and passkeys)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django_otp.models import Device

from accounts.enums import ProofMeans


class ProofDevice(Device):
    """A second proof of an account (mail box, mobile, application, passkey, recovery codes), as django-otp sees it.

    The proof itself is made by accounts.second_proof; this device only tells django-otp that a session was verified,
    so `user.is_verified()` is true everywhere it is asked.
    """

    means = models.CharField("moyen", max_length=20, choices=ProofMeans)

    class Meta:
        verbose_name = "moyen de deuxième preuve"
        verbose_name_plural = "moyens de deuxième preuve"
        constraints = (models.UniqueConstraint(fields=["user", "means"], name="one_device_per_means"),)


class RecoveryCode(models.Model):
    """One of the ten codes to print; only its keyed hash is kept, it works once (MFA-5)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    code_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "code de secours"
        verbose_name_plural = "codes de secours"
        constraints = (models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once"),)
        indexes = (models.Index(fields=["user"], condition=Q(used_at=None), name="unused_recovery_codes"),)
