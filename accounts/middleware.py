"""Every request of a signed-in person passes here: session open, recent, account active (SES-3, SES-5).

A session without a row of UserSession was not opened by our two proofs (another door of Django): it is nobody's.
No session is written here; activity is one UPDATE a minute at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django_otp.middleware import OTPMiddleware

from accounts import sessions
from accounts.models import UserSession
from accounts.session_store import hash_key
from portal.common import web

# Routes open to somebody whose password is a temporary secret.
HELD_MAY_OPEN = frozenset({"accounts:password_forced", "accounts:sign_out", "accounts:session_extend"})
# Reasons a person is told on the sign-in page (accounts.views.sign_in).
TOLD_REASONS = frozenset({"idle", "absolute", "ended"})
# Public addresses that, from a locked session, lead to its page: they greet a person or sign one in.
DOORS = frozenset({"hub:home", "accounts:sign_in", "accounts:ephemeral", "accounts:sign_up"})


# A form whose body took longer to arrive is judged on the session as it is then, not as it was at the first byte.
SLOW_BODY_SECONDS = 1.0


class SessionPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.portal_session = None  # type: ignore[attr-defined]
        request.locked_session = None  # type: ignore[attr-defined]
        request.session_over = ""  # type: ignore[attr-defined]
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            self._admit(request)
        response = self.get_response(request)
        row = sessions.session_of(request)
        if row is not None or sessions.locked_of(request) or getattr(request, "is_sign_in_page", False):
            add_never_cache_headers(response)  # WEB-2
        if row is not None and row.watched_card:
            _let_pages_hear_the_agent(response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Tell why a session has just ended, instead of a bare sign-in page; hold who must choose a password."""
        self._admit_again_if_slow(request)
        reason = getattr(request, "session_over", "")
        if reason and getattr(view, "login_required", True):
            target = request.get_full_path() if request.method == "GET" else reverse("hub:home")
            return _go(request, f"{reverse('accounts:sign_in')}?{urlencode({'fin': reason, 'next': target})}")
        if sessions.locked_of(request) is not None and _is_closed_by_lock(request, view):
            query = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
            return _go(request, reverse("accounts:locked") + query)
        row = sessions.session_of(request)
        if row is not None and row.user.must_change_password and not _may_pass(request):
            return _go(request, _forced(request))
        return None

    def _admit(self, request: HttpRequest) -> None:
        now = timezone.now()
        row = _opened(request)
        reason = "ended" if row is None else sessions.why_over(row, now)
        if row is None or reason or not row.user.is_active or not _matches(request, row):
            self._refuse(request, row, reason or "ended")
            return
        if row.locked_at is not None:
            self._hold(request, row)
            return
        sessions.touch(row, now)
        request.portal_session = row  # type: ignore[attr-defined]
        request.admitted_at = time.monotonic()  # type: ignore[attr-defined]
        request._cached_user = row.user  # type: ignore[attr-defined]  # spares Django's own query

    def _admit_again_if_slow(self, request: HttpRequest) -> None:
        """The body is read by now (CsrfViewMiddleware did): held back, it must not outlive a sign-out or a lock."""
        row = sessions.session_of(request)
        if row is None or time.monotonic() - request.admitted_at < SLOW_BODY_SECONDS:  # type: ignore[attr-defined]
            return
        request.portal_session = None  # type: ignore[attr-defined]
        request.session = type(request.session)(request.session.session_key)
        if SESSION_KEY in request.session:
            self._admit(request)
        else:
            self._refuse(request, None, "ended")

    def _hold(self, request: HttpRequest, row: UserSession) -> None:
        """A locked session is nobody's, and stays (accounts.lock)."""
        request.user = AnonymousUser()
        OTPMiddleware._init_user_fields(request.user)
        request.locked_session = row  # type: ignore[attr-defined]

    def _refuse(self, request: HttpRequest, row: UserSession | None, reason: str) -> None:
        if row is not None:
            sessions.end(row, reason)
        request.session.flush()
        request.user = AnonymousUser()
        OTPMiddleware._init_user_fields(request.user)
        request.session_over = reason if reason in TOLD_REASONS else "ended"  # type: ignore[attr-defined]


def _opened(request: HttpRequest) -> UserSession | None:
    """The row of this session, read with its content when that was just done."""
    name = hash_key(request.session.session_key or "")
    row: UserSession | None = getattr(request.session, "opened", None)
    if row is not None and row.session_key_hash == name:
        return row
    return UserSession.objects.select_related("user").filter(session_key_hash=name).first()


def _is_closed_by_lock(request: HttpRequest, view: Any) -> bool:
    match = request.resolver_match
    return getattr(view, "login_required", True) or (match is not None and match.view_name in DOORS)


def _let_pages_hear_the_agent(response: HttpResponse) -> None:
    """Pages of such a session ask the agent of the desk whether the card is still there (static/js/card-watch.js)."""
    known: dict[str, Any] = getattr(response, "_csp_update", None) or {}
    agent = f"http://127.0.0.1:{settings.CPS_AGENT_PORT}"
    told = [*known.get("connect-src", []), agent]
    response._csp_update = {**known, "connect-src": list(dict.fromkeys(told))}  # type: ignore[attr-defined]


def _forced(request: HttpRequest) -> str:
    """The choice of a password, then the page that was being opened: the end of a linking, an application…"""
    target, page = request.get_full_path(), reverse("accounts:password_forced")
    if request.method != "GET" or target == reverse("hub:home") or not web.is_safe_next(target):
        return page
    return f"{page}?{urlencode({'next': target})}"


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _may_pass(request: HttpRequest) -> bool:
    """What an initial secret opens: the choice of a password, the way out, and pages open to anybody (CVL-028)."""
    match = request.resolver_match
    if match is None or match.view_name in HELD_MAY_OPEN:
        return True
    return match.view_name != "hub:home" and not getattr(match.func, "login_required", True)


def _matches(request: HttpRequest, row: UserSession) -> bool:
    """The session is that account's, and its password has not changed since (Django's own check)."""
    stored = request.session.get(HASH_SESSION_KEY, "")
    return request.session.get(SESSION_KEY) == str(row.user_id) and constant_time_compare(
        stored, row.user.get_session_auth_hash()
    )
