"""Code lists as published (NOS), and the per-profession lists that no national table gives.

A code never changes its spelling, a label may change at each release: rows keep the code, screens show the
label. A closed code still displays on old sheets and is no longer offered for entry.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Nomenclature(models.Model):
    class Type(models.TextChoices):
        TRE = "tre", "terminologie de référence (TRE)"
        JDV = "jdv", "jeu de valeurs (JDV)"

    code = models.CharField("identifiant court", max_length=12, primary_key=True, help_text="R211, J16, G15…")
    type = models.CharField("type", max_length=3, choices=Type)
    nom = models.CharField("nom publié", max_length=160)
    libelle = models.CharField("description", max_length=500, blank=True)
    oid = models.CharField("OID", max_length=64, null=True, blank=True, unique=True)
    url = models.CharField("adresse canonique", max_length=255, blank=True)
    version = models.CharField("version", max_length=20, blank=True)
    statut = models.CharField("statut publié", max_length=20, default="active")

    class Meta:
        verbose_name = "nomenclature"
        verbose_name_plural = "nomenclatures"
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} — {self.nom}"


class ConceptQuerySet(models.QuerySet["NomenclatureConcept"]):
    def open(self) -> ConceptQuerySet:
        """Codes offered for entry."""
        return self.filter(ferme=False)


class NomenclatureConcept(models.Model):
    """One code of one list. In a value set, `systeme` is the code of the terminology it comes from."""

    nomenclature = models.ForeignKey(
        Nomenclature, on_delete=models.PROTECT, related_name="concepts", verbose_name="nomenclature"
    )
    systeme = models.CharField("terminologie d’origine", max_length=12, blank=True)
    code = models.CharField("code", max_length=40)
    libelle = models.CharField("libellé", max_length=500)
    libelle_plie = models.CharField("libellé sans accents", max_length=500, editable=False)
    valide_le = models.DateField("valable depuis", null=True, blank=True)
    modifie_le = models.DateField("mis à jour le", null=True, blank=True)
    fin_le = models.DateField("fin d’exploitation", null=True, blank=True)
    ferme = models.BooleanField("fermé (affiché, plus proposé)", default=False)
    rang = models.PositiveIntegerField("ordre publié", default=0)

    objects = ConceptQuerySet.as_manager()

    class Meta:
        verbose_name = "concept"
        verbose_name_plural = "concepts"
        ordering = ["nomenclature", "rang", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["nomenclature", "systeme", "code"],
                name="concept_unique_par_liste",
                violation_error_message="Ce code existe déjà dans cette liste.",
            ),
        ]
        indexes = [models.Index(fields=["code", "nomenclature"], name="concept_par_code")]

    def __str__(self) -> str:
        return self.libelle


class FiltreProfession(models.Model):
    """What a profession may choose from, field by field. No national table says it: administrators do."""

    class Champ(models.TextChoices):
        TYPE_OFFRE = "type_offre", "type d’offre"
        ACTIVITE = "activite", "activité opérationnelle"
        ACTE_EN_CABINET = "acte_en_cabinet", "acte spécifique en cabinet"
        ACTE_HORS_CABINET = "acte_hors_cabinet", "acte spécifique hors cabinet"
        EQUIPEMENT = "equipement", "équipement spécifique"
        COMPETENCE = "competence", "compétence spécifique"
        MODALITE = "modalite", "modalité d’accueil"

    code_profession = models.CharField("code profession (TRE G15)", max_length=10)
    champ = models.CharField("champ", max_length=20, choices=Champ)
    concept = models.ForeignKey(
        NomenclatureConcept, on_delete=models.PROTECT, related_name="filtres", verbose_name="concept"
    )
    libelle_local = models.CharField(
        "libellé régional", max_length=200, blank=True, help_text="S’il diffère du libellé national."
    )
    rang = models.PositiveIntegerField("ordre", default=0)
    actif = models.BooleanField("proposé", default=True)

    class Meta:
        verbose_name = "choix proposé à une profession"
        verbose_name_plural = "choix proposés par profession"
        ordering = ["code_profession", "champ", "rang", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["code_profession", "champ", "concept"],
                name="filtre_unique_par_profession",
                violation_error_message="Ce choix est déjà proposé à cette profession.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code_profession} · {self.get_champ_display()} · {self.concept}"


class ConsigneProfession(models.Model):
    """Help text of one field for one profession (empty profession code: every profession)."""

    code_profession = models.CharField("code profession (TRE G15)", max_length=10, blank=True)
    champ = models.CharField("champ du formulaire", max_length=60)
    titre = models.CharField("titre", max_length=160, blank=True)
    texte = models.TextField("consigne", max_length=4000)
    modifie_le = models.DateTimeField("modifiée le", auto_now=True)

    class Meta:
        verbose_name = "consigne de saisie"
        verbose_name_plural = "consignes de saisie par profession"
        ordering = ["code_profession", "champ"]
        constraints = [
            models.UniqueConstraint(fields=["code_profession", "champ"], name="consigne_unique_par_champ"),
            models.CheckConstraint(
                condition=~Q(texte=""),
                name="consigne_non_vide",
                violation_error_message="Une consigne ne peut pas être vide.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code_profession or 'toutes'} · {self.champ}"
