"""The signed cookie of a browser that already signed in: its own budget of attempts, and « nouvel appareil » notices.

It proves nothing and opens nothing: without it, a person signs in the same way. It holds digests of accounts, no name.
"""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse

from accounts import keyed, signed_cookie

COOKIE = "appareil"
MAX_ACCOUNTS = 5
LIFE_SECONDS = 180 * 24 * 3600
_SALT = "accounts.known_browser"


def _read(request: HttpRequest) -> dict[str, str]:
    """Accounts (digest → number of this browser) the cookie vouches for; empty when absent, forged or too old."""
    value = signed_cookie.read(request, COOKIE, salt=_SALT, life_seconds=LIFE_SECONDS, longest=2000)
    return value if isinstance(value, dict) else {}


def number_for(request: HttpRequest, key: str) -> str:
    """Number under which this browser counts its own attempts on that account, "" when it is not known for it."""
    return _read(request).get(_digest(key), "")


def knows(request: HttpRequest, key: str) -> bool:
    return bool(number_for(request, key))


def remember(request: HttpRequest, response: HttpResponse, key: str) -> None:
    """Note in the cookie that this browser signed in to that account (the five latest are kept)."""
    accounts = _read(request)
    number = accounts.pop(_digest(key), "") or secrets.token_hex(8)
    accounts[_digest(key)] = number
    kept = dict(list(accounts.items())[-MAX_ACCOUNTS:])
    signed_cookie.write(response, COOKIE, kept, salt=_SALT, life_seconds=LIFE_SECONDS)


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """On a shared desk nothing says who came before."""
    if signed_cookie.is_sent(request, COOKIE):
        signed_cookie.drop(response, COOKIE)


def _digest(key: str) -> str:
    return keyed.digest("known_browser", key)[:24]
