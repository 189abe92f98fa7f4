"""Questions to the support: read, answer, forward to the experts, close. The machine decides, these pages ask it."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from accounts import journal
from accounts.staff_admin import ReadOnlyAdmin, ReasonField, agent_of, record_view
from portal.common.forms import Form
from portal.common.text import fold
from portal.common.workflow import WorkflowError
from portal.hub.enums import TicketStatus
from portal.hub.models import ExpertMailbox, SupportTicket
from portal.hub.workflows import tickets as machine


class AnswerForm(Form):
    """« De la part des experts » tells the person that the answer comes from them."""

    reponse = forms.CharField(label="Réponse", max_length=5000, widget=forms.Textarea(attrs={"rows": 8}))
    experts = forms.BooleanField(label="Réponse des experts métier", required=False)


class NoteForm(Form):
    note = forms.CharField(label="Note interne", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class ForwardForm(Form):
    expert = forms.ModelChoiceField(
        ExpertMailbox.objects.filter(is_active=True).order_by("name"),
        label="Experts",
        empty_label="Choisissez",
    )
    motif = ReasonField()


class CloseForm(Form):
    motif = ReasonField()


@admin.register(SupportTicket)
class SupportTicketAdmin(ReadOnlyAdmin):
    list_display = ("reference", "title", "topic", "name", "status", "created_at", "status_at")
    list_filter = ("status", "topic", "created_at")
    search_fields = ("title", "name", "email")
    search_help_text = "Référence (A-000123), objet, nom ou adresse e-mail."
    ordering = ("-created_at", "-pk")

    @admin.display(description="référence", ordering="pk")
    def reference(self, ticket: SupportTicket) -> str:
        return ticket.reference

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SupportTicket], search_term: str
    ) -> tuple[QuerySet[SupportTicket], bool]:
        digits = fold(search_term).removeprefix("a").strip()
        if digits.isascii() and digits.isdecimal() and len(digits) <= 12:
            return queryset.filter(pk=int(digits)), False
        return super().get_search_results(request, queryset, search_term)

    def get_urls(self) -> list[URLPattern]:
        def act(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(require_POST(view))

        own = [
            path("<int:pk>/repondre/", act(self.answer), name="hub_supportticket_answer"),
            path("<int:pk>/noter/", act(self.note), name="hub_supportticket_note"),
            path("<int:pk>/transmettre/", act(self.forward), name="hub_supportticket_forward"),
            path("<int:pk>/clore/", act(self.close), name="hub_supportticket_close"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        ticket = self._ticket(object_id)
        record_view(request, ticket, subject=ticket.user)
        return self._page(request, ticket)

    def answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = AnswerForm(request.POST, auto_id="repondre_%s")

        def do(ticket: SupportTicket) -> str:
            data = form.cleaned_data
            outcome = machine.answer(
                ticket, data["reponse"], actor=agent_of(request), from_expert=data["experts"]
            )
            return "La réponse part par mail." if outcome.changed else "Cette réponse était déjà partie."

        return self._act(request, pk, form, do, "answer_form", "réponse")

    def note(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = NoteForm(request.POST, auto_id="noter_%s")

        def do(ticket: SupportTicket) -> str:
            machine.note(ticket, form.cleaned_data["note"], actor=agent_of(request))
            return "La note est gardée ; la personne ne la voit pas."

        return self._act(request, pk, form, do, "note_form", "note")

    def forward(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = ForwardForm(request.POST, auto_id="transmettre_%s")

        def do(ticket: SupportTicket) -> str:
            data = form.cleaned_data
            outcome = machine.forward(ticket, data["expert"], actor=agent_of(request), reason=data["motif"])
            return (
                "La question est transmise aux experts." if outcome.changed else "Elle était déjà transmise."
            )

        return self._act(request, pk, form, do, "forward_form", "transmission")

    def close(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = CloseForm(request.POST, auto_id="clore_%s")

        def do(ticket: SupportTicket) -> str:
            outcome = machine.close(ticket, actor=agent_of(request), reason=form.cleaned_data["motif"])
            return "La demande est close." if outcome.changed else "Elle était déjà close."

        return self._act(request, pk, form, do, "close_form", "clôture")

    # --- common -----------------------------------------------------------------------------------------
    def _ticket(self, pk: int | str) -> SupportTicket:
        rows = SupportTicket.objects.select_related("user", "expert")
        ticket = rows.filter(pk=pk).first() if str(pk).isdecimal() else None
        if ticket is None:
            raise Http404
        return ticket

    def _act(
        self,
        request: HttpRequest,
        pk: int,
        form: Form,
        do: Callable[[SupportTicket], str],
        name: str,
        what: str,
    ) -> HttpResponse:
        ticket = self._ticket(pk)
        if form.is_valid():
            try:
                with transaction.atomic():
                    said = do(ticket)
                    self._journal(request, ticket, what, form)
            except WorkflowError as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, said)
                return HttpResponseRedirect(reverse("admin:hub_supportticket_change", args=[pk]))
        return self._page(request, self._ticket(pk), **{name: form})

    def _journal(self, request: HttpRequest, ticket: SupportTicket, what: str, form: Form) -> None:
        journal.record(
            journal.Action.ADMIN_CHANGED,
            request=request,
            actor=agent_of(request),
            subject=ticket.user,
            reason=str(form.cleaned_data.get("motif", "")),
            what=what,
            model=ticket._meta.label_lower,
            object_id=str(ticket.pk),
        )

    def _page(self, request: HttpRequest, ticket: SupportTicket, **forms_in_error: Form) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": ticket.title,
            "ticket": ticket,
            "conversation": list(ticket.messages.select_related("author").order_by("created_at", "pk")),
            "decisions": list(ticket.transitions.select_related("actor").order_by("at", "pk")),
            "moves": [transition.name for transition in machine.MACHINE.available(ticket, request.user)],
            "is_closed": ticket.status == TicketStatus.CLOSED,
            "answer_form": AnswerForm(auto_id="repondre_%s"),
            "note_form": NoteForm(auto_id="noter_%s"),
            "forward_form": ForwardForm(auto_id="transmettre_%s"),
            "close_form": CloseForm(auto_id="clore_%s"),
            **forms_in_error,
        }
        return render(request, "admin/hub/supportticket/ticket.html", context)
