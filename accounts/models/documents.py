"""Which version of which document a person accepted (C7)."""

from django.conf import settings
from django.db import models


class DocumentAcceptance(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="acceptances")
    document = models.CharField("document", max_length=40)
    version = models.CharField("version", max_length=20)
    accepted_at = models.DateTimeField("accepté le", auto_now_add=True)

    class Meta:
        verbose_name = "acceptation"
        verbose_name_plural = "acceptations"
        constraints = (
            models.UniqueConstraint(
                fields=["user", "document", "version"], name="one_acceptance_per_version"
            ),
        )

    def __str__(self) -> str:
        return f"{self.document} {self.version}"
