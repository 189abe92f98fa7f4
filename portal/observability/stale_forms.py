"""A form whose protection no longer matches: most often the page stayed open while one signed in elsewhere.

Nothing was done with it. What was typed is shown again as a form to send once more, with a good token, when the browser
itself says that it came from one of our pages; never a password, a code or a file.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from portal.common import web

SECRET = re.compile(r"pass|mot_de_passe|^code$|preuve|secret|reponse|csrfmiddlewaretoken", re.IGNORECASE)
MAX_FIELDS = 200
MAX_CHARACTERS = 100_000
DOORS = "/connexion/"


def answer(request: HttpRequest) -> HttpResponse:
    """403 with the way on; somebody who is signed in and sends a sign-in form again is simply there already."""
    if request.user.is_authenticated and request.path == DOORS and _is_ours(request):
        return HttpResponseRedirect(web.safe_next(request, "/"))
    typed = _typed(request) if _is_ours(request) else []
    context = {
        "typed": typed,
        "is_partial": bool(request.FILES) or any(SECRET.search(name) for name in _told_names(request)),
        "page_url": _page_it_came_from(request),
    }
    response = render(request, "stale_form.html", context, status=403)
    add_never_cache_headers(response)
    return response


def _is_ours(request: HttpRequest) -> bool:
    """The browser's word, which no other site can write: the form was on a page of this very origin."""
    told = request.headers.get("Sec-Fetch-Site")
    if told:
        return told == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    pairs = [
        (name, value) for name, values in request.POST.lists() if not SECRET.search(name) for value in values
    ]
    if len(pairs) > MAX_FIELDS or sum(len(value) for _, value in pairs) > MAX_CHARACTERS:
        return []
    return pairs


def _told_names(request: HttpRequest) -> list[str]:
    return [name for name in request.POST if name != "csrfmiddlewaretoken"]


def _page_it_came_from(request: HttpRequest) -> str:
    came_from = urlsplit(request.headers.get("Referer", ""))
    path = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return path if came_from.netloc == request.get_host() and web.is_safe_next(path) else "/"
