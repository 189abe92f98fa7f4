"""Places of work beside the first, which is on the account itself."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models.user import User


class OtherWorkplace(models.Model):
    """One more establishment a person declares at sign-up or in the preferences (CVL-018). Proves nothing.

    `rank` is the place in the person's order: 2 for the second establishment.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="other_workplaces", verbose_name="compte"
    )
    rank = models.PositiveSmallIntegerField("rang")
    structure = models.CharField("structure", max_length=200)
    structure_finess = models.CharField("FINESS géographique", max_length=9, blank=True)
    fonction = models.CharField("type de fonction", max_length=120, blank=True)
    service = models.CharField("service d'exercice", max_length=120, blank=True)
    adresse = models.CharField("adresse", max_length=200, blank=True)
    code_postal = models.CharField("code postal", max_length=5, blank=True)
    ville = models.CharField("ville", max_length=120, blank=True)
    departement = models.CharField("département", max_length=3, blank=True)

    class Meta:
        verbose_name = "autre lieu d'exercice"
        verbose_name_plural = "autres lieux d'exercice"
        ordering = ("rank",)
        constraints = (
            models.UniqueConstraint(
                fields=["user", "rank"],
                name="one_workplace_per_rank",
                violation_error_message="Ce rang est déjà pris par un autre lieu d'exercice.",
            ),
            models.CheckConstraint(
                condition=Q(rank__gte=2),
                name="other_workplace_after_the_first",
                violation_error_message="Le premier lieu d'exercice est sur le compte lui-même.",
            ),
        )

    def __str__(self) -> str:
        return self.structure
