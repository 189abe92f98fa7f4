"""A page that wants a stronger proof sends people to add one; once they have it, they go back to that page."""

from __future__ import annotations

import time

from django.http import HttpRequest
from django.urls import reverse

from portal.common import web

KEY = "means_return"
LIFE_SECONDS = 1200


def note(request: HttpRequest, target: str) -> None:
    request.session[KEY] = [target, time.time()]


def take(request: HttpRequest) -> str:
    """Where to go once a means was added, said once: that page while it is fresh, else the list of means."""
    target, noted_at = request.session.pop(KEY, None) or ("", 0)
    is_fresh = time.time() - float(noted_at) < LIFE_SECONDS
    return target if is_fresh and web.is_safe_next(target) else reverse("accounts:means")
