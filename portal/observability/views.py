"""Pages for machines: health, figures, reports, well-known addresses. Error pages are re-exported for the URL conf."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe
from django_prometheus.exports import ExportToDjangoView

from portal.common.access import public
from portal.observability import csp_reports, health, metrics, outbox, pulse
from portal.observability.callers import is_operator
from portal.observability.errors import (
    bad_request,
    csrf_failure,
    forbidden,
    not_found,
    server_error,
    too_many_requests,
)
from portal.plateformes import current

__all__ = [
    "bad_request",
    "csrf_failure",
    "forbidden",
    "not_found",
    "outbox",  # importing it registers its figures
    "pulse",  # the same
    "server_error",
    "too_many_requests",
]

SECURITY_TXT_DAYS = 180
"""RFC 9116 asks for less than a year."""


@public
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return JsonResponse({"etat": "vivant"})


@public
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when every check passes, else 503. Only operators read which part is down (WEB-7)."""
    checks = health.run_checks()
    is_ready = all(word == "ok" for word in checks.values())
    body: dict[str, object] = {"etat": "pret" if is_ready else "indisponible"}
    if is_operator(request):
        body["controles"] = checks
    return JsonResponse(body, status=200 if is_ready else 503)


@public
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """Prometheus' text; 404 for anybody but operators."""
    if not is_operator(request):
        raise Http404
    response: HttpResponse = ExportToDjangoView(request)
    response.content = response.content + metrics.our_figures()
    return response


@public
@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Reports of browsers: 413 over 16 kB, 429 over 60 a minute, 400 when it is not one."""
    if not csp_reports.has_room():
        return HttpResponse("Trop de rapports.", status=429, headers={"Retry-After": "60"})
    size = request.META.get("CONTENT_LENGTH") or "0"
    if not size.isdecimal() or int(size) > csp_reports.MAX_BYTES:
        return HttpResponse(status=413)
    return HttpResponse(status=204 if csp_reports.record(request.read(csp_reports.MAX_BYTES)) else 400)


@public
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116: where to report a weakness."""
    expires = (timezone.now() + timedelta(days=SECURITY_TXT_DAYS)).replace(hour=0, minute=0, second=0)
    lines = [
        f"Contact: mailto:{current().support.email}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
    ]
    response = HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@public
@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """Well-known address by which password managers find the page that changes a password."""
    return HttpResponseRedirect(getattr(settings, "CHANGE_PASSWORD_PATH", "/preferences/"))
