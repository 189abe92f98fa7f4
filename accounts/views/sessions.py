"""/preferences/sessions/ and /preferences/journal/ : where one is signed in, and what happened to the account."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import journal, journal_words, keyed, places, sessions
from accounts.assurance import requires_recent_proof
from accounts.models import SecurityEvent, User, UserSession
from accounts.views.reprove import signed_in
from accounts.workflows import alarm

PER_PAGE = 20


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    here = sessions.session_of(request)
    rows = sessions.open_sessions(signed_in(request))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    opened = sessions.applications_of(list(page))
    shown = [
        {
            "row": row,
            "reference": reference_of(row),
            "is_here": here is not None and row.pk == here.pk,
            "means": journal_words.means(row.methods),
            "place": places.told(row.address),
            "applications": opened[row.pk],
        }
        for row in page
    ]
    return render(request, "accounts/sessions.html", {"sessions": shown, "page": page})


@requires_recent_proof
@require_POST
def end(request: HttpRequest, reference: str) -> HttpResponse:
    user = signed_in(request)
    found = next((row for row in sessions.open_sessions(user) if reference_of(row) == reference), None)
    if found is None:
        raise Http404
    here = sessions.session_of(request)
    if here is not None and found.pk == here.pk:
        return _leave(request, user)
    if sessions.end(found, "owner"):
        journal.record(journal.Action.SESSION_ENDED, request=request, actor=user, subject=user, count=1)
    messages.success(request, f"La session « {found.device} » est fermée.")
    return HttpResponseRedirect(reverse("accounts:sessions"))


@requires_recent_proof
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    count = sessions.end_others(user, request, "owner")
    if count:
        journal.record(journal.Action.SESSION_ENDED, request=request, actor=user, subject=user, count=count)
    messages.success(request, "Vos autres sessions sont fermées.")
    return HttpResponseRedirect(reverse("accounts:sessions"))


@requires_recent_proof
@require_POST
def end_all(request: HttpRequest) -> HttpResponse:
    return _leave(request, signed_in(request))


def _leave(request: HttpRequest, user: User) -> HttpResponse:
    count = sessions.end_all(user, "owner")
    journal.record(journal.Action.SESSION_ENDED, request=request, actor=user, subject=user, count=count)
    sessions.sign_out(request, "owner")
    messages.success(request, "Toutes vos sessions sont fermées.")
    return HttpResponseRedirect(reverse("accounts:sign_in"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest) -> HttpResponse:
    """« Ce n’était pas moi »: asks nothing but a confirmation, for it only closes; the account is then proven again."""
    user = signed_in(request)
    if request.method != "POST":
        return render(request, "accounts/not_me.html")
    has_link = alarm.raise_alarm(user, request=request)
    sessions.sign_out(request, alarm.REASON)
    told = "Votre compte est en sécurité : toutes les sessions sont fermées et le support est prévenu."
    if has_link:
        told += " Ouvrez le message envoyé à votre adresse pour choisir un nouveau mot de passe."
    messages.success(request, told)
    return HttpResponseRedirect(reverse("accounts:sign_in"))


@require_GET
def security_journal(request: HttpRequest) -> HttpResponse:
    """« Journal de sécurité »: the account's own events in plain words, the latest first."""
    rows = SecurityEvent.objects.filter(subject=signed_in(request)).select_related("actor").order_by("-id")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    events = journal_words.told_all(page)
    return render(request, "accounts/security_journal.html", {"events": events, "page": page})


def reference_of(row: UserSession) -> str:
    """What names a session in an address: not its number, not its key."""
    return keyed.digest("session", str(row.pk))[:24]
