"""« / »: the door for a visitor, the applications for a signed-in person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.common.access import public
from portal.common.web import render_page
from portal.hub import selectors
from portal.hub.views.board import board_context
from portal.plateformes import current

_STRONG = {"card": "votre carte CPS", "ecps": "l’e-CPS"}
_PLAIN = {"password": "votre mot de passe", "ephemeral": "un code éphémère"}


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "hub/door.html", {"resources": selectors.resources(), **_ways()})
    return render_page(request, "hub/home.html", "hub/includes/board.html", board_context(request))


def _ways() -> dict[str, str]:
    """How one enters here and how one makes an account, from the doors that the profile opens."""
    doors = current().sign_in
    opened = {*doors.tabs, *(["ecps"] if doors.psc_block else [])}
    strong = [words for door, words in _STRONG.items() if door in opened]
    plain = [words for door, words in _PLAIN.items() if door in opened]
    return {
        "ways_in": _one_of([*strong, *plain]),
        "ways_up": _one_of([*strong, "votre adresse e-mail professionnelle"]),
    }


def _one_of(names: list[str]) -> str:
    """« A », « A ou B », « A, B ou C »."""
    *first, last = names
    return f"{', '.join(first)} ou {last}" if first else last
