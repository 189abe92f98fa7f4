"""The board of applications as a page or as the fragment htmx swaps: shared by the home page and its actions."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import assurance
from accounts.models import User
from maillage import selectors as territories
from portal.common.web import wants_fragment
from portal.hub import perms, selectors
from portal.hub.perms import Person

MAX_QUERY = 80


def user_of(request: HttpRequest) -> User:
    """The signed-in person of a private page; the middleware let nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def person_of(request: HttpRequest) -> Person:
    """What the rules look at for this request; read once."""
    person = getattr(request, "_hub_person", None)
    if person is None:
        person = perms.person_for(user_of(request), assurance.level(request))
        request._hub_person = person  # type: ignore[attr-defined]
    return person


def read_query(request: HttpRequest) -> str:
    """Words searched; control characters dropped, cut at MAX_QUERY."""
    typed = request.POST.get("q") or request.GET.get("q") or ""
    return "".join(char for char in typed if char.isprintable()).strip()[:MAX_QUERY]


def board_context(request: HttpRequest) -> dict[str, object]:
    user = user_of(request)
    return {
        "board": selectors.board(user, person_of(request), read_query(request)),
        "is_pilot": territories.is_pilot(user),
    }


def after_change(
    request: HttpRequest, sentence: str, *, anchor: str, undo: dict[str, str] | None = None
) -> HttpResponse:
    """The new board for htmx, with a toast; without JavaScript, back to the place on the page.

    `undo`: fields that, sent to the same address, put things back as they were.
    """
    if not wants_fragment(request):
        query = read_query(request)
        target = reverse("hub:home") + (f"?{urlencode({'q': query})}" if query else "")
        return redirect(f"{target}#{anchor}")
    response = render(request, "hub/includes/board.html", board_context(request))
    toast: dict[str, object] = {"text": sentence, "tone": "positive"}
    if undo:
        query = read_query(request)
        fields = undo | ({"q": query} if query else {})
        toast["undo"] = {"url": request.path, "fields": fields, "target": "#applications"}
    response["HX-Trigger"] = json.dumps({"portal:toast": toast})
    return response
