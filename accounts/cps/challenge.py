"""The challenge that a card signs through the agent of the desk (CPS-1): asked by a page, spent by its answer."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.cps import certificate as reading
from accounts.cps import tokens, verification
from accounts.cps.agent import protocol
from accounts.cps.models import CardTokenKind
from accounts.cps.reasons import CardRefused, Reason

LIFE = timedelta(minutes=2)
# A browser's random value, in its session: what makes a challenge its own and nobody else's.
HOLDER_KEY = "card_holder"
_MAX_FIELD = 16 * 1024


@dataclass(frozen=True)
class Challenge:
    """What the page hands to the agent; the agent adds the page's own origin."""

    nonce: str
    purpose: str
    expires: str


def origin() -> str:
    """Origin of the portal's pages, from SITE_URL: what the agent must have signed for."""
    parts = urlsplit(settings.SITE_URL)
    return f"{parts.scheme}://{parts.netloc}"


def purpose_of(request: HttpRequest) -> str:
    return protocol.CONFIRM if request.user.is_authenticated else protocol.SIGN_IN


def holder(request: HttpRequest) -> str:
    """Random value of this browser's session, made at the first need."""
    value = request.session.get(HOLDER_KEY)
    if not isinstance(value, str):
        value = secrets.token_urlsafe(32)
        request.session[HOLDER_KEY] = value
    return value


def issue(request: HttpRequest) -> Challenge:
    """32 random bytes for this session, this origin and this purpose, good for two minutes and one answer."""
    purpose = purpose_of(request)
    expires = (timezone.now() + LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = {"origin": origin(), "purpose": purpose, "expires": expires}
    nonce = tokens.issue(CardTokenKind.CHALLENGE, holder=holder(request), life=LIFE, data=data)
    return Challenge(nonce, purpose, expires)


def check_answer(
    request: HttpRequest, nonce: str, certificate: str, signature: str, algorithm: str
) -> x509.Certificate:
    """The certificate whose key signed this session's challenge, not yet verified itself. Raises CardRefused.

    certificate and signature are base64. The challenge is gone after this, whatever came out.
    """
    data = tokens.spend(CardTokenKind.CHALLENGE, nonce, holder=holder(request))
    if data is None or data["purpose"] != purpose_of(request) or data["origin"] != origin():
        raise CardRefused(Reason.CHALLENGE_GONE)
    presented = reading.load(_decode(certificate))
    text = protocol.signed_text(data["origin"], data["purpose"], nonce, data["expires"])
    verification.check_possession(presented, _decode(signature), text, algorithm)
    return presented


def _decode(text: str) -> bytes:
    if len(text) > _MAX_FIELD:
        raise CardRefused(Reason.UNREADABLE, "taille")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CardRefused(Reason.UNREADABLE, "base64") from None
