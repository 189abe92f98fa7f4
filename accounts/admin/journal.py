"""The security journal, to read only. Opening it leaves a line as well (DAT-3)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from accounts import journal_words
from accounts.identify import find_account
from accounts.journal import Action
from accounts.models import SecurityEvent, User
from accounts.staff_admin import ReadOnlyAdmin, record_view


class ActionFilter(admin.SimpleListFilter):
    title = "action"
    parameter_name = "action"
    template = "admin/select_filter.html"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return sorted(Action.choices, key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[SecurityEvent]) -> QuerySet[SecurityEvent]:
        return queryset.filter(action=self.value()) if self.value() in Action.values else queryset


_OUTCOMES = {"success": "réussite", "failure": "échec", "refused": "refus"}


class OutcomeFilter(admin.SimpleListFilter):
    title = "résultat"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return list(_OUTCOMES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[SecurityEvent]) -> QuerySet[SecurityEvent]:
        return queryset.filter(outcome=self.value()) if self.value() in _OUTCOMES else queryset


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "what", "outcome_label", "actor", "subject", "reason", "means", "device")
    list_filter = (ActionFilter, OutcomeFilter, "at")
    list_select_related = ("actor", "subject")
    search_fields = ("correlation_id",)
    search_help_text = "Identifiant, adresse e-mail, numéro RPPS ou référence d’un compte ; ou corrélation."
    ordering = ("-id",)
    fields = (
        "at", "what", "outcome_label", "actor_link", "subject_link", "reason", "means", "level", "address", "device",
        "correlation_id", "data", "seal",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SecurityEvent], search_term: str
    ) -> tuple[QuerySet[SecurityEvent], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        person = _find(term)
        who = Q(subject=person) | Q(actor=person) if person else Q(pk=None)
        return queryset.filter(who | Q(correlation_id=term[:40])), False

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        record_view(request, SecurityEvent())
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id)) if object_id else None
        title = {"title": self.what(row)} if row is not None else {}
        return super().changeform_view(request, object_id, form_url, title | (extra_context or {}))

    @admin.display(description="action", ordering="action")
    def what(self, event: SecurityEvent) -> str:
        return dict(Action.choices).get(event.action, event.action)

    @admin.display(description="résultat", ordering="outcome")
    def outcome_label(self, event: SecurityEvent) -> str:
        return _OUTCOMES.get(event.outcome, event.outcome)

    @admin.display(description="moyen", ordering="method")
    def means(self, event: SecurityEvent) -> str:
        return journal_words.means([event.method]) if event.method else "–"

    @admin.display(description="auteur")
    def actor_link(self, event: SecurityEvent) -> str:
        return _link(event.actor)

    @admin.display(description="compte concerné")
    def subject_link(self, event: SecurityEvent) -> str:
        return _link(event.subject)


def _link(user: User | None) -> str:
    if user is None:
        return "–"
    return format_html('<a href="{}">{}</a>', reverse("admin:accounts_user_change", args=[user.pk]), user)


def _find(term: str) -> User | None:
    try:
        return User.objects.filter(public_id=uuid.UUID(term)).first()
    except ValueError:
        return find_account(term)
