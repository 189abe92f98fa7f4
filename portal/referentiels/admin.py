"""Reference data in the support's pages: lists to read, choices and instructions to edit, files to import."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.contrib import admin, messages
from django.contrib.postgres.search import SearchQuery
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.staff_admin import ReadOnlyAdmin, StaffAdmin, agent_of
from portal.common.text import fold
from portal.common.web import wants_fragment
from portal.referentiels import depots, models
from portal.referentiels.admin_lists import (
    ConceptStateFilter,
    FoldedSearch,
    NomenclatureFilter,
    ProfessionFilter,
    StateFilter,
    StateOfStructureFilter,
    date,
    state_of,
)
from portal.referentiels.forms import AcceptForm, ConsigneForm, DepositForm, FiltreForm
from portal.referentiels.importers.catalogue import SOURCES
from portal.referentiels.libelles import profession_label


@admin.register(models.ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Deposit a file, watch it being checked, read the report, ask for it to be written."""

    list_display = ("source_name", "nom_fichier", "statut", "cree_le", "termine_le")
    list_filter = ("source", "statut")
    change_list_template = "referentiels/admin/imports.html"

    @admin.display(description="source")
    def source_name(self, run: models.ImportRun) -> str:
        source = SOURCES.get(run.source)
        return source.label if source else run.source

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("deposer/", view(self.deposit), name="referentiels_importrun_deposit"),
            path("<uuid:pk>/ecrire/", view(require_POST(self.write)), name="referentiels_importrun_write"),
            path("<uuid:pk>/relancer/", view(require_POST(self.again)), name="referentiels_importrun_again"),
            path("<uuid:pk>/lignes-refusees.csv", view(self.rejects), name="referentiels_importrun_rejects"),
        ]
        return own + super().get_urls()

    def deposit(self, request: HttpRequest) -> HttpResponse:
        form = DepositForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            with transaction.atomic():
                run = depots.deposit(
                    form.cleaned_data["source"],
                    form.cleaned_data["fichier"],
                    auteur_ref=str(agent_of(request).public_id),
                )
                self.log_addition(request, run, [])
                depots.enqueue(run)
            return redirect(_page(run))
        status = 422 if form.is_bound else 200
        context = {
            **self.admin_site.each_context(request),
            "title": "Importer un fichier",
            "form": form,
            "sources": _sources_with_last_write(),
        }
        return render(request, "referentiels/admin/deposer.html", context, status=status)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """Progress while the worker reads the file, then the report and what can be done."""
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        return self._progress_page(request, run)

    def _progress_page(
        self, request: HttpRequest, run: models.ImportRun, form: AcceptForm | None = None
    ) -> HttpResponse:
        stage, percent = depots.progress_of(run)
        option = depots.asked_option(run)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Import : {self.source_name(run)}",
            "run": run,
            "interrupted": depots.is_interrupted(run),
            "stage": stage,
            "percent": percent,
            "counts": depots.counts_of(run),
            "rejects": depots.first_rejects(run),
            "form": form or (AcceptForm(option=option) if option else None),
            "step": _step(run),
            "steps": ["Déposer", "Vérifier", "Lire le rapport", "Écrire"],
            "tone": _TONES[run.statut],
        }
        page = (
            "referentiels/includes/etat_import.html"
            if wants_fragment(request)
            else "referentiels/admin/suivi.html"
        )
        return render(request, page, context, status=422 if form else 200)

    def write(self, request: HttpRequest, pk: str) -> HttpResponse:
        run = get_object_or_404(models.ImportRun, pk=pk)
        option = depots.asked_option(run)
        form = AcceptForm(request.POST, option=option) if option else None
        if form is not None and not form.is_valid():
            return self._progress_page(request, run, form)
        with transaction.atomic():
            done = depots.ask_write(run, accepted=form is not None)
            if done:
                self.log_change(request, run, [{"changed": {"fields": ["ecrire"]}}])
                depots.enqueue(run)
        if not done:
            messages.warning(request, "Cet import n’attend pas d’être écrit.")
        return redirect(_page(run))

    def again(self, request: HttpRequest, pk: str) -> HttpResponse:
        run = get_object_or_404(models.ImportRun, pk=pk)
        with transaction.atomic():
            depots.mark_interrupted(run)
            run.refresh_from_db()
            if depots.ask_again(run):
                self.log_change(request, run, [{"changed": {"fields": ["statut"]}}])
                depots.enqueue(run)
        return redirect(_page(run))

    def rejects(self, request: HttpRequest, pk: str) -> HttpResponse | FileResponse:
        run = get_object_or_404(models.ImportRun, pk=pk)
        if not run.chemin_rejets or not Path(run.chemin_rejets).is_file():
            raise Http404
        return FileResponse(
            Path(run.chemin_rejets).open("rb"), as_attachment=True, filename="lignes-refusees.csv"
        )


_TONES = {
    models.ImportRun.Statut.DEPOSE: "neutral",
    models.ImportRun.Statut.EN_COURS: "info",
    models.ImportRun.Statut.VERIFIE: "info",
    models.ImportRun.Statut.ECRIT: "positive",
    models.ImportRun.Statut.REFUSE: "danger",
    models.ImportRun.Statut.INTERROMPU: "warning",
}


def _step(run: models.ImportRun) -> int:
    """Where the person is: the file is checked (2), its report is read (3), it is written (4)."""
    if run.statut == models.ImportRun.Statut.VERIFIE or depots.asked_option(run):
        return 3
    return 4 if run.ecrire else 2


def _sources_with_last_write() -> list[dict[str, Any]]:
    """What each source is, and when a file of it was last written."""
    written = models.ImportRun.objects.filter(statut=models.ImportRun.Statut.ECRIT)
    last = dict(written.order_by("source").values_list("source").annotate(last=Max("termine_le")))
    return [
        {"label": source.label, "help": source.help, "last": last.get(key)} for key, source in SOURCES.items()
    ]


def _page(run: models.ImportRun) -> str:
    return reverse("admin:referentiels_importrun_change", args=[run.pk])


@admin.register(models.Profession)
class ProfessionAdmin(FoldedSearch, StaffAdmin):
    list_display = ("label", "categorie", "code_nos", "is_selectable")
    list_filter = ("categorie", "is_selectable")
    search_fields = ("label_plie", "=code_nos")
    search_help_text = "Début ou partie du libellé, ou code national."
    fields = (
        "code", "label", "categorie", "code_nos", "ordre", "url_enregistrement", "allows_card", "allows_ecps",
        "is_selectable", "rang",
    )  # fmt: skip

    def save_model(self, request: HttpRequest, obj: models.Profession, form: Any, change: bool) -> None:
        obj.label_plie = fold(obj.label)[:120]
        super().save_model(request, obj, form, change)


@admin.register(models.Nomenclature)
class NomenclatureAdmin(FoldedSearch, ReadOnlyAdmin):
    list_display = ("code", "nom", "version", "open_codes", "closed_codes")
    list_filter = ("type",)
    search_fields = ("code", "nom__icontains", "libelle__icontains")
    search_help_text = "Identifiant (R211, J16) ou partie du nom publié."

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Nomenclature]:
        is_closed = Q(concepts__ferme=True)
        return (
            super()
            .get_queryset(request)
            .annotate(
                ouverts=Count("concepts", filter=~is_closed), fermes=Count("concepts", filter=is_closed)
            )
        )

    @admin.display(description="codes en usage", ordering="ouverts")
    def open_codes(self, liste: Any) -> str:
        address = reverse("admin:referentiels_nomenclatureconcept_changelist")
        return format_html(
            '<a href="{}?nomenclature={}">{}<span class="sr-only"> codes de {}</span></a>',
            address, liste.code, liste.ouverts, liste.code,
        )  # fmt: skip

    @admin.display(description="codes fermés", ordering="fermes")
    def closed_codes(self, liste: Any) -> int:
        return int(liste.fermes)


@admin.register(models.NomenclatureConcept)
class NomenclatureConceptAdmin(FoldedSearch, ReadOnlyAdmin):
    list_display = ("libelle", "code", "nomenclature", "state")
    list_filter = (NomenclatureFilter, StateFilter)
    list_select_related = ("nomenclature",)
    search_fields = ("=code", "libelle_plie", "=nomenclature__code")
    search_help_text = "Code, partie du libellé (avec ou sans accents), ou identifiant de la liste."

    @admin.display(description="état", ordering="ferme")
    def state(self, concept: models.NomenclatureConcept) -> str:
        return state_of(concept)


@admin.register(models.FiltreProfession)
class FiltreProfessionAdmin(FoldedSearch, StaffAdmin):
    """Which acts, activities and equipment a profession may choose: the table no national file gives."""

    may_delete = True
    form = FiltreForm
    list_display = ("concept_label", "profession", "champ", "code", "rang", "offered")
    list_filter = (ProfessionFilter, "champ", "actif", ConceptStateFilter)
    list_select_related = ("concept__nomenclature",)
    search_fields = ("concept__libelle_plie", "=concept__code", "libelle_local__icontains")
    search_help_text = "Code, ou partie du libellé (avec ou sans accents)."
    fields = ("code_profession", "champ", "concept", "libelle_local", "rang", "actif")

    @admin.display(description="choix proposé", ordering="concept__libelle_plie")
    def concept_label(self, row: models.FiltreProfession) -> str:
        return row.libelle_local or row.concept.libelle

    @admin.display(description="profession", ordering="code_profession")
    def profession(self, row: models.FiltreProfession) -> str:
        return profession_label(row.code_profession)

    @admin.display(description="code", ordering="concept__code")
    def code(self, row: models.FiltreProfession) -> str:
        return f"{row.concept.nomenclature_id} · {row.concept.code}"

    @admin.display(description="proposé")
    def offered(self, row: models.FiltreProfession) -> str:
        """A closed code is never offered, whatever the box says."""
        if row.concept.ferme:
            return f"non : {state_of(row.concept)}"
        return "oui" if row.actif else "non : décoché"


@admin.register(models.ConsigneProfession)
class ConsigneProfessionAdmin(FoldedSearch, StaffAdmin):
    may_delete = True
    form = ConsigneForm
    list_display = ("heading", "profession", "field", "modifie_le")
    list_filter = (ProfessionFilter,)
    search_fields = ("titre__icontains", "texte__icontains")
    search_help_text = "Mots du titre ou du texte, tels qu’ils sont écrits."
    folds = False
    fields = ("code_profession", "champ", "titre", "texte")

    @admin.display(description="titre", ordering="titre")
    def heading(self, row: models.ConsigneProfession) -> str:
        return row.titre or f"{row.texte[:60]}…"

    @admin.display(description="profession", ordering="code_profession")
    def profession(self, row: models.ConsigneProfession) -> str:
        return profession_label(row.code_profession)

    @admin.display(description="champ du formulaire", ordering="champ")
    def field(self, row: models.ConsigneProfession) -> str:
        return dict(models.FiltreProfession.Champ.choices).get(row.champ, row.champ).capitalize()


@admin.register(models.GroupementTerritorial)
class GroupementTerritorialAdmin(StaffAdmin):
    list_display = ("nom", "type", "territoire")
    list_filter = ("type", "territoire")
    search_fields = ("nom",)
    fields = ("type", "nom", "slug", "territoire", "communes", "structures", "site_web")
    raw_id_fields = ("communes", "structures")


@admin.register(models.Commune)
class CommuneAdmin(FoldedSearch, ReadOnlyAdmin):
    list_display = ("nom", "code_insee", "departement", "population", "ferme_le")
    list_filter = ("type",)
    list_select_related = ("departement",)
    search_fields = ("nom_plie__startswith", "=code_insee", "=codes_postaux__code")
    search_help_text = "Début du nom (avec ou sans accents), code INSEE ou code postal."


@admin.register(models.StructureFiness)
class StructureFinessAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "numero_finess", "type", "libelle_categorie", "code_departement", "state")
    list_filter = ("type", StateOfStructureFilter)
    list_select_related = ("entite_juridique",)
    search_fields = ("=numero_finess",)
    search_help_text = "Mots du nom ou de la commune, code postal, numéro FINESS ou SIRET."

    @admin.display(description="état", ordering="ferme_le")
    def state(self, row: models.StructureFiness) -> str:
        return f"fermée depuis le {date(row.ferme_le)}" if row.ferme_le else "ouverte"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[models.StructureFiness], search_term: str
    ) -> tuple[QuerySet[models.StructureFiness], bool]:
        """Each word typed starts a word of the name, of the town or the postal code; or the number itself."""
        compact = "".join(search_term.split()).upper()
        words = re.findall(r"[a-z0-9]+", fold(search_term))
        if not words:
            return queryset, False
        query = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
        return queryset.filter(Q(termes=query) | Q(pk=compact[:9]) | Q(numero_siret=compact[:14])), False


@admin.register(models.ProfessionnelRpps)
class ProfessionnelRppsAdmin(FoldedSearch, ReadOnlyAdmin):
    list_display = ("nom", "prenom", "identifiant", "profession", "state")
    search_fields = ("=identifiant", "nom_plie__startswith")
    search_help_text = "Numéro RPPS ou ADELI, ou début du nom (avec ou sans accents)."

    @admin.display(description="profession", ordering="code_profession")
    def profession(self, row: models.ProfessionnelRpps) -> str:
        return profession_label(row.code_profession)

    @admin.display(description="état", ordering="ferme_le")
    def state(self, row: models.ProfessionnelRpps) -> str:
        return f"absent du fichier depuis le {date(row.ferme_le)}" if row.ferme_le else "présent"


@admin.register(models.AncienIdentifiant)
class AncienIdentifiantAdmin(StaffAdmin):
    """An ADELI number tied by hand to the RPPS person it became."""

    may_delete = True
    list_display = ("valeur", "type", "professionnel", "origine")
    list_select_related = ("professionnel",)
    search_fields = ("=valeur",)
    fields = ("type", "valeur", "professionnel")
    raw_id_fields = ("professionnel",)
