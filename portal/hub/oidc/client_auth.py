"""Who calls the token, revocation and introspection endpoints (OP-6).

A secret is 256 random bits: a keyed SHA-256 and a constant-time comparison protect it as well as a password hash would,
for a thousandth of the time. Wrong secrets slow down the address that sends them, never the client itself.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import client as browser
from accounts import journal, keyed, throttle
from portal.hub.oidc import clients, jose
from portal.hub.oidc.enums import ClientAuth
from portal.hub.oidc.errors import ClientRefused, Refused
from portal.hub.oidc.models import OpenIdClient

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE = 300
LEEWAY = 60
MAX_JTI = 200
THROTTLE = "openid_client"


def make_secret() -> str:
    """256 bits in letters, digits, `-` and `_`: the same whether a library encodes it or not."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    return keyed.digest("openid-secret", secret)


def authenticate(request: HttpRequest, form: dict[str, str]) -> OpenIdClient:
    """The active client that makes this call. ClientRefused otherwise; one query when all is right."""
    if "client_assertion" in form or "client_assertion_type" in form:
        return _by_assertion(request, form)
    client_id, secret = _credentials(request, form)
    found = clients.find_open(client_id)
    if found is None or found.auth_method != ClientAuth.SECRET or not _holds_secret(found, secret):
        raise _refusal(request, client_id, found)
    return found


def _credentials(request: HttpRequest, form: dict[str, str]) -> tuple[str, str]:
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        return form.get("client_id", ""), form.get("client_secret", "")
    if "client_secret" in form:
        raise Refused("invalid_request", "Two ways of client authentication at once")
    client_id, secret = _basic(header)
    if form.get("client_id", client_id) != client_id:
        raise Refused("invalid_request", "Two client identifiers")
    return client_id, secret


def _basic(header: str) -> tuple[str, str]:
    """Each half is form-encoded by the book (RFC 6749, 2.3.1). Some libraries send it raw: our identifiers and secrets
    hold only characters that decoding leaves alone, so both are read by the same decoding."""
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        raise ClientRefused
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ClientRefused from None
    client_id, colon, secret = pair.partition(":")
    if not colon or "\0" in pair:
        raise ClientRefused
    return unquote_plus(client_id), unquote_plus(secret)


def _holds_secret(client: OpenIdClient, secret: str) -> bool:
    digest = hash_secret(secret)
    if client.secret_hash and keyed.same(digest, client.secret_hash):
        return True
    until = client.former_secret_until
    return bool(
        client.former_secret_hash
        and until
        and until > timezone.now()
        and keyed.same(digest, client.former_secret_hash)
    )


def _refusal(request: HttpRequest, client_id: str, client: OpenIdClient | None) -> ClientRefused:
    """Count and say it: one line in the journal for each refusal that is counted, none for a caller that must wait."""
    key = f"{client_id[:80]}|{browser.address(request)}"
    delay = throttle.enter(THROTTLE, key)
    if delay is not None:
        return ClientRefused("Too many wrong secrets", retry_after=int(delay.total_seconds()) + 1)
    journal.record(
        journal.Action.OPENID_CLIENT_REFUSED,
        request=request,
        outcome="refused",
        client=client.client_id if client else "",
        known=client is not None,
    )
    return ClientRefused()


# --- private_key_jwt ------------------------------------------------------------------------------------
def _by_assertion(request: HttpRequest, form: dict[str, str]) -> OpenIdClient:
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not assertion:
        raise Refused("invalid_request", "client_assertion_type must be jwt-bearer")
    if "client_secret" in form or request.META.get("HTTP_AUTHORIZATION"):
        raise Refused("invalid_request", "Two ways of client authentication at once")
    client_id = form.get("client_id") or _issuer_unverified(assertion)
    client = OpenIdClient.objects.filter(
        client_id=clients.known_shape(client_id), is_active=True, auth_method=ClientAuth.PRIVATE_KEY
    ).first()
    if client is None or not client.jwks or not _assertion_is_right(client, assertion):
        raise _refusal(request, client_id, client)
    return client


def _issuer_unverified(assertion: str) -> str:
    """Whose keys to try: believed only once the signature is checked with them."""
    try:
        part = assertion.split(".")[1]
        payload = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        issuer = json.loads(payload).get("iss", "")
    except (IndexError, ValueError, AttributeError, RecursionError):
        raise ClientRefused from None
    return issuer if isinstance(issuer, str) else ""


def _assertion_is_right(client: OpenIdClient, assertion: str) -> bool:
    """Signed by the client for us, still young, and never seen before (RFC 7523, 3)."""
    try:
        keys = jose.load_keys(client.jwks["keys"])  # type: ignore[index]
        claims = jose.verify(assertion, keys, jose.ASSERTION_ALGORITHMS)
    except (jose.BadToken, ValueError, KeyError, TypeError):
        return False
    now = timezone.now().timestamp()
    end: Any = claims.get("exp")
    start: Any = claims.get("nbf", claims.get("iat", now))
    jti = claims.get("jti")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return (
        claims.get("iss") == claims.get("sub") == client.client_id
        and bool({settings.SITE_URL, f"{settings.SITE_URL}/openid/jetons/"} & {str(one) for one in audiences})
        and _is_number(end)
        and _is_number(start)
        and now - LEEWAY < end <= now + ASSERTION_LIFE + LEEWAY
        and start <= now + LEEWAY
        and isinstance(jti, str)
        and 0 < len(jti) <= MAX_JTI
        and throttle.spend(
            "openid_jti", f"{client.pk}|{jti}", 1, timedelta(seconds=ASSERTION_LIFE + 2 * LEEWAY)
        )
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
