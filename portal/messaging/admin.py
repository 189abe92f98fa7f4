"""Support's view of the messages: read only, failures first, and one action, sending again with a reason."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from portal.common.admin_lists import GuardedListAdmin
from portal.common.forms import Form
from portal.common.text import mask_email, mask_phone
from portal.messaging import purposes
from portal.messaging.models import Channel, OutgoingMessage, Status
from portal.messaging.resending import Resend, resend

_SENDER = re.compile(r"\[[^\]]*\]\s*")
ERASED = "Contenu secret : il n'est montré à personne et s'efface à la fin de l'envoi."


class ResendForm(Form):
    reason = forms.CharField(
        label="Motif du renvoi",
        max_length=200,
        help_text="Conservé avec votre nom dans l'historique du message.",
    )


class StateFilter(admin.SimpleListFilter):
    """Failures unless another state is asked for: they are what somebody must look at."""

    title = "état"
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("tous", "tous"),
            *((value, label) for value, label in Status.choices if value != Status.FAILED),
        ]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": Status.FAILED.label,
        }
        yield from list(super().choices(changelist))[1:]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutgoingMessage]
    ) -> QuerySet[OutgoingMessage]:
        chosen = self.value()
        if chosen == "tous":
            return queryset
        return queryset.filter(status=chosen if chosen in Status.values else Status.FAILED)


class PurposeFilter(admin.SimpleListFilter):
    title = "motif"
    parameter_name = "purpose"
    template = "admin/select_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(purposes.WORDS.items(), key=lambda entry: entry[1])

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutgoingMessage]
    ) -> QuerySet[OutgoingMessage]:
        return queryset.filter(purpose=self.value()) if self.value() in purposes.WORDS else queryset


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(GuardedListAdmin):
    list_display = (
        "what",
        "created_at",
        "masked_recipient",
        "status",
        "attempts",
        "last_error",
    )
    list_filter = (StateFilter, "channel", PurposeFilter)
    search_fields = ("=id", "=recipient", "=subject_ref", "=correlation_id")
    search_help_text = "Adresse ou numéro exact, dossier, référence de suivi ou identifiant du message"
    show_full_result_count = False
    list_per_page = 50
    actions = ["resend_chosen"]
    fields = (
        *("channel", "purpose_words", "recipient", "sender", "subject", "shown_text", "status", "attempts"),
        *("ambiguous_attempts", "last_error", "provider_id", "created_at", "next_attempt_at", "finished_at"),
        *("expires_at", "subject_ref", "correlation_id", "id"),
    )
    readonly_fields = fields

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: OutgoingMessage | None = None) -> bool:
        """Every agent the site lets in: what could not leave is theirs to see and to send again (REL-1)."""
        return bool(request.user.is_active and request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: OutgoingMessage | None = None) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutgoingMessage | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutgoingMessage]:
        return super().get_queryset(request).defer("sealed_body", "body_html")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Messages", **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id)) if object_id else None
        title = self.what(row) if row is not None else "Message"
        nothing_to_save = {"show_save": False, "show_save_and_continue": False}
        return super().changeform_view(
            request, object_id, form_url, {"title": title, **nothing_to_save, **(extra_context or {})}
        )

    @admin.display(description="message", ordering="subject")
    def what(self, message: OutgoingMessage) -> str:
        """The subject of a mail, without the sender's name in brackets; « SMS » for an SMS."""
        return _SENDER.sub("", message.subject, count=1) or message.get_channel_display()

    @admin.display(description="motif")
    def purpose_words(self, message: OutgoingMessage) -> str:
        return purposes.words(message.purpose)

    @admin.display(description="destinataire")
    def masked_recipient(self, message: OutgoingMessage) -> str:
        mask = mask_email if message.channel == Channel.EMAIL else mask_phone
        return mask(message.recipient)

    @admin.display(description="texte")
    def shown_text(self, message: OutgoingMessage) -> str:
        return ERASED if message.is_sensitive else message.body_text

    @admin.action(description="Renvoyer les messages choisis", permissions=["change"])
    def resend_chosen(
        self, request: HttpRequest, queryset: QuerySet[OutgoingMessage]
    ) -> HttpResponse | TemplateResponse | None:
        """Ask for the reason first, then send each message again and keep who asked and why."""
        form = ResendForm(request.POST if "confirm" in request.POST else None)
        if not form.is_valid():
            return self._ask_reason(request, queryset, form)
        for message in queryset:
            outcome = resend(message.pk)
            if outcome is Resend.QUEUED:
                self.log_change(request, message, f"Renvoi demandé : {form.cleaned_data['reason']}")
            level = messages.SUCCESS if outcome is Resend.QUEUED else messages.WARNING
            self.message_user(request, f"Message {message.pk} : {outcome.value}.", level)
        return None

    def _ask_reason(
        self, request: HttpRequest, queryset: QuerySet[OutgoingMessage], form: ResendForm
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Renvoyer des messages",
            "opts": self.model._meta,
            "form": form,
            "chosen": [(self.what(message), message) for message in queryset],
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "messaging/admin_resend.html", context)
