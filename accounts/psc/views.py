"""/connexion/ecps/ : to Pro Santé Connect, back from it, and after having left it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts import client as visitor
from accounts import codes, doors, throttle
from accounts.psc import attempts, client, door, refusals, session
from accounts.psc.reasons import PscRefused, Reason
from accounts.strong.arrival import arrive
from portal.common import web
from portal.common.access import public

MAX_PARAMETER = 4096
STRAYS = 20
STRAYS_WINDOW = timedelta(minutes=10)
_TIMEOUT_WORD = "authentication_expired"


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The button. Only a POST starts; of the form, only a safe `next` is read (RP-5)."""
    next_url = web.safe_next(request, "")
    if request.method != "POST":
        return HttpResponseRedirect(reverse("accounts:sign_in"))
    seconds = doors.refuse_address(request)
    if seconds:
        messages.warning(
            request, f"Trop de tentatives depuis ce réseau. Réessayez dans {codes.say_seconds(seconds)}."
        )
        response = HttpResponseRedirect(reverse("accounts:sign_in"))
        response["Retry-After"] = str(seconds)
        return response
    return door.start(request, next_url=next_url)


@public
@never_cache
@require_safe
@sensitive_variables("code", "proof")
@web.writes_on_get("the identity provider brings the person back by a GET")
def come_back(request: HttpRequest) -> HttpResponse:
    """PSC's answer: the session it opens, or the page that says why not."""
    attempt = attempts.take(request, _parameter(request, "state"))
    if attempt is None:
        return refusals.show(request, PscRefused(Reason.STATE), is_noted=_counts_as_news(request))
    try:
        proof = client.redeem(_code(request), attempt)
    except PscRefused as refused:
        return refusals.show(request, refused, next_url=attempt.next_url)
    response = arrive(request, proof.identity, next_url=attempt.next_url)
    session.remember(response, proof.id_token)
    return response


@public
@never_cache
@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """Back from leaving PSC, with or without the `state` we sent: there is nothing left to end."""
    response = HttpResponseRedirect(session.after(request) or reverse("hub:home"))
    session.forget(response)
    session.forget_after(response)
    return response


def _code(request: HttpRequest) -> str:
    """The authorization code of an answer that is neither an error nor somebody else's."""
    issuer = request.GET.get("iss")
    if issuer is not None and issuer != settings.PSC.issuer:
        raise PscRefused(Reason.ISSUER_PARAMETER)
    error = request.GET.get("error")
    if error is not None:
        raise PscRefused(_reason_of(error, request.GET.get("error_description", "")))
    code = _parameter(request, "code")
    if not code:
        raise PscRefused(Reason.NO_CODE)
    return code


def _reason_of(error: str, description: str) -> Reason:
    """The words of the other side are never shown nor kept: only those we know mean something."""
    if description == _TIMEOUT_WORD:
        return Reason.TIMED_OUT
    if error == "access_denied":
        return Reason.LEFT
    if error in {"login_required", "interaction_required"}:
        return Reason.LOGIN_REQUIRED
    return Reason.PROVIDER_ERROR


def _parameter(request: HttpRequest, name: str) -> str:
    """A parameter given once and of a sane length, else ""."""
    values = request.GET.getlist(name)
    if len(values) != 1 or len(values[0]) > MAX_PARAMETER or not values[0].isprintable():
        return ""
    return values[0]


def _counts_as_news(request: HttpRequest) -> bool:
    """Answers that belong to no attempt are journalled up to a number per address, not by thousands."""
    return throttle.spend("psc_strays", visitor.network(request), STRAYS, STRAYS_WINDOW)
