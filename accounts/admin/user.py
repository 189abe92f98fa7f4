"""Accounts as the support sees them: find, understand what blocks, act with a reason. Nothing else is editable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime

from accounts import sessions, support, support_acts, workplaces
from accounts.admin.forms import ActForm, CorrectionForm, EmailForm, OtherPlaceForm, RolesForm
from accounts.admin.search import find_people
from accounts.journal import Action
from accounts.models import User
from accounts.notifications import subject_ref
from accounts.selectors import what_blocks
from accounts.staff_admin import ReadOnlyAdmin, agent_of, record_view
from accounts.workflows import email_change, lost_factor, profile
from accounts.workplaces import Workplace
from portal.common.workflow import WorkflowError
from portal.messaging.models import OutgoingMessage
from portal.plateformes import current

RECENT_EVENTS = 15
RECENT_MESSAGES = 8


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("full_name", "reach", "rpps", "profession", "state", "created_on")
    list_filter = ("status", "is_staff", "created_at")
    list_select_related = ("profession",)
    search_fields = ("search_key",)
    search_help_text = (
        "Nom et prénom (accents indifférents), adresse e-mail, identifiant, numéro RPPS ou ADELI."
    )
    ordering = ("-created_at", "-pk")

    @admin.display(description="nom", ordering="search_key")
    def full_name(self, user: User) -> str:
        return f"{user.nom} {user.prenom}"

    @admin.display(description="identifiant et adresse", ordering="identifiant")
    def reach(self, user: User) -> str:
        box, _, domain = user.email.rpartition("@")
        return format_html(
            '<span>{}<br><span class="muted">{}<wbr>@{}</span></span>', user.identifiant, box, domain
        )

    @admin.display(description="état", ordering="status")
    def state(self, user: User) -> str:
        return render_to_string("admin/accounts/user/status.html", {"person": user})

    @admin.display(description="créé le", ordering="created_at")
    def created_on(self, user: User) -> str:
        return format_html('<span class="nowrap">{}</span>', date_format(localtime(user.created_at), "d/m/Y"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        return find_people(queryset, search_term), False

    def get_urls(self) -> list[URLPattern]:
        def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(view)

        own = [
            path("<int:pk>/corriger/", page(self.correct), name="accounts_user_correct"),
            path("<int:pk>/autre-etablissement/", page(self.correct_other_place), name="accounts_user_place"),
            path("<int:pk>/adresse/", page(self.correct_email), name="accounts_user_email"),
            path("<int:pk>/roles/", page(self.roles), name="accounts_user_roles"),
            path("<int:pk>/actes/<slug:key>/", page(self.act), name="accounts_user_act"),
        ]
        return own + super().get_urls()

    # --- pages ------------------------------------------------------------------------------------------
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """The person's page: state, what blocks, sessions, history, messages, and the acts that make sense."""
        user = self._person(request, object_id)
        record_view(request, user, subject=user)
        places = workplaces.others(user)
        context = self._context(request, user) | {
            "blocks": what_blocks(user),
            "acts": [] if user.pk == request.user.pk else support_acts.acts_for(user),
            "is_self": user.pk == request.user.pk,
            "open_sessions": list(sessions.open_sessions(user)[:20]),
            "roles": sorted(user.groups.values_list("name", flat=True)),
            "other_workplaces": places,
            "has_other_place": bool(places) or "second_establishment" in current().sign_up.fields,
            "events": _events(user),
            "outgoing": _messages(user),
            "pending_email": email_change.pending(user),
            "pending_removal": lost_factor.pending(user),
        }
        return render(request, "admin/accounts/user/person.html", context)

    def act(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        """Confirm one act with its reason, then do it."""
        user = self._person(request, pk)
        act = support_acts.find_act(key)
        if act is None:
            raise Http404
        form = ActForm(request.POST or None)

        def do() -> str:
            act.perform(user, actor=agent_of(request), reason=form.cleaned_data["motif"], request=request)
            return f"C’est fait : {act.label[:1].lower()}{act.label[1:]}."

        return self._form_page(
            request,
            user,
            form,
            do,
            title=act.label,
            explanation=act.explanation,
            button=act.label,
            is_destructive=act.is_destructive,
        )

    def correct(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = self._person(request, pk)
        form = CorrectionForm(request.POST or None, instance=User.objects.get(pk=user.pk))

        def do() -> str:
            changed = support.correct(
                user,
                form.values(),
                actor=agent_of(request),
                reason=form.cleaned_data["motif"],
                seen_at=_moment(form.cleaned_data["vu"]),
                request=request,
            )
            return "Le compte est corrigé." if changed else "Rien n’a changé."

        return self._form_page(
            request,
            user,
            form,
            do,
            title="Corriger les coordonnées",
            explanation="Le nom d’usage, les coordonnées et la profession. L’adresse de connexion, le mobile et les "
            "numéros d’identité se changent autrement : ils demandent une preuve.",
            button="Enregistrer la correction",
        )

    def correct_other_place(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The second establishment (CVL-018): written, corrected, or taken away when every field is empty."""
        user = self._person(request, pk)
        held, *rest = workplaces.others(user) or (Workplace(),)
        form = OtherPlaceForm(request.POST or None, person=user, place=held)

        def do() -> str:
            place = form.place()
            changed = support.correct(
                user,
                {profile.OTHER_PLACES: [*([place] if place.is_begun else []), *rest]},
                actor=agent_of(request),
                reason=form.cleaned_data["motif"],
                seen_at=_moment(form.cleaned_data["vu"]),
                request=request,
            )
            return "Le deuxième établissement est corrigé." if changed else "Rien n’a changé."

        return self._form_page(
            request,
            user,
            form,
            do,
            title="Corriger le deuxième établissement",
            explanation="Le lieu d’exercice déclaré en plus du premier. Pour le retirer, videz tous les champs.",
            button="Enregistrer la correction",
        )

    def correct_email(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = self._person(request, pk)
        form = EmailForm(request.POST or None)

        def do() -> str:
            support.correct_email(
                user,
                form.cleaned_data["email"],
                actor=agent_of(request),
                reason=form.cleaned_data["motif"],
                request=request,
            )
            return "Un mail de validation part à la nouvelle adresse : elle servira après le clic de la personne."

        return self._form_page(
            request,
            user,
            form,
            do,
            title="Corriger l’adresse e-mail",
            explanation="Vérifiez l’identité de la personne. La nouvelle adresse ne sert qu’après le clic sur le lien "
            "qui y est envoyé ; l’ancienne est avertie.",
            button="Envoyer le mail de validation",
        )

    def roles(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = self._person(request, pk)
        initial = {"roles": user.groups.all(), "is_staff": user.is_staff}
        form = RolesForm(request.POST or None, initial=initial, actor=agent_of(request))

        def do() -> str:
            data = form.cleaned_data
            changed = support.set_roles(
                user,
                list(data["roles"]),
                actor=agent_of(request),
                reason=data["motif"],
                is_staff=data.get("is_staff"),
                request=request,
            )
            return "Les rôles sont enregistrés." if changed else "Rien n’a changé."

        return self._form_page(
            request,
            user,
            form,
            do,
            title="Rôles",
            explanation="Un rôle ouvre des applications. « professionnel-valide » dit que l’identité professionnelle a "
            "été vérifiée.",
            button="Enregistrer les rôles",
        )

    # --- common -----------------------------------------------------------------------------------------
    def _person(self, request: HttpRequest, pk: int | str) -> User:
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = (
            User.objects.select_related("profession").filter(pk=pk).first() if str(pk).isdecimal() else None
        )
        if user is None:
            raise Http404
        return user

    def _context(self, request: HttpRequest, user: User) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "person": user,
            "title": str(user),
        }

    def _form_page(
        self,
        request: HttpRequest,
        user: User,
        form: Any,
        do: Callable[[], str],
        *,
        title: str,
        explanation: str,
        button: str,
        is_destructive: bool = False,
    ) -> HttpResponse:
        """One form, one call to `accounts.support`; a refusal is shown and nothing typed is lost."""
        if request.method == "POST" and form.is_valid():
            try:
                said = do()
            except WorkflowError as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, said)
                return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[user.pk]))
        context = self._context(request, user) | {
            "form": form,
            "title": title,
            "explanation": explanation,
            "button": button,
            "is_destructive": is_destructive,
        }
        return render(request, "admin/accounts/user/act.html", context)


def _moment(text: str) -> datetime:
    """The version the page was shown with; a forged one matches nothing, so the save is refused as stale."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, tz=UTC)


def _events(user: User) -> list[dict[str, Any]]:
    labels = dict(Action.choices)
    rows = user.security_events.select_related("actor").order_by("-id")[:RECENT_EVENTS]
    return [
        {
            "at": row.at,
            "what": labels.get(row.action, row.action),
            "outcome": row.outcome,
            "who": str(row.actor) if row.actor and row.actor_id != user.pk else "",
            "reason": row.reason,
            "device": row.device,
        }
        for row in rows
    ]


def _messages(user: User) -> list[OutgoingMessage]:
    return list(
        OutgoingMessage.objects.filter(subject_ref=subject_ref(user)).order_by("-created_at")[
            :RECENT_MESSAGES
        ]
    )
