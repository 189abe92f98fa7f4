"""What the lists of the support share: search without accents, filters in words, states said."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format

from portal.common.text import fold
from portal.referentiels.libelles import profession_label
from portal.referentiels.models import (
    ConsigneProfession,
    FiltreProfession,
    Nomenclature,
    NomenclatureConcept,
)


def date(moment: Any) -> str:
    return date_format(moment, "j F Y")


def state_of(concept: NomenclatureConcept) -> str:
    """« en usage », « code fermé depuis le 3 mai 2026 »."""
    if not concept.ferme:
        return "en usage"
    return f"code fermé depuis le {date(concept.fin_le)}" if concept.fin_le else "code fermé"


class FoldedSearch:
    """The columns searched hold no accents: what is typed loses its own."""

    folds = True

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = fold(search_term) if self.folds else search_term
        return super().get_search_results(request, queryset, typed)  # type: ignore[misc]


class ProfessionFilter(admin.SimpleListFilter):
    """The professions that have rows in this list, by name."""

    title = "profession"
    parameter_name = "profession"
    template = "admin/select_filter.html"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[FiltreProfession | ConsigneProfession]
    ) -> list[tuple[str, str]]:
        rows = model_admin.model._default_manager.order_by("code_profession")
        codes = rows.values_list("code_profession", flat=True).distinct()
        return [(code or "toutes", profession_label(code)) for code in codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        value = self.value()
        return queryset.filter(code_profession="" if value == "toutes" else value) if value else queryset


class NomenclatureFilter(admin.SimpleListFilter):
    title = "liste"
    parameter_name = "nomenclature"
    template = "admin/select_filter.html"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[NomenclatureConcept]
    ) -> list[tuple[str, str]]:
        return [(liste.code, str(liste)) for liste in Nomenclature.objects.order_by("code")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(nomenclature=self.value()) if self.value() else queryset


class StateFilter(admin.SimpleListFilter):
    """Codes in use, or closed ones."""

    title = "état"
    parameter_name = "etat"
    column = "ferme"
    words = (("ouverts", "en usage"), ("fermes", "fermés (affichés, plus proposés)"))

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> tuple[tuple[str, str], ...]:
        return self.words

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if self.value() not in ("ouverts", "fermes"):
            return queryset
        return queryset.filter(**{self.column: self.value() == "fermes"})


class ConceptStateFilter(StateFilter):
    title = "état du code"
    column = "concept__ferme"


class StateOfStructureFilter(StateFilter):
    words = (("ouverts", "ouvertes"), ("fermes", "fermées"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if self.value() not in ("ouverts", "fermes"):
            return queryset
        return queryset.filter(ferme_le__isnull=self.value() == "ouverts")
