"""« / »: the door for a visitor, the applications for a signed-in person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.common.access import public
from portal.common.web import render_page
from portal.hub import selectors
from portal.hub.views.board import board_context


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "hub/door.html", {"resources": selectors.resources()})
    return render_page(request, "hub/home.html", "hub/includes/board.html", board_context(request))
