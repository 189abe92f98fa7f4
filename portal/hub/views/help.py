"""« Aide à la connexion »: four starting points, each with its own procedure (M94-008)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from maillage import selectors as maillage
from portal.common.access import public
from portal.hub import selectors
from portal.plateformes import current


@public
@require_safe
def sign_in_help(request: HttpRequest) -> HttpResponse:
    context = {
        "resources": selectors.resources(),
        "portal_address": settings.SITE_URL,
        "territories": maillage.contacts() if current().maillage.enabled else [],
    }
    return render(request, "hub/sign_in_help.html", context)
