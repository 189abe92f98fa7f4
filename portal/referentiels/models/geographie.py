"""Regions, départements, communes, postal codes, health territories and territorial groupings."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F

from .finess import StructureFiness


class Region(models.Model):
    code = models.CharField("code INSEE", max_length=3, primary_key=True)
    nom = models.CharField("nom", max_length=80)

    class Meta:
        verbose_name = "région"
        verbose_name_plural = "régions"
        ordering = ["nom"]

    def __str__(self) -> str:
        return self.nom


class Departement(models.Model):
    code = models.CharField("code", max_length=3, primary_key=True)
    nom = models.CharField("nom", max_length=80)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="departements", verbose_name="région"
    )

    class Meta:
        verbose_name = "département"
        verbose_name_plural = "départements"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.display

    @property
    def display(self) -> str:
        """« 28 - Eure-et-Loir », as the sign-up form shows it."""
        return f"{self.code} - {self.nom}"


class CodePostal(models.Model):
    """Not a key of a commune: most codes cover several communes, and large towns have many."""

    code = models.CharField("code postal", max_length=5, primary_key=True)

    class Meta:
        verbose_name = "code postal"
        verbose_name_plural = "codes postaux"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Commune(models.Model):
    class Type(models.TextChoices):
        COMMUNE = "COM", "commune"
        ARRONDISSEMENT = "ARM", "arrondissement municipal"

    code_insee = models.CharField("code INSEE", max_length=5, primary_key=True)
    nom = models.CharField("nom", max_length=80)
    nom_plie = models.CharField("nom sans accents", max_length=80, editable=False)
    type = models.CharField("type", max_length=3, choices=Type, default=Type.COMMUNE)
    departement = models.ForeignKey(
        Departement, on_delete=models.PROTECT, related_name="communes", verbose_name="département"
    )
    parente = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="arrondissements",
        verbose_name="commune parente",
    )
    population = models.PositiveIntegerField("population", null=True, blank=True)
    latitude = models.FloatField("latitude (WGS84)", null=True, blank=True)
    longitude = models.FloatField("longitude (WGS84)", null=True, blank=True)
    codes_postaux: models.ManyToManyField[CodePostal, models.Model] = models.ManyToManyField(
        CodePostal, related_name="communes", blank=True, verbose_name="codes postaux"
    )
    ferme_le = models.DateTimeField("absente du référentiel depuis", null=True, blank=True)

    class Meta:
        verbose_name = "commune"
        verbose_name_plural = "communes"
        ordering = ["nom_plie", "code_insee"]
        indexes = [
            models.Index(OpClass(F("nom_plie"), name="text_pattern_ops"), name="commune_nom_prefixe"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="commune_coordonnees_plausibles",
                violation_error_message="Les coordonnées d’une commune vont par deux, en degrés.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom


class CommuneAppellation(models.Model):
    """One form under which a commune is found: official, short, old or arrondissement name, or word start.

    `rang` orders the answers: 0 the official name, 1 another name of the commune, 2 a word inside a name;
    then `poids`, the population. The index holds both: « saint » ranks 4 000 forms without reading them.
    """

    commune = models.ForeignKey(
        Commune, on_delete=models.CASCADE, related_name="appellations", verbose_name="commune"
    )
    plie = models.CharField("forme sans accents", max_length=100)
    rang = models.PositiveSmallIntegerField("rang", default=0)
    poids = models.PositiveIntegerField("population", default=0)

    class Meta:
        verbose_name = "appellation de commune"
        verbose_name_plural = "appellations de communes"
        constraints = [
            models.UniqueConstraint(fields=["commune", "plie"], name="appellation_unique_par_commune"),
        ]
        indexes = [
            models.Index(
                OpClass(F("plie"), name="text_pattern_ops"),
                name="appellation_prefixe",
                include=["rang", "poids", "commune"],
            ),
            GinIndex(OpClass(F("plie"), name="gin_trgm_ops"), name="appellation_trigrammes"),
        ]

    def __str__(self) -> str:
        return self.plie


class TerritoireDeSante(models.Model):
    code = models.CharField("code", max_length=10, primary_key=True)
    nom = models.CharField("nom", max_length=120)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, verbose_name="région")
    departements: models.ManyToManyField[Departement, models.Model] = models.ManyToManyField(
        Departement, related_name="territoires_de_sante", blank=True, verbose_name="départements"
    )

    class Meta:
        verbose_name = "territoire de santé"
        verbose_name_plural = "territoires de santé"
        ordering = ["nom", "code"]

    def __str__(self) -> str:
        return self.nom


class GroupementTerritorial(models.Model):
    """CPTS (town professionals) or GHT (public hospitals): offers are grouped by them on campaign screens."""

    class Type(models.TextChoices):
        CPTS = "cpts", "CPTS (communauté professionnelle territoriale de santé)"
        GHT = "ght", "GHT (groupement hospitalier de territoire)"

    slug = models.SlugField("identifiant dans les adresses", max_length=80, unique=True)
    type = models.CharField("type", max_length=10, choices=Type)
    nom = models.CharField("nom", max_length=160)
    territoire = models.ForeignKey(
        TerritoireDeSante,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="groupements",
        verbose_name="territoire de santé",
    )
    communes: models.ManyToManyField[Commune, models.Model] = models.ManyToManyField(
        Commune, related_name="groupements", blank=True, verbose_name="communes"
    )
    structures: models.ManyToManyField[StructureFiness, models.Model] = models.ManyToManyField(
        StructureFiness,
        related_name="groupements",
        blank=True,
        verbose_name="structures membres",
    )
    site_web = models.URLField("site web", blank=True)

    class Meta:
        verbose_name = "groupement territorial"
        verbose_name_plural = "groupements territoriaux (CPTS, GHT)"
        ordering = ["type", "nom"]

    def __str__(self) -> str:
        return self.nom
