"""Territories, as the support edits them."""

from __future__ import annotations

from django.contrib import admin

from accounts.staff_admin import StaffAdmin
from maillage.models import MaiaTerritory


@admin.register(MaiaTerritory)
class MaiaTerritoryAdmin(StaffAdmin):
    list_display = ("name", "department", "mailbox", "rank")
    list_filter = ("department",)
    search_fields = ("name",)
    raw_id_fields = ("pilots",)
