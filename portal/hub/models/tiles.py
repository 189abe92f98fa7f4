"""Applications on the home page, and each person's favourites."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.enums import AssuranceLevel
from portal.common.text import fold
from portal.common.validators import clean_public_url
from portal.hub.enums import EnvironmentLabel, Role
from portal.referentiels.models import Profession


def check_registered_url(value: str) -> None:
    """Validator of link addresses: http(s), real host, no user-info (C9)."""
    clean_public_url(value)


class Tile(models.Model):
    """An application of the portal, as one tile.

    `professions` (codes), `categories` and `roles` say for whom the application is; an empty list asks nothing, and
    the person needs one value of each list that is not empty. `needs_validation` and `needed_level` say how surely
    the person must be known. A person outside the audience does not see the tile unless `is_shown_to_others`; a
    person inside it, but not yet sure enough, sees it closed with what is missing.
    """

    slug = models.SlugField("nom dans l'adresse", max_length=60, unique=True)
    name = models.CharField("nom", max_length=80)
    subtitle = models.CharField("sous-titre", max_length=160, blank=True)
    description = models.TextField("description", max_length=2000, blank=True)
    icon = models.CharField("icône", max_length=30, default="application")
    environment = models.CharField(
        "étiquette d'environnement", max_length=10, choices=EnvironmentLabel, blank=True, default=""
    )
    needed_level = models.PositiveSmallIntegerField(
        "niveau de connexion demandé", choices=AssuranceLevel.choices[1:], default=AssuranceLevel.CODE
    )
    needs_validation = models.BooleanField("réservée aux professionnels validés", default=False)
    professions = ArrayField(
        models.CharField(max_length=60), verbose_name="professions", default=list, blank=True
    )
    categories = ArrayField(
        models.CharField(max_length=8, choices=Profession.Categorie.choices),
        verbose_name="catégories",
        default=list,
        blank=True,
    )
    roles = ArrayField(
        models.CharField(max_length=30, choices=Role.choices), verbose_name="rôles", default=list, blank=True
    )
    is_shown_to_others = models.BooleanField("montrée, fermée, aux autres personnes", default=False)
    how_to_open = models.CharField("comment obtenir l'accès", max_length=400, blank=True)
    rank = models.PositiveIntegerField("ordre", default=0)
    is_active = models.BooleanField("proposée", default=True)
    search_key = models.TextField(editable=False, default="")

    class Meta:
        verbose_name = "application"
        verbose_name_plural = "applications"
        ordering = ("rank", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(needed_level__in=[1, 2, 3]),
                name="tile_level_known",
                violation_error_message="Le niveau demandé va de 1 à 3.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.search_key = fold(f"{self.name} {self.subtitle} {self.description}")
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class TileLink(models.Model):
    """One named entry of an application. Without address it explains itself instead of opening."""

    tile = models.ForeignKey(Tile, verbose_name="application", on_delete=models.CASCADE, related_name="links")
    slug = models.SlugField("nom dans l'adresse", max_length=60)
    label = models.CharField("libellé", max_length=80)
    url = models.CharField("adresse", max_length=500, blank=True, validators=[check_registered_url])
    rank = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "lien"
        verbose_name_plural = "liens"
        ordering = ("rank", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["tile", "slug"],
                name="one_link_name_per_tile",
                violation_error_message="Deux liens de cette application portent le même nom.",
            ),
        )

    def __str__(self) -> str:
        return self.label


class Favourite(models.Model):
    """An application kept on top by a person; `rank` is the person's own order, from 0."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites")
    tile = models.ForeignKey(Tile, on_delete=models.CASCADE, related_name="favourites")
    rank = models.PositiveIntegerField("ordre")
    added_at = models.DateTimeField("ajoutée le", auto_now_add=True)

    class Meta:
        verbose_name = "application favorite"
        verbose_name_plural = "applications favorites"
        ordering = ("rank", "pk")
        constraints = (models.UniqueConstraint(fields=["user", "tile"], name="one_favourite_per_tile"),)

    def __str__(self) -> str:
        return f"{self.tile_id} ({self.rank})"
