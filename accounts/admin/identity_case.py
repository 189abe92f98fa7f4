"""« Identités à vérifier »: the worklist of what a card or an e-CPS ran into, both accounts side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from accounts import journal, support, support_acts
from accounts.models import IdentityCase, User
from accounts.models.identity_case import CaseResolution, CaseStatus
from accounts.selectors import what_blocks
from accounts.staff_admin import ReadOnlyAdmin, ReasonField, agent_of, record_view
from accounts.strong import means, numbers
from accounts.workflows import identity_case as machine
from portal.common.forms import Form
from portal.common.workflow import WorkflowError

# What each matter most often comes to, for somebody who sees it for the first time.
ADVICE = {
    "held_elsewhere": "Demandez à la personne si l’autre compte est le sien. S’il l’est, gardez celui qui porte "
    "l’identité prouvée et fermez l’autre ; sinon, vérifiez qui a présenté la carte ou l’e-CPS.",
    "two_accounts": "Les deux comptes portent chacun une partie de la même identité. Vérifiez l’identité par "
    "téléphone, détachez la carte ou l’e-CPS du compte qui ne doit pas la garder, puis faites-la présenter de nouveau.",
    "identity_changed": "Un identifiant national ne change pas, sauf de l’ADELI vers le RPPS. Vérifiez l’annuaire "
    "santé ; détachez les moyens du compte si la carte a changé de main.",
    "other_identity": "Un compte appartient à une seule personne. Si quelqu’un utilise le compte d’un collègue, "
    "rappelez-le et faites créer un second compte.",
    "number_conflict": "Le plus souvent une faute de frappe : retirez le numéro saisi, la personne présentera de "
    "nouveau sa carte ou son e-CPS.",
    "number_typed_elsewhere": "Retirez le numéro du compte qui l’a saisi sans preuve s’il n’est pas le sien. Si c’est "
    "la même personne, qu’elle choisisse « J’ai déjà un compte ».",
    "number_released": "Le numéro a déjà été retiré, et la personne avertie. Vérifiez qu’il s’agissait d’une erreur.",
    "number_asked": "Une faute de frappe, ou deux comptes d’une même personne. Vérifiez dans l’annuaire santé à qui "
    "est ce numéro : retirez-le du compte qui n’est pas le sien, ou faites-le prouver par la carte ou l’e-CPS.",
    "names_differ": "Nom d’usage ou changement de nom le plus souvent. Si rien ne l’explique, détachez la carte ou "
    "l’e-CPS.",
}
SAFE_ACTS = (
    "retirer-numero",
    "confirmer-numero",
    "detacher-cartes",
    "fermer-sessions",
    "suspendre",
    "fermer",
)


class HandleForm(Form):
    conclusion = forms.ChoiceField(label="Conclusion", choices=[("", "Choisissez"), *CaseResolution.choices])
    motif = ReasonField(
        help_text="Ce que vous avez vérifié et fait : conservé avec le dossier, sans donnée de santé."
    )


class ReopenForm(Form):
    motif = ReasonField()


@admin.register(IdentityCase)
class IdentityCaseAdmin(ReadOnlyAdmin):
    list_display = ("reference", "code", "means", "status", "times", "last_at", "opened_at")
    list_filter = ("status", "code", "means")
    search_fields = ("=accounts__public_id",)
    search_help_text = "Référence d’un compte concerné."
    ordering = ("-status", "-last_at", "-pk")

    @admin.display(description="dossier", ordering="pk")
    def reference(self, case: IdentityCase) -> str:
        return case.reference

    def get_urls(self) -> list[URLPattern]:
        def act(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(require_POST(view))

        own = [
            path("<int:pk>/traiter/", act(self.handle), name="accounts_identitycase_handle"),
            path("<int:pk>/rouvrir/", act(self.reopen), name="accounts_identitycase_reopen"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        case = self._case(object_id)
        for account in case.accounts.order_by("pk"):
            record_view(request, case, subject=account)
        return self._page(request, case)

    def handle(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = HandleForm(request.POST, auto_id="traiter_%s")

        def do(case: IdentityCase) -> str:
            data = form.cleaned_data
            found = machine.handle(case, data["conclusion"], actor=agent_of(request), reason=data["motif"])
            return "Le dossier est traité." if found.changed else "Le dossier était déjà traité."

        return self._act(request, pk, form, do, "handle_form")

    def reopen(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = ReopenForm(request.POST, auto_id="rouvrir_%s")

        def do(case: IdentityCase) -> str:
            found = machine.reopen(case, actor=agent_of(request), reason=form.cleaned_data["motif"])
            return "Le dossier est rouvert." if found.changed else "Le dossier était déjà ouvert."

        return self._act(request, pk, form, do, "reopen_form")

    # --- common -----------------------------------------------------------------------------------------
    def _case(self, pk: int | str) -> IdentityCase:
        case = IdentityCase.objects.filter(pk=pk).first() if str(pk).isdecimal() else None
        if case is None:
            raise Http404
        return case

    def _act(
        self, request: HttpRequest, pk: int, form: Form, do: Callable[[IdentityCase], str], name: str
    ) -> HttpResponse:
        case = self._case(pk)
        if form.is_valid():
            try:
                with transaction.atomic():
                    said = do(case)
                    self._journal(request, case, str(form.cleaned_data["motif"]))
            except WorkflowError as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, said)
                return HttpResponseRedirect(reverse("admin:accounts_identitycase_change", args=[pk]))
        return self._page(request, self._case(pk), **{name: form})

    def _journal(self, request: HttpRequest, case: IdentityCase, reason: str) -> None:
        journal.record(
            journal.Action.ADMIN_CHANGED,
            request=request,
            actor=agent_of(request),
            reason=reason,
            what="identity_case",
            model=case._meta.label_lower,
            object_id=str(case.pk),
        )

    def _page(self, request: HttpRequest, case: IdentityCase, **forms_in_error: Form) -> HttpResponse:
        people = list(case.accounts.select_related("profession").order_by("pk"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": case.get_code_display(),
            "case": case,
            "advice": ADVICE[case.code],
            "is_open": case.status == CaseStatus.OPEN,
            "sides": [_side(person, agent_of(request)) for person in people],
            "decisions": list(case.transitions.select_related("actor").order_by("at", "pk")),
            "handle_form": HandleForm(auto_id="traiter_%s"),
            "reopen_form": ReopenForm(auto_id="rouvrir_%s"),
            **forms_in_error,
        }
        return render(request, "admin/accounts/identitycase/case.html", context)


def _side(person: User, agent: User) -> dict[str, Any]:
    """What an agent compares, and the acts that can be undone or that only take away."""
    national = means.national_id(person)
    acts = [] if person.pk == agent.pk else support_acts.acts_for(person)
    return {
        "person": person,
        "blocks": what_blocks(person),
        "proven": numbers.shown(national.national_id) if national else "",
        "proven_at": national.proven_at if national else None,
        "is_unproven": support.has_unproven_number(person),
        "means": list(means.linked(person)),
        "last_sign_in": person.portal_sessions.order_by("-started_at")
        .values_list("started_at", flat=True)
        .first(),
        "acts": [act for act in acts if act.key in SAFE_ACTS],
    }
