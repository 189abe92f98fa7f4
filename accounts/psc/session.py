"""Ending the session opened at Pro Santé Connect together with ours.

Otherwise « S'identifier avec PSC » on a shared computer would let the next person in silently, for up to four hours.
What sign-out needs (the ID token) waits in the cache, sealed by a key that only the browser's cookie holds: it outlives
the changes of our own session's key, and a stolen cache tells nobody's name.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
from urllib.parse import urlencode

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from redis.exceptions import RedisError

from accounts import signed_cookie
from accounts.psc.provider import known_metadata

COOKIE = "psc-session"
# Where to go once PSC is left, when it is not our home: written by us, for the time of the round trip.
AFTER = "psc-after"
AFTER_SALT = "psc-after"
AFTER_SECONDS = 600
MAX_AFTER = 4096
# The longest life of a session at PSC.
LIFE_SECONDS = 4 * 3600
MAX_HANDLE = 128

log = logging.getLogger(__name__)


def remember(response: HttpResponse, id_token: str) -> None:
    """Note on this browser that a session is open at PSC. A cache that is away costs the common sign-out only."""
    handle = secrets.token_urlsafe(32)
    try:
        cache.set(_name(handle), _seal(handle).encrypt(id_token.encode()).decode(), LIFE_SECONDS)
    except (RedisError, OSError):
        log.warning("psc session not kept: cache away")
        return
    response.set_cookie(
        cookie_name(),
        handle,
        max_age=LIFE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def logout_url(request: HttpRequest) -> str:
    """Address that ends the session at PSC and comes back to us; "" when none was opened from this browser.

    To be asked before our own session ends, and followed once: what it needs is then forgotten.
    """
    handle = request.COOKIES.get(cookie_name(), "")
    if not settings.PSC.environment or not 0 < len(handle) <= MAX_HANDLE:
        return ""
    id_token = _take(handle)
    if not id_token:
        return ""
    published = known_metadata()
    endpoint = (
        published.end_session_endpoint
        if published
        else f"{settings.PSC.issuer}/protocol/openid-connect/logout"
    )
    asked = {
        "id_token_hint": id_token,
        "post_logout_redirect_uri": settings.SITE_URL + reverse("accounts:psc_signed_out"),
        # Sent because the protocol has it; nothing depends on its return, which PSC may forget.
        "state": secrets.token_urlsafe(16),
    }
    return f"{endpoint}?{urlencode(asked)}"


def forget(response: HttpResponse) -> None:
    """Remove the cookie of a session that is over."""
    response.delete_cookie(cookie_name(), samesite="Lax")


def go_on_to(response: HttpResponse, url: str) -> None:
    """Once back from PSC, go to `url`: an address that the caller has checked."""
    signed_cookie.write(response, AFTER, url, salt=AFTER_SALT, life_seconds=AFTER_SECONDS)


def after(request: HttpRequest) -> str:
    """Where `go_on_to` said to go; "" for our home."""
    url = signed_cookie.read(request, AFTER, salt=AFTER_SALT, life_seconds=AFTER_SECONDS, longest=MAX_AFTER)
    return url if isinstance(url, str) else ""


def forget_after(response: HttpResponse) -> None:
    signed_cookie.drop(response, AFTER)


def cookie_name() -> str:
    return f"__Host-{COOKIE}" if settings.SESSION_COOKIE_SECURE else COOKIE


def _take(handle: str) -> str:
    try:
        sealed = cache.get(_name(handle))
        cache.delete(_name(handle))
    except (RedisError, OSError):
        return ""
    if not isinstance(sealed, str):
        return ""
    try:
        return _seal(handle).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""


def _name(handle: str) -> str:
    return "psc-session:" + hashlib.sha256(b"name:" + handle.encode("utf-8", "replace")).hexdigest()


def _seal(handle: str) -> Fernet:
    return Fernet(
        base64.urlsafe_b64encode(hashlib.sha256(b"seal:" + handle.encode("utf-8", "replace")).digest())
    )
