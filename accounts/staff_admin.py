"""Base of the pages staff use: every change asks a reason and is in the security journal (ACL-5)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse

from accounts import journal
from accounts.models import User
from portal.common.admin_lists import GuardedListAdmin
from portal.common.validators import check_characters

MAX_REASON = 500


class ReasonField(forms.CharField):
    """« Motif »: why this is done, kept in the journal."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {
            "label": "Motif",
            "max_length": MAX_REASON,
            "help_text": "Pourquoi ce changement : conservé dans le journal, sans donnée de santé.",
            "widget": forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
            **kwargs,
        }
        super().__init__(**kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        check_characters(str(value))


class ReasonedForm(forms.ModelForm):
    """A change of content: its reason is a field of the form and not a column."""

    motif = ReasonField()


class StaffAdmin(GuardedListAdmin):
    """The site lets only staff with two strong proofs in; inside, every agent has the same rights on these pages.

    Nothing is deleted unless the class says so.
    """

    form = ReasonedForm
    actions = None
    # One labelled control per date, the browser's own: Django's pair has no label and needs scripts.
    formfield_overrides = {
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        },
        # « ordre.example » typed without a scheme is https.
        models.URLField: {"assume_scheme": "https"},
    }
    list_per_page = 50
    show_full_result_count = False
    may_add = True
    may_change = True
    may_delete = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(request.user.is_staff)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff) and self.may_add

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(request.user.is_staff) and self.may_change

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(request.user.is_staff) and self.may_delete

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """The reason comes last, under its own title."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if not (self.has_change_permission(request, obj) and issubclass(self.form, ReasonedForm)):
            return fieldsets
        rest = [(name, _without_reason(options)) for name, options in fieldsets]
        return [*rest, ("Motif du changement", {"fields": ("motif",)})]

    # --- titles in our words --------------------------------------------------------------------------
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = str(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": _sentence(title), **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id)) if object_id else None
        title = str(row) if row is not None else f"Ajouter : {self.opts.verbose_name}"
        return super().changeform_view(
            request, object_id, form_url, {"title": title, **(extra_context or {})}
        )

    # --- journal --------------------------------------------------------------------------------------
    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self._record(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self._record(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        with transaction.atomic():
            self._record(request, obj, "deleted", "")
            super().delete_model(request, obj)

    def _record(self, request: HttpRequest, obj: models.Model, what: str, message: Any) -> None:
        fields = (
            message[0].get("changed", {}).get("fields", []) if isinstance(message, list) and message else []
        )
        journal.record(
            journal.Action.ADMIN_CHANGED,
            request=request,
            actor=agent_of(request),
            reason=" ".join(request.POST.get("motif", "").split()),
            what=what,
            model=obj._meta.label_lower,
            object_id=str(obj.pk),
            fields=[str(name) for name in fields],
        )


class ReadOnlyAdmin(StaffAdmin):
    """Pages to read only."""

    form = forms.ModelForm  # type: ignore[assignment]  # nothing is saved: no reason to ask
    may_add = may_change = may_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return [field.name for field in self.model._meta.fields]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _without_reason(options: Any) -> dict[str, Any]:
    return {**options, "fields": tuple(name for name in options["fields"] if name != "motif")}


def agent_of(request: HttpRequest) -> User:
    """The agent who acts; the site let nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def record_view(request: HttpRequest, obj: Any, subject: Any = None) -> None:
    """Reading somebody's file leaves a line too."""
    journal.record(
        journal.Action.ADMIN_VIEWED,
        request=request,
        actor=agent_of(request),
        subject=subject,
        model=obj._meta.label_lower,
        object_id=str(obj.pk or ""),
    )
