"""Limits and refusals common to the doors of sign-in.

Per account: accounts.throttle. Per address (a hospital is one address): high limits that turn to a robot check first,
and to 429 only far beyond what a hospital does (ABU-5, ABU-6). Nothing here tells whether an account exists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts import client, codes, identify, journal, passwords, throttle
from accounts.models import User
from portal.common.memory import remembered
from portal.plateformes import current

WINDOW = timedelta(minutes=10)
ATTEMPTS_PER_ADDRESS = 900
FAILURES_BEFORE_ROBOT = 20
FAILURES_PER_ADDRESS = 300
CROWDED_SECONDS = 2


@dataclass(frozen=True)
class Tried:
    """Result of a password: `user` when it is right; else `wait_seconds` when the door is shut for a while."""

    user: User | None
    wait_seconds: int = 0


def asks_robot(request: HttpRequest) -> bool:
    """True at the doors the profile names, and for an address that has just failed many times.

    What is posted is judged on the exact count. A form that is only shown goes by the list of such addresses, up to
    CROWDED_SECONDS old: at worst the check is asked after the first post instead of before it.
    """
    if "sign_in" in current().robot.on:
        return True
    if request.method == "POST":
        return _failures(request) >= FAILURES_BEFORE_ROBOT
    return throttle.budget_name("address_failures", client.network(request)) in _crowded()


@remembered(CROWDED_SECONDS)
def _crowded() -> frozenset[str]:
    """Addresses (by the name of their budget) that failed FAILURES_BEFORE_ROBOT times or more in the window."""
    return throttle.names_spent("address_failures", FAILURES_BEFORE_ROBOT, WINDOW)


def refuse_address(request: HttpRequest) -> int:
    """Seconds to wait when this address has gone beyond all use (429), 0 when it may go on. Counts the attempt."""
    network = client.network(request)
    if not throttle.spend("address_attempts", network, ATTEMPTS_PER_ADDRESS, WINDOW):
        return codes.whole_seconds(throttle.window_left("address_attempts", network, WINDOW)) or 1
    if _failures(request) >= FAILURES_PER_ADDRESS:
        return codes.whole_seconds(throttle.window_left("address_failures", network, WINDOW)) or 1
    return 0


def limits_address(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Same limit for the forms that send mails to whoever is typed: 429 and Retry-After beyond it (ABU-7)."""

    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seconds = refuse_address(request) if request.method == "POST" else 0
        if seconds:
            return HttpResponse(status=429, headers={"Retry-After": str(seconds)})
        return view(request, *args, **kwargs)

    return limited


def _failures(request: HttpRequest) -> int:
    """Failures of this address in the window, as they were when the request came (asked once)."""
    known = getattr(request, "address_failures", None)
    if known is None:
        known = throttle.spent("address_failures", client.network(request), WINDOW)
        request.address_failures = known  # type: ignore[attr-defined]
    return int(known)


def count_failure(request: HttpRequest) -> None:
    throttle.spend("address_failures", client.network(request), FAILURES_PER_ADDRESS, WINDOW)


def try_password(request: HttpRequest, typed: str, raw: str) -> Tried:
    """Check a password: one attempt taken before it is looked at, one hash, the same for nobody."""
    user = identify.find_account(typed)
    key = codes.account_key(user, typed)
    delay = throttle.enter("password", key, request)
    if delay is not None:
        return Tried(None, codes.whole_seconds(delay))
    if passwords.check(user, raw):
        return Tried(user)
    count_failure(request)
    journal.record(
        journal.Action.SIGN_IN_REFUSED, request=request, subject=user, outcome="failure", method="password"
    )
    if throttle.failures("password", key, request) == current().lockout.close_after:
        journal.record(
            journal.Action.LOCKED, request=request, subject=user, outcome="refused", method="password"
        )
    return Tried(None)
