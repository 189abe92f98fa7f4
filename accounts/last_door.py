"""The door used last from this browser: the sign-in page opens on it. A word among four, never a name.

It proves nothing and hides no other door. A shared desk keeps none: the next person there is somebody else.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import shared_desk

COOKIE = "porte"
LIFE_SECONDS = 180 * 24 * 3600
# First proof of a sign-in → key of its tab in the profile.
_DOORS = {"password": "password", "mail": "ephemeral", "sms": "ephemeral", "card": "card", "ecps": "ecps"}


def read(request: HttpRequest) -> str:
    """Key of the tab, "" when nothing is known or the desk is shared."""
    word = request.COOKIES.get(_name(), "")
    return word if word in _DOORS.values() and not shared_desk.is_shared(request) else ""


def remember(response: HttpResponse, first_proof: str) -> None:
    door = _DOORS.get(first_proof)
    if door is None:
        return
    response.set_cookie(
        _name(),
        door,
        max_age=LIFE_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def forget(request: HttpRequest, response: HttpResponse) -> None:
    if _name() in request.COOKIES:
        response.delete_cookie(_name(), samesite="Lax")


def _name() -> str:
    return f"__Host-{COOKIE}" if settings.SESSION_COOKIE_SECURE else COOKIE
