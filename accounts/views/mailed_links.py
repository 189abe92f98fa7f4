"""A mailed link on its way from the address bar to a form: the token leaves the URL at once (CODE-9).

It waits in a short-lived cookie that scripts cannot read, so that opening the link writes nothing on the server:
mail scanners may open it as often as they like.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers

LIFE_SECONDS = 3600
"""A tab left open for an hour still works; past that, the mail opens the page again."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")


def cookie_name(what: str) -> str:
    return f"__Host-lien-{what}" if settings.SESSION_COOKIE_SECURE else f"lien-{what}"


def keep_and_clean(request: HttpRequest, what: str, clean_url: str) -> HttpResponse:
    """Redirect to the page without the token, which goes on in a cookie."""
    response = HttpResponseRedirect(clean_url)
    put(response, what, request.GET.get("key", ""))
    return no_trace(response)


def put(response: HttpResponse, what: str, token: str) -> None:
    """Keep a token for the next page; a malformed one is kept as « x », which opens nothing."""
    response.set_cookie(
        cookie_name(what),
        token if _TOKEN.fullmatch(token) else "x",
        max_age=LIFE_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def token_of(request: HttpRequest, what: str) -> str:
    return request.COOKIES.get(cookie_name(what), "")


def drop(response: HttpResponse, what: str) -> HttpResponse:
    response.delete_cookie(cookie_name(what), samesite="Lax")
    return response


def no_trace(response: HttpResponse) -> HttpResponse:
    """Neither kept by a cache nor told to the next site."""
    add_never_cache_headers(response)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
