"""/connexion/carte/ : the page of the card, the two ways in, and the refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cryptography import x509
from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts import client, throttle
from accounts.cps import anchors, card_host, challenge, proof, tls
from accounts.cps.agent import PROTOCOL
from accounts.cps.reasons import WORDS, CardRefused, Reason
from accounts.strong.arrival import arrive
from portal.common import web
from portal.common.access import public

# A hospital is one address: far above what its people do, far below what would fill a table.
CHALLENGES_PER_ADDRESS = 1200
WINDOW = timedelta(minutes=10)


@public
@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The steps of the card. Only this page may speak to the agent of the desk, and send its form to the card host."""
    next_url = web.safe_next(request, "")
    if not anchors.is_open():
        return refuse(request, CardRefused(Reason.NOT_CONFIGURED), next_url)
    agent = f"http://127.0.0.1:{settings.CPS_AGENT_PORT}"
    context = {
        "next_url": next_url,
        "agent_url": agent,
        "agent_protocol": PROTOCOL,
        "card_host": settings.CPS_CARD_HOST if card_host.is_open() else "",
        "is_confirmation": request.user.is_authenticated,
    }
    extra: dict[str, list[str]] = {"connect-src": [agent]}
    if card_host.is_open():
        extra["form-action"] = [f"https://{settings.CPS_CARD_HOST}"]

    @csp_update(extra)
    def shown(request: HttpRequest) -> HttpResponse:
        return render(request, "accounts/cps/card.html", context)

    response: HttpResponse = shown(request)
    return response


@public
@never_cache
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """A fresh challenge for this session, as JSON."""
    if not anchors.is_open():
        return JsonResponse({"erreur": Reason.NOT_CONFIGURED.value}, status=503)
    if not throttle.spend("card_challenges", client.network(request), CHALLENGES_PER_ADDRESS, WINDOW):
        return JsonResponse({"erreur": "trop_de_demandes"}, status=429, headers={"Retry-After": "60"})
    made = challenge.issue(request)
    return JsonResponse({"alea": made.nonce, "motif": made.purpose, "expire": made.expires})


@public
@never_cache
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """What the card signed: a plain form, so that the browser follows whatever comes next."""
    next_url = web.safe_next(request, "")
    certificate: x509.Certificate | None = None
    sent = request.POST
    try:
        certificate = challenge.check_answer(
            request,
            sent.get("alea", ""),
            sent.get("certificat", ""),
            sent.get("signature", ""),
            sent.get("algorithme", ""),
        )
        person = proof.verify(certificate)
    except CardRefused as refused:
        proof.record_refusal(request, refused, certificate, way="agent")
        return refuse(request, refused, next_url)
    return arrive(request, proof.identity(person), next_url=next_url)


@public
@never_cache
@require_POST
def tls_start(request: HttpRequest) -> HttpResponse:
    """To the host that asks for the certificate."""
    next_url = web.safe_next(request, "")
    if not (card_host.is_open() and anchors.is_open()):
        return refuse(request, CardRefused(Reason.NOT_CONFIGURED), next_url)
    if not throttle.spend("card_challenges", client.network(request), CHALLENGES_PER_ADDRESS, WINDOW):
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    return HttpResponseRedirect(tls.start(request, next_url))


@public
@never_cache
@require_GET
@web.writes_on_get(
    "the TLS handshake that carries the certificate opens with a GET, and a ticket must be kept"
)
def tls_present(request: HttpRequest) -> HttpResponse:
    """On the card host only. For anybody who is not the front, this address does not exist."""
    state = request.GET.get("etat", "")
    if not tls.comes_from_front(request) or not 0 < len(state) <= 100:
        raise Http404
    return HttpResponseRedirect(tls.present(request, state))


@public
@never_cache
@require_GET
@web.writes_on_get("the card host can only send the browser back by a GET, and the ticket is spent here")
def tls_return(request: HttpRequest) -> HttpResponse:
    """Back on the portal: the ticket of this session's request, spent once, and every check again."""
    certificate: x509.Certificate | None = None
    next_url = ""
    try:
        held, next_url = tls.collect(request, request.GET.get("etat", ""), request.GET.get("ticket", ""))
        certificate = tls.certificate_of(held)
        refused = tls.refusal_of(held)
        if refused is not None or certificate is None:
            raise refused or CardRefused(Reason.NO_CERTIFICATE)
        person = proof.verify(certificate)
    except CardRefused as refusal:
        proof.record_refusal(request, refusal, certificate, way="tls")
        return refuse(request, refusal, next_url)
    return arrive(request, proof.identity(person), next_url=next_url)


def refuse(request: HttpRequest, refused: CardRefused, next_url: str) -> HttpResponse:
    """One sentence, one thing to do, and the other ways in."""
    context: dict[str, Any] = {
        "words": WORDS[refused.reason],
        "code": refused.reason.value,
        "may_retry": refused.reason != Reason.NOT_CONFIGURED,
        "next_url": next_url,
        "is_signed_in": request.user.is_authenticated,
    }
    return render(request, "accounts/cps/refusal.html", context, status=403)
