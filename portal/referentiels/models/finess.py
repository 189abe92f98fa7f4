"""FINESS structures: legal entities and the geographical sites they run."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q


class StructureFiness(models.Model):
    """One FINESS number. Regional numbers hold a letter in Corsica, so the number stays text."""

    class Type(models.TextChoices):
        JURIDIQUE = "ej", "entité juridique"
        GEOGRAPHIQUE = "et", "établissement (entité géographique)"

    class Fiabilite(models.TextChoices):
        FINESS = "finess", "coordonnées FINESS"
        COMMUNE = "commune", "centre de la commune (approximatif)"
        INCONNUE = "", "sans coordonnées"

    numero_finess = models.CharField("numéro FINESS", max_length=9, primary_key=True)
    type = models.CharField("type", max_length=2, choices=Type)
    entite_juridique = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="etablissements",
        verbose_name="entité juridique",
    )
    numero_finess_juridique = models.CharField(
        "FINESS juridique publié", max_length=9, default="", blank=True
    )
    raison_sociale = models.CharField("raison sociale", max_length=200)
    raison_sociale_longue = models.CharField("raison sociale longue", max_length=255, default="", blank=True)
    complement = models.CharField("complément de raison sociale", max_length=200, default="", blank=True)
    code_categorie = models.CharField("catégorie (TRE R66 ou R397)", max_length=10, default="", blank=True)
    libelle_categorie = models.CharField("libellé de la catégorie", max_length=160, default="", blank=True)
    code_statut = models.CharField("statut juridique", max_length=10, default="", blank=True)
    numero_siret = models.CharField("SIRET", max_length=14, default="", blank=True)
    numero_siren = models.CharField("SIREN", max_length=9, default="", blank=True)
    voie = models.CharField("numéro et voie", max_length=200, default="", blank=True)
    lieu_dit = models.CharField("lieu-dit, BP", max_length=120, default="", blank=True)
    acheminement = models.CharField("ligne d’acheminement", max_length=120, default="", blank=True)
    code_postal = models.CharField("code postal", max_length=5, default="", blank=True)
    nom_commune = models.CharField("commune", max_length=120, default="", blank=True)
    commune = models.ForeignKey(
        "referentiels.Commune",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="structures",
        verbose_name="commune (INSEE)",
    )
    code_commune = models.CharField("commune publiée (INSEE)", max_length=5, default="", blank=True)
    code_departement = models.CharField("département", max_length=3, default="", blank=True)
    # One per line: FINESS+ may publish several, told apart by a usage whose codes it does not explain.
    autres_adresses = models.TextField("autres adresses publiées", default="", db_default="", blank=True)
    telephone = models.CharField("téléphone", max_length=30, default="", blank=True)
    telecopie = models.CharField("télécopie", max_length=30, default="", blank=True)
    email = models.CharField("adresse électronique", max_length=254, default="", blank=True)
    latitude = models.FloatField("latitude (WGS84)", null=True, blank=True)
    longitude = models.FloatField("longitude (WGS84)", null=True, blank=True)
    fiabilite = models.CharField(
        "fiabilité des coordonnées", max_length=10, choices=Fiabilite, default="", blank=True
    )
    ouvert_le = models.DateField("ouverte le", null=True, blank=True)
    ferme_le = models.DateTimeField("fermée ou absente du fichier depuis", null=True, blank=True)
    recherche = models.CharField("texte de recherche", max_length=800, default="", blank=True, editable=False)
    termes = SearchVectorField("termes de recherche", null=True, editable=False)

    class Meta:
        verbose_name = "structure (FINESS)"
        verbose_name_plural = "structures (FINESS)"
        indexes = [
            GinIndex(fields=["termes"], name="structure_termes", fastupdate=False),
            models.Index(
                OpClass(F("recherche"), name="text_pattern_ops"),
                name="structure_recherche_prefixe",
                condition=Q(ferme_le__isnull=True),
            ),
            models.Index(
                OpClass(F("numero_finess"), name="text_pattern_ops"), name="structure_finess_prefixe"
            ),
            models.Index(
                OpClass(F("numero_siret"), name="text_pattern_ops"),
                name="structure_siret_prefixe",
                condition=~Q(numero_siret=""),
            ),
            models.Index(fields=["code_departement", "code_categorie"], name="structure_departement"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="structure_coordonnees_plausibles",
                violation_error_message="Les coordonnées d’une structure vont par deux, en degrés.",
            ),
        ]

    def __str__(self) -> str:
        return self.raison_sociale_longue or self.raison_sociale
