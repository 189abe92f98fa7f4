"""Partner applications: what they may ask, who may enter, their secret; and the sign-outs told to them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.staff_admin import ReadOnlyAdmin, ReasonedForm, StaffAdmin, agent_of
from portal.hub.enums import Role
from portal.hub.models import OpenIdClient, OpenIdKey, OpenIdLogout
from portal.hub.oidc import registry
from portal.hub.oidc.enums import PERSON_SCOPES, ClientAuth, GrantType
from portal.referentiels.models import Profession


def _professions() -> list[tuple[str, str]]:
    """One choice per code: the same profession may be in two categories."""
    return list(dict(Profession.objects.order_by("rang", "pk").values_list("code", "label")).items())


class _Several(forms.TypedMultipleChoiceField):
    """Several values kept as a list column."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.CheckboxSelectMultiple, coerce=str, **kwargs)


class _Lines(forms.CharField):
    """One value per line, kept as a list column."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {
            "required": False,
            "widget": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        } | kwargs
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]


class OpenIdClientForm(ReasonedForm):
    redirect_uris = _Lines(label="Adresses de retour", help_text="Une par ligne, à la lettre près.")
    post_logout_redirect_uris = _Lines(label="Adresses après déconnexion", help_text="Une par ligne.")
    scopes = _Lines(
        label="Données permises",
        help_text=f"Une par ligne. Sur la personne : {', '.join(PERSON_SCOPES)}.",
    )
    grants = _Several(label="Usages permis", choices=GrantType.choices)
    professions = _Several(label="Professions", choices=_professions, help_text="Aucune cochée : toutes.")
    categories = _Several(label="Catégories", choices=Profession.Categorie.choices)
    roles = _Several(label="Rôles", choices=Role.choices)
    departments = _Lines(label="Départements", help_text="Un numéro par ligne. Aucun : tous.")
    structures = _Lines(label="Structures (FINESS)", help_text="Un numéro par ligne. Aucun : toutes.")
    nouveau_secret = forms.BooleanField(
        label="Donner un nouveau secret",
        required=False,
        help_text="Affiché une seule fois, après l’enregistrement. L’ancien sert encore 24 heures.",
    )

    class Meta:
        model = OpenIdClient
        fields = "__all__"


@admin.register(OpenIdClient)
class OpenIdClientAdmin(StaffAdmin):
    form = OpenIdClientForm
    list_display = ("name", "client_id", "environment", "needed_level", "is_regional", "is_active", "contact")
    list_filter = ("is_active", "environment", "is_regional", "needed_level")
    search_fields = ("name", "client_id", "contact")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "client_id",
                    "name",
                    "description",
                    "contact",
                    "environment",
                    "is_active",
                    "is_regional",
                    "tile",
                )
            },
        ),
        (
            "Adresses",
            {
                "fields": (
                    "redirect_uris",
                    "post_logout_redirect_uris",
                    "initiate_login_uri",
                    "backchannel_logout_uri",
                )
            },
        ),
        ("Ce qu’elle peut faire", {"fields": ("grants", "scopes", "consent_version", "refresh_hours")}),
        (
            "Reconnaissance",
            {"fields": ("auth_method", "nouveau_secret", "jwks", "id_token_algorithm", "is_pairwise")},
        ),
        (
            "Qui peut entrer",
            {
                "fields": (
                    "needed_level",
                    "needs_validation",
                    "professions",
                    "categories",
                    "roles",
                    "departments",
                    "structures",
                    "how_to_open",
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: OpenIdClient | None = None) -> tuple[str, ...]:
        """The name a partner has in its own settings, and the names it knows people by, never change."""
        return ("client_id", "is_pairwise") if obj else ()

    def save_model(self, request: HttpRequest, obj: OpenIdClient, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            needs_one = not change or form.cleaned_data.get("nouveau_secret")
            if needs_one and obj.auth_method == ClientAuth.SECRET:
                request.openid_secret = registry.new_secret(obj, actor=agent_of(request))  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: OpenIdClient, post_url_continue: Any = None
    ) -> HttpResponse:
        return self._show_secret(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: OpenIdClient) -> HttpResponse:
        return self._show_secret(request, obj) or super().response_change(request, obj)

    def _show_secret(self, request: HttpRequest, obj: OpenIdClient) -> HttpResponse | None:
        """The secret in the answer itself: it passes by no cookie, no session and no second page."""
        secret = getattr(request, "openid_secret", "")
        if not secret:
            return None
        told = {
            **self.admin_site.each_context(request),
            "title": f"Secret de {obj.name}",
            "client": obj,
            "secret": secret,
            "back_url": reverse("admin:hub_openidclient_change", args=[obj.pk]),
        }
        response = render(request, "hub/oidc/secret.html", told)
        response["Cache-Control"] = "no-store"
        return response


@admin.register(OpenIdLogout)
class OpenIdLogoutAdmin(ReadOnlyAdmin):
    list_display = ("client", "created_at", "reason", "tries", "told_at", "given_up_at", "last_error")
    list_filter = ("client", "reason")
    list_select_related = ("client",)


@admin.register(OpenIdKey)
class OpenIdKeyAdmin(ReadOnlyAdmin):
    list_display = ("kid", "algorithm", "created_at", "signs_from", "signs_until", "published_until")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in super().get_readonly_fields(request, obj) if name != "private_sealed"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_readonly_fields(request, obj)
