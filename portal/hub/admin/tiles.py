"""Applications: content, links, order, and who may enter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts.staff_admin import ReasonedForm, StaffAdmin
from portal.common.templatetags.portal_icons import ICONS
from portal.hub.enums import Role
from portal.hub.models import Tile, TileLink
from portal.referentiels.models import Profession


def _professions() -> list[tuple[str, str]]:
    """One choice per code: the same profession may be in two categories."""
    rows = Profession.objects.order_by("rang", "pk").values_list("code", "label")
    return list(dict(rows).items())


class _Several(forms.TypedMultipleChoiceField):
    """Several values kept as a list column."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.CheckboxSelectMultiple, coerce=str, **kwargs)


class TileForm(ReasonedForm):
    professions = _Several(label="Professions", choices=_professions, help_text="Aucune cochée : toutes.")
    categories = _Several(label="Catégories", choices=Profession.Categorie.choices)
    roles = _Several(label="Rôles", choices=Role.choices)
    icon = forms.ChoiceField(label="Icône", choices=[(name, name) for name in sorted(ICONS)])

    class Meta:
        model = Tile
        fields = "__all__"


class TileLinkInline(admin.StackedInline):
    model = TileLink
    extra = 1
    fields = ("label", "slug", "url", "rank")
    prepopulated_fields = {"slug": ("label",)}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(Tile)
class TileAdmin(StaffAdmin):
    form = TileForm
    inlines = (TileLinkInline,)
    list_display = (
        "name",
        "subtitle",
        "environment",
        "needed_level",
        "needs_validation",
        "rank",
        "is_active",
    )
    list_filter = ("is_active", "environment", "needed_level", "needs_validation")
    search_fields = ("name", "subtitle")
    prepopulated_fields = {"slug": ("name",)}
    ordering = ("rank", "pk")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "slug",
                    "subtitle",
                    "description",
                    "icon",
                    "environment",
                    "rank",
                    "is_active",
                )
            },
        ),
        ("Ce qu’il faut pour entrer", {"fields": ("needed_level", "needs_validation")}),
        (
            "Pour qui",
            {"fields": ("professions", "categories", "roles", "is_shown_to_others", "how_to_open")},
        ),
    )
