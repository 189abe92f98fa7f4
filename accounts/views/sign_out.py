"""Leaving, and staying: the end of a session and its extension."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts import journal, sessions
from accounts.models import User
from accounts.psc import session as psc_session
from portal.common.access import public


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the session on the server too; the history of the browser keeps nothing of it (SES-4)."""
    if isinstance(request.user, User) and request.user.is_authenticated:
        journal.record(journal.Action.SIGN_OUT, request=request, actor=request.user, subject=request.user)
    # Asked before our session ends: leaving the portal leaves Pro Santé Connect too, on a shared desk above all.
    upstream = psc_session.logout_url(request)
    sessions.sign_out(request, "sign_out")
    messages.success(request, "Vous êtes déconnecté.")
    response = HttpResponseRedirect(upstream or reverse("hub:home"))
    psc_session.forget(response)
    response["Clear-Site-Data"] = '"cache"'
    return response


@require_POST
def extend(request: HttpRequest) -> HttpResponse:
    """« Rester connecté »: the visit itself is the activity; says how long is left (SES-3)."""
    row = sessions.session_of(request)
    assert row is not None  # noqa: S101 — private view: the session was admitted
    now = timezone.now()
    sessions.touch(row, now, at_once=True)
    return JsonResponse({"seconds_left": sessions.seconds_left(row, now)})
