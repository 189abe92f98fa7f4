"""Error pages. Each names the request's reference, which support finds in the logs, and nothing of our inside."""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import Context
from django.template.engine import Engine

from portal.observability import stale_forms
from portal.observability.request_logs import current_reference
from portal.plateformes import current

LAST_RESORT = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><title>Service momentanément indisponible</title></head>
<body><main><h1>Service momentanément indisponible</h1>
<p>Une erreur est survenue de notre côté. Réessayez dans quelques minutes.</p></main></body></html>
"""

logger = structlog.get_logger(__name__)


def _page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    full = {"reference": current_reference(), **context}
    return render(request, f"{status}.html", full, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. The host or the session may be what is wrong: the page uses neither."""
    return _alone(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, explanation="")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose protection does not match: most often a page left open too long."""
    logger.warning("csrf_refused", method=request.method)
    return stale_forms.answer(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def not_this_way(request: HttpRequest) -> HttpResponse:
    """405: the address of a button, opened as a page (a bookmark, a reload, « back » after signing in again)."""
    return _alone(request, 405)


def too_many_requests(request: HttpRequest, retry_after: str | int | None = None) -> HttpResponse:
    """429. `retry_after`: seconds to wait, told on the page and in the header."""
    text = str(retry_after or "")
    seconds = int(text) if text.isascii() and text.isdecimal() else None
    response = _page(request, 429, retry_seconds=seconds, explanation="")
    if seconds is not None:
        response["Retry-After"] = str(seconds)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without database, session or context processor: one of them may be what fails."""
    return _alone(request, 500)


def _alone(request: HttpRequest, status: int) -> HttpResponse:
    context = {
        "request": request,
        "user": AnonymousUser(),
        "plateforme": current(),
        "reference": current_reference(),
        "csp_nonce": str(getattr(request, "csp_nonce", "")),
    }
    try:
        text: str = Engine.get_default().get_template(f"{status}.html").render(Context(context))
    except Exception:  # a broken page about an error must still be a page
        logger.exception("error_page_broken", status=status)
        text = LAST_RESORT
    return HttpResponse(text, status=status)
