"""A cookie of ours that the browser keeps and cannot change: signed, of its own host, unseen by scripts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse


def read(request: HttpRequest, cookie: str, *, salt: str, life_seconds: int, longest: int) -> Any:
    """What `write` put there; None when it is absent, forged, too old or above `longest` characters."""
    raw = request.COOKIES.get(_name(cookie), "")
    if not raw or len(raw) > longest:
        return None
    try:
        return signing.loads(raw, salt=salt, max_age=life_seconds)
    except signing.BadSignature:
        return None


def write(response: HttpResponse, cookie: str, value: Any, *, salt: str, life_seconds: int) -> None:
    response.set_cookie(
        _name(cookie),
        signing.dumps(value, salt=salt),
        max_age=life_seconds,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def is_sent(request: HttpRequest, cookie: str) -> bool:
    return _name(cookie) in request.COOKIES


def drop(response: HttpResponse, cookie: str) -> None:
    response.delete_cookie(_name(cookie), samesite="Lax")


def _name(cookie: str) -> str:
    return f"__Host-{cookie}" if settings.SESSION_COOKIE_SECURE else cookie
