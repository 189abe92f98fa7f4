"""Journal of the imports: one row per file presented, dry or written, refused or applied."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class ImportRun(models.Model):
    class Statut(models.TextChoices):
        DEPOSE = "uploaded", "fichier déposé"
        EN_COURS = "running", "en cours"
        VERIFIE = "checked", "vérifié, rien n’est écrit"
        ECRIT = "written", "écrit"
        REFUSE = "refused", "refusé"
        INTERROMPU = "interrupted", "interrompu, rien n’est écrit"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.CharField("source", max_length=40)
    nom_fichier = models.CharField("fichier", max_length=255)
    chemin = models.CharField("emplacement", max_length=500, blank=True)
    ecrire = models.BooleanField("écriture demandée", default=False)
    confirme = models.BooleanField("fermetures nombreuses confirmées", default=False)
    force = models.BooleanField("fichier plus court accepté", default=False, db_default=False)
    statut = models.CharField("statut", max_length=12, choices=Statut, default=Statut.DEPOSE)
    phrase = models.TextField("conclusion", blank=True)
    compteurs = models.JSONField("compteurs", default=dict, blank=True)
    chemin_rejets = models.CharField("lignes refusées (CSV)", max_length=500, blank=True)
    # A loose reference: reference data lies below accounts and must not need its tables to exist.
    auteur_ref = models.CharField("déposé par (compte)", max_length=64, blank=True)
    cree_le = models.DateTimeField("déposé le", auto_now_add=True)
    commence_le = models.DateTimeField("commencé le", null=True, blank=True)
    termine_le = models.DateTimeField("terminé le", null=True, blank=True)

    class Meta:
        verbose_name = "import"
        verbose_name_plural = "imports"
        ordering = ["-cree_le"]
        indexes = [models.Index(fields=["source", "-cree_le"], name="import_par_source")]
        constraints = [
            models.CheckConstraint(
                condition=Q(statut__in=["uploaded", "running"], termine_le__isnull=True)
                | (~Q(statut__in=["uploaded", "running"]) & Q(termine_le__isnull=False)),
                name="import_fini_date",
                violation_error_message="Un import fini porte sa date de fin.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} — {self.nom_fichier}"

    @property
    def is_finished(self) -> bool:
        return self.statut not in (self.Statut.DEPOSE, self.Statut.EN_COURS)
