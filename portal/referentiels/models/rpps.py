"""People of the RPPS open files, with their activities, know-how, diplomas and former identifiers.

These tables are written by set-based SQL only (see importers/rpps). Links to the person carry no database
constraint: the importer writes both sides in one transaction, and 2 million checks would double its time.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q


class ProfessionnelRpps(models.Model):
    """One registered person. The key is the national identification: type digit (8 RPPS, 0 ADELI), number."""

    class TypeIdentifiant(models.TextChoices):
        ADELI = "0", "ADELI"
        RPPS = "8", "RPPS"

    identification_nationale = models.CharField("identification nationale", max_length=12, primary_key=True)
    type_identifiant = models.CharField("type d’identifiant", max_length=1, choices=TypeIdentifiant)
    identifiant = models.CharField("identifiant", max_length=11)
    code_civilite = models.CharField("civilité", max_length=5, default="", blank=True)
    code_civilite_exercice = models.CharField("civilité d’exercice", max_length=5, default="", blank=True)
    nom = models.CharField("nom d’exercice", max_length=120)
    prenom = models.CharField("prénom d’exercice", max_length=120, default="", blank=True)
    nom_plie = models.CharField("nom sans accents", max_length=120)
    prenom_plie = models.CharField("prénom sans accents", max_length=120, default="", blank=True)
    code_profession = models.CharField("profession (TRE G15)", max_length=10)
    code_categorie = models.CharField("catégorie professionnelle", max_length=5, default="", blank=True)
    savoir_faire = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name="savoir-faire (type:code)"
    )
    empreinte = models.BigIntegerField("empreinte des lignes source", default=0)
    ferme_le = models.DateTimeField("absent du fichier depuis", null=True, blank=True)

    class Meta:
        verbose_name = "professionnel (RPPS)"
        verbose_name_plural = "professionnels (RPPS)"
        indexes = [
            models.Index(
                OpClass(F("nom_plie"), name="text_pattern_ops"),
                OpClass(F("prenom_plie"), name="text_pattern_ops"),
                name="professionnel_nom_prefixe",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}".strip()

    @property
    def numero_rpps(self) -> str:
        """The 11-digit RPPS number, or an empty string for a person still known by ADELI only."""
        return self.identifiant if self.type_identifiant == self.TypeIdentifiant.RPPS else ""


class ActiviteRpps(models.Model):
    """One place and way of practice of a person: (person, profession, structure, mode, sector)."""

    professionnel = models.ForeignKey(
        ProfessionnelRpps,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="activites",
        verbose_name="professionnel",
    )
    cle = models.BigIntegerField("empreinte du lieu d’exercice")
    code_profession = models.CharField("profession (TRE G15)", max_length=10)
    nom_plie = models.CharField("nom sans accents", max_length=120)
    code_mode = models.CharField("mode d’exercice (TRE R23)", max_length=5, default="", blank=True)
    code_secteur = models.CharField("secteur d’activité (TRE R02)", max_length=10, default="", blank=True)
    code_section = models.CharField("section du tableau (TRE R06)", max_length=5, default="", blank=True)
    code_role = models.CharField("rôle", max_length=10, default="", blank=True)
    code_genre = models.CharField("genre d’activité", max_length=10, default="", blank=True)
    savoir_faire = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name="savoir-faire (type:code)"
    )
    identifiant_structure = models.CharField("identifiant technique", max_length=40, default="", blank=True)
    ancien_identifiant_structure = models.CharField(
        "ancien identifiant", max_length=40, default="", blank=True
    )
    raison_sociale = models.CharField("raison sociale", max_length=200, default="", blank=True)
    enseigne = models.CharField("enseigne", max_length=200, default="", blank=True)
    numero_siret = models.CharField("SIRET", max_length=14, default="", blank=True)
    numero_finess = models.CharField("FINESS du site", max_length=9, default="", blank=True)
    numero_finess_juridique = models.CharField("FINESS juridique", max_length=9, default="", blank=True)
    complement = models.CharField("complément d’adresse", max_length=200, default="", blank=True)
    voie = models.CharField("numéro et voie", max_length=200, default="", blank=True)
    mention_distribution = models.CharField("BP, lieu-dit", max_length=120, default="", blank=True)
    acheminement = models.CharField("ligne d’acheminement", max_length=120, default="", blank=True)
    code_postal = models.CharField("code postal", max_length=10, default="", blank=True)
    commune = models.ForeignKey(
        "referentiels.Commune",
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name="commune",
    )
    code_commune = models.CharField("commune publiée (INSEE)", max_length=10, default="", blank=True)
    code_departement = models.CharField("département", max_length=3, default="", blank=True)
    code_pays = models.CharField("pays", max_length=10, default="", blank=True)
    telephone = models.CharField("téléphone", max_length=30, default="", blank=True)
    telephone_2 = models.CharField("téléphone 2", max_length=30, default="", blank=True)
    telecopie = models.CharField("télécopie", max_length=30, default="", blank=True)
    email = models.CharField("adresse électronique", max_length=254, default="", blank=True)
    ferme_le = models.DateTimeField("absente du fichier depuis", null=True, blank=True)

    class Meta:
        verbose_name = "activité (RPPS)"
        verbose_name_plural = "activités (RPPS)"
        constraints = [
            models.UniqueConstraint(fields=["professionnel", "cle"], name="activite_unique_par_lieu"),
        ]
        indexes = [
            models.Index(
                F("code_departement"),
                OpClass(F("nom_plie"), name="text_pattern_ops"),
                name="activite_departement_nom",
            ),
            models.Index(
                fields=["numero_finess"], name="activite_par_finess", condition=~Q(numero_finess="")
            ),
        ]

    def __str__(self) -> str:
        return self.raison_sociale or self.enseigne or self.voie or self.acheminement


class SavoirFaireRpps(models.Model):
    """A qualification of a person in a profession, from the SavoirFaire file."""

    professionnel = models.ForeignKey(
        ProfessionnelRpps,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="qualifications",
        verbose_name="professionnel",
    )
    code_profession = models.CharField("profession (TRE G15)", max_length=10)
    code_type = models.CharField("type (TRE R04)", max_length=10)
    code = models.CharField("code", max_length=20, default="", blank=True)
    libelle = models.CharField("libellé du fichier", max_length=200, default="", blank=True)
    ferme_le = models.DateTimeField("absent du fichier depuis", null=True, blank=True)

    class Meta:
        verbose_name = "savoir-faire (RPPS)"
        verbose_name_plural = "savoir-faire (RPPS)"
        constraints = [
            models.UniqueConstraint(
                fields=["professionnel", "code_profession", "code_type", "code"], name="savoir_faire_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.libelle or self.code


class DiplomeRpps(models.Model):
    """A diploma or an authorisation to practise, from the Dipl_AutExerc file."""

    professionnel = models.ForeignKey(
        ProfessionnelRpps,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="diplomes",
        verbose_name="professionnel",
    )
    code_type_diplome = models.CharField("type de diplôme", max_length=10, default="", blank=True)
    code_diplome = models.CharField("diplôme", max_length=20, default="", blank=True)
    libelle_diplome = models.CharField("libellé du diplôme", max_length=255, default="", blank=True)
    code_type_autorisation = models.CharField("type d’autorisation", max_length=10, default="", blank=True)
    code_discipline = models.CharField("discipline d’autorisation", max_length=20, default="", blank=True)
    libelle_discipline = models.CharField("libellé de la discipline", max_length=255, default="", blank=True)
    ferme_le = models.DateTimeField("absent du fichier depuis", null=True, blank=True)

    class Meta:
        verbose_name = "diplôme ou autorisation (RPPS)"
        verbose_name_plural = "diplômes et autorisations (RPPS)"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "professionnel",
                    "code_type_diplome",
                    "code_diplome",
                    "code_type_autorisation",
                    "code_discipline",
                ],
                name="diplome_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.libelle_diplome or self.libelle_discipline


class AncienIdentifiant(models.Model):
    """A number under which a person was known before: ADELI numbers were replaced by RPPS ones until 2024."""

    class Type(models.TextChoices):
        ADELI = "adeli", "ADELI"
        RPPS = "rpps", "RPPS"

    class Origine(models.TextChoices):
        FICHIER = "file", "déduit du fichier RPPS"
        SAISIE = "manual", "saisi par un administrateur"

    professionnel = models.ForeignKey(
        ProfessionnelRpps,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="anciens_identifiants",
        verbose_name="professionnel",
    )
    type = models.CharField("type", max_length=5, choices=Type)
    valeur = models.CharField("numéro", max_length=11)
    origine = models.CharField("origine", max_length=6, choices=Origine, default=Origine.SAISIE)

    class Meta:
        verbose_name = "ancien identifiant"
        verbose_name_plural = "anciens identifiants"
        constraints = [
            models.UniqueConstraint(
                fields=["type", "valeur"],
                name="ancien_identifiant_unique",
                violation_error_message="Ce numéro est déjà rattaché à une personne.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.valeur}"


class LexiqueMot(models.Model):
    """Every folded surname, every word of structure names and of commune names, once: mistyped words are corrected
    here.

    A word is found by itself or by itself less one letter, whichever of both was forgotten, added or changed: some
    ten keys of an index, where likeness by trigrams reads thousands of words. Trigrams remain for what is further.
    """

    class Domaine(models.TextChoices):
        NOM = "nom", "nom de personne"
        STRUCTURE = "structure", "mot d’un nom de structure"
        COMMUNE = "commune", "mot d’un nom de commune"

    domaine = models.CharField("domaine", max_length=10, choices=Domaine)
    mot = models.CharField("mot sans accents", max_length=120)
    frequence = models.PositiveIntegerField("fréquence", default=1)

    class Meta:
        verbose_name = "mot connu"
        verbose_name_plural = "mots connus"
        constraints = [
            models.UniqueConstraint(fields=["domaine", "mot"], name="lexique_mot_unique"),
        ]
        indexes = [
            *(
                GinIndex(
                    OpClass(F("mot"), name="gin_trgm_ops"),
                    name=f"lexique_{domaine}_trigrammes",
                    condition=Q(domaine=domaine),
                    fastupdate=False,
                )
                for domaine in ("nom", "structure")
            ),
            *(
                GinIndex(
                    models.Func(F("mot"), function="referentiels_retraits"),
                    name=f"lexique_{domaine}_retraits",
                    condition=Q(domaine=domaine),
                    fastupdate=False,
                )
                for domaine in ("nom", "structure", "commune")
            ),
        ]

    def __str__(self) -> str:
        return self.mot


class Conventionnement(models.Model):
    """What the health insurance directory says, matched by name: a proposal until the person confirms it."""

    class Statut(models.TextChoices):
        PROPOSE = "proposed", "proposé"
        CONFIRME = "confirmed", "confirmé par le professionnel"
        REFUSE = "refused", "refusé par le professionnel"

    professionnel = models.ForeignKey(
        ProfessionnelRpps,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="conventionnements",
        verbose_name="professionnel",
    )
    code_postal = models.CharField("code postal", max_length=5)
    code_specialite = models.CharField("spécialité (assurance maladie)", max_length=5)
    libelle_specialite = models.CharField("libellé de la spécialité", max_length=120, default="", blank=True)
    code_secteur = models.CharField("secteur conventionnel", max_length=5, default="", blank=True)
    libelle_secteur = models.CharField("libellé du secteur", max_length=160, default="", blank=True)
    code_option = models.CharField("option tarifaire", max_length=10, default="", blank=True)
    score = models.PositiveSmallIntegerField("ressemblance (0 à 100)")
    statut = models.CharField("statut", max_length=10, choices=Statut, default=Statut.PROPOSE)
    decide_le = models.DateTimeField("décidé le", null=True, blank=True)
    ferme_le = models.DateTimeField("absent du fichier depuis", null=True, blank=True)

    class Meta:
        verbose_name = "conventionnement"
        verbose_name_plural = "conventionnements"
        constraints = [
            models.UniqueConstraint(
                fields=["professionnel", "code_postal", "code_specialite"], name="conventionnement_unique"
            ),
            models.CheckConstraint(
                condition=Q(statut="proposed", decide_le__isnull=True)
                | (~Q(statut="proposed") & Q(decide_le__isnull=False)),
                name="conventionnement_decision_datee",
                violation_error_message="Une confirmation ou un refus porte sa date.",
            ),
        ]

    def __str__(self) -> str:
        return self.libelle_secteur or self.code_secteur
