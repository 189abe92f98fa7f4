"""What a signed-in person must do before anything else: choose a password, accept a new version of a document.

Placed after LoginRequiredMiddleware. Public pages, sign-out and the gates' own pages stay open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from redis.exceptions import RedisError

from accounts import documents
from accounts.models import User
from portal.common.memory import Marks

FORCED = "accounts:password_forced"
ALWAYS_OPEN = frozenset({"accounts:sign_out", "accounts:session_extend"})
# Who refuses a new version may still take their data and leave.
OPEN_ROUTES = ALWAYS_OPEN | {"accounts:closure", "accounts:closed", "accounts:my_data", "accounts:reprove"}
_REMEMBERED_SECONDS = 3600
_ACCEPTED = Marks(_REMEMBERED_SECONDS)


class GateMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Send to the first gate not passed yet, with the way back."""
        if not request.user.is_authenticated or not getattr(view, "login_required", True):
            return None
        route = next_gate(request.user)
        if not route or request.resolver_match is None:
            return None
        here = request.resolver_match.view_name
        if here == route or here in (ALWAYS_OPEN if route == FORCED else OPEN_ROUTES):
            return None
        target = request.get_full_path() if request.method == "GET" else reverse("hub:home")
        url = f"{reverse(route)}?{urlencode({'next': target})}"
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)


def next_gate(user: User) -> str:
    """Route of the page this person must pass first, "" when all is done."""
    if user.must_change_password:
        return FORCED
    return "accounts:documents_accept" if _lacks_documents(user) else ""


def _lacks_documents(user: User) -> bool:
    """An acceptance is never taken back, so a complete answer may be remembered; an incomplete one never is."""
    wanted = ",".join(f"{document.key}={document.version}" for document in documents.required())
    key = f"documents:{user.pk}:{wanted}"
    if key in _ACCEPTED:
        return False
    try:
        if cache.get(key):
            _ACCEPTED.add(key)
            return False
        is_missing = bool(documents.missing(user))
        if not is_missing:
            cache.set(key, True, _REMEMBERED_SECONDS)
            _ACCEPTED.add(key)
    except (OSError, RedisError):  # the cache is down: the table answers
        return bool(documents.missing(user))
    return is_missing
