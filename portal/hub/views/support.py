"""« ASSISTANCE »: the support's card, the form, and the questions of a signed-in person."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import client, throttle
from accounts.models import User
from portal.common.access import public
from portal.common.validators import format_phone
from portal.common.workflow import WorkflowError
from portal.hub import selectors
from portal.hub.enums import TicketStatus, TicketTopic
from portal.hub.forms import MemberQuestionForm, ReplyForm, VisitorQuestionForm
from portal.hub.models import SupportTicket
from portal.hub.views.board import user_of
from portal.hub.workflows import tickets as machine

PER_PAGE = 20
_HOUR = timedelta(hours=1)
# A hospital is one address; one mailbox or one person asks rarely more.
PER_NETWORK, PER_MAILBOX, PER_PERSON = 60, 5, 20
TOO_MANY = (
    "Vous avez envoyé beaucoup de demandes en peu de temps : la vôtre n’a pas été enregistrée. "
    "Réessayez dans une heure, ou appelez le support."
)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def support(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return _member(request)
    return _visitor(request)


def _initial(request: HttpRequest) -> dict[str, object]:
    """The subject may come with the link that led here; each page shown numbers its own question."""
    topic = request.GET.get("sujet", "")
    return {"envoi": uuid.uuid4(), "sujet": topic if topic in TicketTopic.values else ""}


def _phone_of(user: User) -> str:
    number = user.phone_mobile or user.phone_fixe
    return format_phone(number) if number else ""


def _member(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if request.method != "POST":
        form = MemberQuestionForm(initial=_initial(request) | {"telephone": _phone_of(user)})
        return _form_page(request, form)
    form = MemberQuestionForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form)
    if not throttle.spend("ticket_person", str(user.pk), PER_PERSON, _HOUR):
        return _too_many(request, form)
    ticket = machine.ask(form.question(user), user=user)
    messages.success(
        request,
        f"Votre demande {ticket.reference} est enregistrée. Un accusé de réception part à {user.email}.",
    )
    return redirect("hub:ticket", public_id=ticket.public_id)


def _visitor(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, VisitorQuestionForm(initial=_initial(request), request=request))
    form = VisitorQuestionForm(request.POST, request=request)
    if not form.is_valid():
        return _form_page(request, form)
    question = form.question()
    budgets = (
        ("ticket_network", client.network(request), PER_NETWORK),
        ("ticket_mailbox", question.email.casefold(), PER_MAILBOX),
    )
    if not all(throttle.spend(kind, key, limit, _HOUR) for kind, key, limit in budgets):
        return _too_many(request, form)
    ticket = machine.ask(question, user=None)
    request.session["hub_ticket_sent"] = ticket.reference
    return redirect("hub:support_sent")


def _form_page(request: HttpRequest, form, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "resources": selectors.resources(), "status": status}
    if request.user.is_authenticated:
        context["recent"] = list(user_of(request).support_tickets.order_by("-created_at", "-pk")[:3])
    return render(request, "hub/support.html", context, status=status)


def _too_many(request: HttpRequest, form) -> HttpResponse:
    form.add_error(None, TOO_MANY)
    response = _form_page(request, form, status=429)
    response["Retry-After"] = str(int(_HOUR.total_seconds()))
    return response


@public
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The number of the question just sent by this browser; without one, back to the form."""
    reference = request.session.get("hub_ticket_sent")
    if not reference:
        return redirect("hub:support")
    return render(request, "hub/support_sent.html", {"reference": reference})


@require_safe
def tickets(request: HttpRequest) -> HttpResponse:
    rows = user_of(request).support_tickets.order_by("-created_at", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "hub/tickets.html", {"page": page})


def _own_ticket(request: HttpRequest, public_id: uuid.UUID) -> SupportTicket:
    return get_object_or_404(SupportTicket, public_id=public_id, user=user_of(request))


@require_safe
def ticket(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    return _ticket_page(request, _own_ticket(request, public_id), ReplyForm())


def _ticket_page(request: HttpRequest, ticket: SupportTicket, form: ReplyForm) -> HttpResponse:
    context = {
        "ticket": ticket,
        "conversation": list(ticket.messages.filter(is_internal=False).order_by("created_at", "pk")),
        "form": form,
        "is_closed": ticket.status == TicketStatus.CLOSED,
    }
    return render(request, "hub/ticket.html", context)


@require_POST
def reply(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    ticket = _own_ticket(request, public_id)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _ticket_page(request, ticket, form)
    if not throttle.spend("ticket_person", str(user_of(request).pk), PER_PERSON, _HOUR):
        form.add_error(None, TOO_MANY)
        return _ticket_page(request, ticket, form)
    try:
        machine.reply(ticket, form.cleaned_data["message"], actor=user_of(request))
    except WorkflowError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Votre message est ajouté à la demande.")
    return redirect("hub:ticket", public_id=public_id)


@require_POST
def close(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    ticket = _own_ticket(request, public_id)
    try:
        machine.close(ticket, actor=user_of(request))
    except WorkflowError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Votre demande est close. Merci de nous l’avoir dit.")
    return redirect("hub:ticket", public_id=public_id)
