"""/openid/deconnexion/ : a partner's person signs out (OpenID Connect RP-Initiated Logout 1.0).

Nobody is signed out by an address alone: either the partner shows the ID token of this very session, or the person
confirms. The address of return is followed only when the partner registered it, to the letter (OP-15).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal, sessions
from accounts.models import User
from accounts.psc import session as psc_session
from portal.common.access import public
from portal.common.web import writes_on_get
from portal.hub.oidc import parameters, requests, subjects
from portal.hub.oidc.authorize import leave, refuse
from portal.hub.oidc.errors import PageRefused, Refused
from portal.hub.oidc.models import OpenIdClient

SALT = "openid-logout"
FORM_SECONDS = 3600


@dataclass(frozen=True)
class Departure:
    """Who asks, where to go afterwards ("" = our home), and the session that the ID token names."""

    client: OpenIdClient | None
    return_url: str
    hinted_sid: str
    hinted_client: int


@public
@never_cache
@csrf_exempt
@writes_on_get("the protocol signs out by a GET that carries the ID token of the session")
@require_http_methods(["GET", "HEAD", "POST"])
def end_session(request: HttpRequest) -> HttpResponse:
    source = request.POST if request.method == "POST" else request.GET
    try:
        departure = _read(parameters.read_once(source))
    except PageRefused as refused:
        return refuse(request, refused)
    except Refused:
        return refuse(request, PageRefused("invalid_request", "La demande de déconnexion est mal formée."))
    row = sessions.session_of(request)
    if row is None:
        return HttpResponseRedirect(departure.return_url or reverse("hub:home"))
    names_this = departure.hinted_client and departure.hinted_sid == subjects.sid(
        row.pk, departure.hinted_client
    )
    if names_this:
        name = departure.client.name if departure.client else ""
        upstream = _sign_out(request)
        if upstream:
            return _by_psc(request, upstream, name, departure.return_url)
        return _cleared(HttpResponseRedirect(departure.return_url or reverse("hub:home")))
    told = {
        "client": departure.client,
        "ticket": signing.dumps(_told(departure), salt=SALT),
    }
    return render(request, "hub/oidc/sign_out.html", told)


@public
@never_cache
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The answer of the person; the address of return travels signed, from the page above only."""
    try:
        told = signing.loads(request.POST.get("demande", ""), salt=SALT, max_age=FORM_SECONDS)
    except signing.BadSignature:
        sentence = "Cette demande de déconnexion n’est plus valable."
        return refuse(request, PageRefused("expired_request", sentence))
    if request.POST.get("choix") == "rester":
        return HttpResponseRedirect(reverse("hub:home"))
    upstream = _sign_out(request)
    if upstream:
        return _by_psc(request, upstream, told["name"], told["url"])
    if told["url"]:
        return _cleared(leave(request, told["name"], told["url"]))
    return _cleared(HttpResponseRedirect(reverse("hub:home")))


def _told(departure: Departure) -> dict[str, str]:
    return {"url": departure.return_url, "name": departure.client.name if departure.client else ""}


def _read(values: dict[str, str]) -> Departure:
    """PageRefused when the partner is unknown, or when its address of return is not registered."""
    hint = requests.read_hint(values["id_token_hint"]) if "id_token_hint" in values else None
    client_id = values.get("client_id") or (str(hint["aud"]) if hint else "")
    client = OpenIdClient.objects.filter(client_id=client_id, is_active=True).first() if client_id else None
    if "id_token_hint" in values and (hint is None or client is None or hint["aud"] != client.client_id):
        raise PageRefused("invalid_request", "La demande de déconnexion n’est pas d’une application connue.")
    wanted = values.get("post_logout_redirect_uri", "")
    if wanted and (client is None or wanted not in client.post_logout_redirect_uris):
        raise PageRefused(
            "invalid_redirect_uri", "L’application demande à revenir à une adresse qu’elle n’a pas déclarée."
        )
    if wanted and values.get("state"):
        wanted += ("&" if "?" in wanted else "?") + urlencode({"state": values["state"]})
    sid = str(hint["sid"]) if hint and client else ""
    return Departure(client, wanted, sid, client.pk if hint and client else 0)


def _sign_out(request: HttpRequest) -> str:
    """End the session; the address that ends the one at Pro Santé Connect too, "" when none was opened there."""
    if isinstance(request.user, User) and request.user.is_authenticated:
        journal.record(journal.Action.SIGN_OUT, request=request, actor=request.user, subject=request.user)
    upstream = psc_session.logout_url(request)
    sessions.sign_out(request, "sign_out")
    return upstream


def _by_psc(request: HttpRequest, upstream: str, name: str, return_url: str) -> HttpResponse:
    """By Pro Santé Connect, then to the partner: otherwise the next person at this desk would enter as this one.

    A page when somebody waits for the return: the partner's form allows the portal, not Pro Santé Connect (OP-14).
    """
    if not return_url:
        response: HttpResponse = HttpResponseRedirect(upstream)
    else:
        response = leave(request, name, upstream)
        psc_session.go_on_to(response, return_url)
    psc_session.forget(response)
    return _cleared(response)


def _cleared(response: HttpResponse) -> HttpResponse:
    """The history of the browser keeps nothing of the session (SES-4)."""
    response["Clear-Site-Data"] = '"cache"'
    return response
