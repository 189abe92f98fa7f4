"""The way by TLS client certificate: a host of its own asks the browser for the certificate of the card.

    page of the portal → state of this session → card host, certificate checked → ticket for that state → the portal

The front puts the certificate in headers. They are believed only on the card host and with the secret that the front
adds: the application's own port, reached directly, signs nobody in (CPS-3).
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode

from accounts.cps import card_host, challenge, proof, tokens
from accounts.cps import certificate as reading
from accounts.cps.models import CardTokenKind
from accounts.cps.reasons import CardRefused, Reason

STATE_LIFE = timedelta(minutes=5)
TICKET_LIFE = timedelta(seconds=60)
VERIFY_HEADER = "X-SSL-Client-Verify"
CERTIFICATE_HEADER = "X-SSL-Client-Cert"
SECRET_HEADER = "X-Portail-Carte"  # noqa: S105  a name, not a secret


def comes_from_front(request: HttpRequest) -> bool:
    """On the card host, with the front's secret. Both, or the headers are somebody's invention."""
    if not card_host.is_open() or request.get_host() != settings.CPS_CARD_HOST:
        return False
    given = request.headers.get(SECRET_HEADER, "")
    return constant_time_compare(given.encode("utf-8", "replace"), settings.CPS_PROXY_SECRET.encode())


def start(request: HttpRequest, next_url: str) -> str:
    """Address of the card host to send this browser to."""
    data = {"purpose": challenge.purpose_of(request), "next": next_url}
    state = tokens.issue(CardTokenKind.STATE, holder=challenge.holder(request), life=STATE_LIFE, data=data)
    return f"https://{settings.CPS_CARD_HOST}{reverse('accounts:card_present')}?{urlencode({'etat': state})}"


def present(request: HttpRequest, state: str) -> str:
    """Check the certificate that the front took; the address of the portal to go back to, with a ticket.

    Only for a request for which `comes_from_front` is true. A refusal travels in the ticket, for the portal to show.
    """
    certificate = None
    try:
        certificate = _presented(request)
        proof.verify(certificate)
        data: dict[str, Any] = {"certificate": _encode(certificate)}
    except CardRefused as refused:
        data = {"reason": refused.reason.value, "detail": refused.detail}
        if certificate is not None:
            data["certificate"] = _encode(certificate)
    ticket = tokens.issue(CardTokenKind.TICKET, holder=state, life=TICKET_LIFE, data=data)
    query = urlencode({"etat": state, "ticket": ticket})
    return f"{settings.SITE_URL}{reverse('accounts:card_return')}?{query}"


def collect(request: HttpRequest, state: str, ticket: str) -> tuple[dict[str, Any], str]:
    """What the ticket holds and where the person was going. Raises CardRefused(CHALLENGE_GONE).

    The state must be this session's, the ticket that state's; both are gone afterwards.
    """
    asked = tokens.spend(CardTokenKind.STATE, state, holder=challenge.holder(request))
    if asked is None or asked["purpose"] != challenge.purpose_of(request):
        raise CardRefused(Reason.CHALLENGE_GONE)
    held = tokens.spend(CardTokenKind.TICKET, ticket, holder=state)
    if held is None:
        raise CardRefused(Reason.CHALLENGE_GONE)
    return held, str(asked["next"])


def certificate_of(held: dict[str, Any]) -> x509.Certificate | None:
    text = held.get("certificate")
    return reading.load(base64.b64decode(text)) if text else None


def refusal_of(held: dict[str, Any]) -> CardRefused | None:
    reason = held.get("reason")
    return CardRefused(Reason(reason), str(held.get("detail", ""))) if reason else None


def _presented(request: HttpRequest) -> x509.Certificate:
    verified = request.headers.get(VERIFY_HEADER, "")
    escaped = request.headers.get(CERTIFICATE_HEADER, "")
    if verified in {"", "NONE"} or not escaped:
        raise CardRefused(Reason.NO_CERTIFICATE)
    certificate = reading.load(unquote_to_bytes(escaped))
    if verified != "SUCCESS":
        # Our own checks tell the person why; when they find nothing, the front's word is enough to refuse.
        proof.verify(certificate)
        raise CardRefused(Reason.PROXY_REFUSED, verified[:120])
    return certificate


def _encode(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
