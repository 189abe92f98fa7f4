"""Addresses shown by « Quelle authentification forte pour moi ? », and the proven identities, to read only."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db import models

from accounts.models import HelpLink, NationalLink, StrongMeans
from accounts.staff_admin import ReadOnlyAdmin, StaffAdmin


@admin.register(HelpLink)
class HelpLinkAdmin(StaffAdmin):
    list_display = ("key", "label", "url", "updated_at")
    fields = ("key", "label", "url", "motif")
    ordering = ("key",)
    formfield_overrides: ClassVar[dict] = {
        **StaffAdmin.formfield_overrides,
        models.URLField: {"assume_scheme": "https"},
    }
    may_delete = True


@admin.register(NationalLink)
class NationalLinkAdmin(ReadOnlyAdmin):
    list_display = ("national_id", "user", "is_former", "proven_by", "proven_at", "ended_at")
    list_select_related = ("user",)
    search_fields = ("=national_id", "=user__public_id")
    ordering = ("-proven_at", "-pk")


@admin.register(StrongMeans)
class StrongMeansAdmin(ReadOnlyAdmin):
    list_display = ("label", "link", "kind", "card_kind", "first_seen", "last_used", "unlinked_at")
    list_select_related = ("link",)
    list_filter = ("kind",)
    search_fields = ("=card_number", "=link__national_id")
    ordering = ("-last_used", "-pk")
