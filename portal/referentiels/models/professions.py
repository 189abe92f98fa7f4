"""Professions offered at sign-up, each entry in one of the four categories of the validation guide."""

from __future__ import annotations

from django.db import models


class Profession(models.Model):
    """One entry of the sign-up list: a profession in one category.

    The same profession may appear in two categories (« Responsable de secteur »), so the natural key is
    (code, categorie). The category decides where to register and which means of identification may be used.
    """

    class Categorie(models.TextChoices):
        ORDRE = "order", "professionnel à ordre"
        ARS = "ars", "professionnel à enregistrement ARS"
        ROLE = "role", "professionnel à rôle"
        AUTRE = "other", "autres professionnels"

    code = models.SlugField("code", max_length=100)
    code_nos = models.CharField("code national (TRE G15, R94, R96)", max_length=10, blank=True, db_index=True)
    label = models.CharField("libellé", max_length=120)
    label_plie = models.CharField("libellé sans accents", max_length=120, editable=False)
    categorie = models.CharField("catégorie", max_length=8, choices=Categorie)
    ordre = models.CharField("ordre professionnel", max_length=120, blank=True)
    url_enregistrement = models.URLField("où s’enregistrer", blank=True)
    allows_card = models.BooleanField("carte CPS possible", default=False)
    allows_ecps = models.BooleanField("e-CPS possible", default=True)
    is_selectable = models.BooleanField("proposée à l’inscription", default=True)
    rang = models.PositiveIntegerField("ordre d’affichage", default=0)

    class Meta:
        verbose_name = "profession"
        verbose_name_plural = "professions"
        ordering = ["rang", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "categorie"],
                name="profession_unique_par_categorie",
                violation_error_message="Cette profession existe déjà dans cette catégorie.",
            ),
            models.CheckConstraint(
                condition=models.Q(allows_card=False) | models.Q(categorie__in=["order", "ars"]),
                name="carte_reservee_aux_inscrits_rpps",
                violation_error_message="Un professionnel enregistré par RPPS+ n’a pas de carte physique.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def means(self) -> tuple[str, ...]:
        """Means of identification offered, strongest first: "card", "ecps"."""
        return tuple(
            name for name, allowed in (("card", self.allows_card), ("ecps", self.allows_ecps)) if allowed
        )

    @property
    def has_rpps(self) -> bool:
        """True when the person must already hold an RPPS number before signing up."""
        return self.categorie in (self.Categorie.ORDRE, self.Categorie.ARS)
