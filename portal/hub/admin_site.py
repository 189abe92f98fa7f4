"""The support's own site: staff only, a session of level 2 or more, entered through the portal's sign-in (ACL-5)."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from accounts import assurance, journal
from accounts.enums import AccountStatus, AssuranceLevel
from accounts.models import IdentityCase, User
from accounts.models.identity_case import CaseStatus
from portal.common.web import safe_next
from portal.hub.enums import TicketStatus
from portal.hub.models import SupportTicket

NEEDED_LEVEL = AssuranceLevel.AUTHENTICATOR
# Doors of Django's own admin that would let somebody type or choose a password here, or lead to any row of any table.
_CLOSED = frozenset({"password_change", "password_change_done", "view_on_site"})
OUR_APPS = frozenset({"accounts", "hub", "messaging", "referentiels", "ror", "maillage"})
# Label, name of the routes, model: an entry shows when its application has a page.
MENU = (
    ("Comptes", "accounts_user", "accounts.User"),
    ("Demandes", "hub_supportticket", "hub.SupportTicket"),
    ("Identités", "accounts_identitycase", "accounts.IdentityCase"),
    ("Journal", "accounts_securityevent", "accounts.SecurityEvent"),
    ("Messages", "messaging_outgoingmessage", "messaging.OutgoingMessage"),
    ("Annonces", "hub_notice", "hub.Notice"),
    ("Applications", "hub_tile", "hub.Tile"),
    ("Partenaires", "hub_openidclient", "hub.OpenIdClient"),
    ("Déconnexions", "hub_openidlogout", "hub.OpenIdLogout"),
    ("Pages", "hub_legalpage", "hub.LegalPage"),
    ("Documents", "hub_resourcelink", "hub.ResourceLink"),
)


class PortalAdminSite(AdminSite):
    site_title = "Support"
    site_header = "Support"
    index_title = "Tableau de bord"
    site_url = "/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff whose session was opened, or strengthened, by an authenticator app, a passkey, a card or e-CPS."""
        user = request.user
        return user.is_active and user.is_staff and assurance.level(request) >= NEEDED_LEVEL

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [entry for entry in super().get_urls() if getattr(entry, "name", None) not in _CLOSED]

    @method_decorator(never_cache)
    @login_not_required
    def login(  # type: ignore[override]  # Django promises a page, we redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is no second sign-in page: say what is missing, or lead to the page that gives it."""
        target = safe_next(request, reverse("admin:index"))
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        if not request.user.is_authenticated:
            return HttpResponseRedirect(f"{reverse('accounts:sign_in')}?{urlencode({'next': target})}")
        if not request.user.is_staff:
            journal.record(
                journal.Action.ADMIN_REFUSED,
                request=request,
                actor=request.user,
                subject=request.user,
                outcome="refused",
            )
            raise PermissionDenied
        if assurance.strongest_level(request.user) >= NEEDED_LEVEL:
            url = reverse("accounts:step_up")
            return HttpResponseRedirect(
                f"{url}?{urlencode([('niveau', int(NEEDED_LEVEL)), ('next', target)])}"
            )
        return render(request, "admin/second_proof_needed.html", {"target": target}, status=403)

    @method_decorator(never_cache)
    def logout(  # type: ignore[override]  # Django promises a page, we redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The pages post to the portal's own sign-out; this address only leads back."""
        return HttpResponseRedirect(reverse("hub:home"))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only the product's own tables have pages here: no device, secret or group of a library (ACL-5)."""
        models = _listed(model_or_iterable)
        ours = [model for model in models if model._meta.app_label in OUR_APPS]
        if ours:
            super().register(ours, admin_class, **options)

    def unregister(self, model_or_iterable: Any) -> None:
        models = _listed(model_or_iterable)
        super().unregister([model for model in models if self.is_registered(model)])

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "desk_menu": self._menu(request)}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**(extra_context or {}), "desk_counts": _counts()})

    def _menu(self, request: HttpRequest) -> list[dict[str, Any]]:
        entries = [
            (label, reverse(f"admin:{name}_changelist"))
            for label, name, model in MENU
            if self._has_page(model)
        ]
        return [
            {"label": label, "url": url, "is_current": request.path.startswith(url)} for label, url in entries
        ]

    def _has_page(self, label: str) -> bool:
        return any(model._meta.label == label for model in self._registry)


def _listed(model_or_iterable: Any) -> list[Any]:
    return [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)


def _counts() -> list[dict[str, Any]]:
    """What waits for somebody, each with the list that shows it."""
    tickets, people = reverse("admin:hub_supportticket_changelist"), reverse("admin:accounts_user_changelist")
    cases = reverse("admin:accounts_identitycase_changelist")
    rows = (
        (SupportTicket, TicketStatus.OPEN, "demande{s} à traiter", tickets),
        (SupportTicket, TicketStatus.FORWARDED, "demande{s} chez les experts", tickets),
        (IdentityCase, CaseStatus.OPEN, "identité{s} à vérifier", cases),
        (User, AccountStatus.AWAITING_DECISION, "compte{s} en attente de décision", people),
        (User, AccountStatus.PENDING, "compte{s} en attente de validation du mail", people),
    )
    found = []
    for model, status, label, url in rows:
        count = model._default_manager.filter(status=status).count()
        here = f"{url}?{urlencode({'status__exact': status.value})}"
        found.append({"count": count, "label": label.format(s="s" if count > 1 else ""), "url": here})
    return found
