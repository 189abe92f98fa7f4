"""« Poste partagé »: a computer that several people use in turn. What it changes is in docs/decisions/poste-partage.md.

The desk is known by a signed cookie of the browser, put there by the box of the sign-in page (the person, or whoever
prepares the computer); a profile may also make it the rule of every desk. Ticking it only ever takes comfort away:
nothing is opened, and no notice of a sign-in is spared, because of it.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from accounts import client, signed_cookie
from accounts.models import User
from portal.plateformes import current

COOKIE = "poste"
LIFE_SECONDS = 400 * 24 * 3600
_SALT = "accounts.shared_desk"
_VALUE = "partage"
_CHOSEN = "shared_desk_chosen"


def is_offered() -> bool:
    """True when the person may say what kind of desk this is."""
    return current().sessions.shared_desk == "offered"


def is_shared(request: HttpRequest) -> bool:
    rule = current().sessions.shared_desk
    if rule != "offered":
        return rule == "always"
    chosen = getattr(request, _CHOSEN, None)
    return _is_marked(request) if chosen is None else bool(chosen)


def choose(request: HttpRequest, *, is_shared: bool) -> None:
    """Use this choice for the rest of the request; `mark` writes it on the browser."""
    setattr(request, _CHOSEN, is_shared)


def mark(response: HttpResponse, *, is_shared: bool) -> None:
    if not is_shared:
        signed_cookie.drop(response, COOKIE)
        return
    signed_cookie.write(response, COOKIE, _VALUE, salt=_SALT, life_seconds=LIFE_SECONDS)


def was_used_here(user: User, request: HttpRequest) -> bool:
    """True when this person already worked on a shared desk of this address with such a browser.

    Such a desk keeps no memory of the people who sign in, so the server's own stands in for it when it comes to
    telling somebody of a sign-in from a new browser.
    """
    before = user.portal_sessions.filter(is_shared=True, device=client.device(request)[:60])
    return before.filter(address=client.address(request)).exists()


def _is_marked(request: HttpRequest) -> bool:
    value = signed_cookie.read(request, COOKIE, salt=_SALT, life_seconds=LIFE_SECONDS, longest=200)
    return bool(value == _VALUE)
