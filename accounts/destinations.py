"""Where somebody was going when they began to sign up: kept on the server until their first sign-in (ROR-058).

The mail of validation may be opened in another browser, days later: what waits is a row beside the account, never a
parameter of the mailed link. Only paths of the portal are kept; a partner's request is one of them (its return page).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from accounts import keyed
from accounts.models import SignUpDestination, User
from portal.common import web
from portal.plateformes import current

_BROWSER = "sign_up_browser"
_DONE = "sign_up_done"


@dataclass(frozen=True)
class Place:
    """What stands behind a path of ours, in words people know.

    `elsewhere` is where to go instead from another browser, or once `path` is over; "" when nothing else leads there.
    `is_bound` says that `path` has a sense only in the browser where it began.
    """

    name: str
    elsewhere: str = ""
    is_bound: bool = False


@dataclass(frozen=True)
class Aim:
    """`path` is "" when the application can only be entered from its own site."""

    path: str
    name: str


Namer = Callable[[str], Place | None]
namers: list[Namer] = []
"""Filled when the portal starts by what lies above the accounts: each knows the paths of its own."""


def place_of(path: str) -> Place:
    """The application behind a path; the portal itself when nobody knows better."""
    return _named(path) or Place(current().portal_title)


def _named(path: str) -> Place | None:
    found = (namer(path) for namer in namers if path)
    return next((place for place in found if place is not None), None)


# --- signing up -----------------------------------------------------------------------------------------------
def begin(request: HttpRequest, path: str) -> Callable[[User], None]:
    """Note this browser, and return what writes the destination in the transaction of the account.

    The session is touched whatever the sign-up finds: an answer does not tell a known address (ABU-1).
    """
    browser = ""
    if _is_destination(path):
        browser = secrets.token_urlsafe(16)
        request.session[_BROWSER] = browser

    def keep(user: User) -> None:
        if not browser:
            SignUpDestination.objects.filter(user=user).delete()
            return
        place = place_of(path)
        SignUpDestination.objects.update_or_create(
            user=user,
            defaults={
                "path": path,
                "name": place.name[:150],
                "elsewhere": place.elsewhere,
                "is_bound": place.is_bound,
                "browser_key": _digest(browser),
            },
        )

    return keep


def _is_destination(path: str) -> bool:
    return path not in ("", "/") and web.is_safe_next(path)


# --- after the mail, and at the first sign-in -------------------------------------------------------------------
def aim_of(request: HttpRequest, user: User) -> Aim | None:
    """Where this person was going, as it can be reached from this browser now; None when nowhere in particular."""
    row = SignUpDestination.objects.filter(user=user).first()
    return _aim(request, row) if row is not None else None


def take(request: HttpRequest, user: User) -> Aim | None:
    """The same, for the first session: nothing is kept afterwards."""
    row = SignUpDestination.objects.filter(user=user).first()
    if row is None:
        return None
    row.delete()
    return _aim(request, row)


def _aim(request: HttpRequest, row: SignUpDestination) -> Aim:
    """A partner's request has a sense in the browser that brought it and while it is kept; else its application has."""
    is_lost = row.is_bound and (not _is_same_browser(request, row) or _named(row.path) is None)
    path = row.elsewhere if is_lost else row.path
    return Aim(path if web.is_safe_next(path) else "", row.name)


def _is_same_browser(request: HttpRequest, row: SignUpDestination) -> bool:
    noted = request.session.get(_BROWSER, "")
    return isinstance(noted, str) and bool(noted) and keyed.same(_digest(noted), row.browser_key)


def _digest(browser: str) -> str:
    return keyed.digest("sign_up_destination", browser)


# --- the success page -------------------------------------------------------------------------------------------
def note_done(request: HttpRequest, aim: Aim) -> None:
    """What the success page of this session names, and where it leads."""
    request.session[_DONE] = {"path": aim.path, "name": aim.name}


def done(request: HttpRequest) -> Aim | None:
    """None when nothing was noted in this session."""
    noted = request.session.get(_DONE)
    if not isinstance(noted, dict):
        return None
    path, name = str(noted.get("path", "")), str(noted.get("name", ""))
    return Aim(path if web.is_safe_next(path) else "", name)
