"""The routes of this area, and views that misbehave."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from portal.common.access import public

handler400 = "portal.observability.views.bad_request"
handler403 = "portal.observability.views.forbidden"
handler404 = "portal.observability.views.not_found"
handler500 = "portal.observability.views.server_error"


@public
def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("bien")


@public
def broken(request: HttpRequest, token: str = "") -> HttpResponse:
    raise ValueError("Claire Fontaine <claire.fontaine@cabinet.example> 004271")


@public
def without_database(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM a_table_that_does_not_exist")
    return HttpResponse("")


@public
def denied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("Claire n'a pas ce droit")


@public
def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("valeur 004271")


@public
def limited(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=429, headers={"Retry-After": "90"})


@public
def limited_for_machines(request: HttpRequest) -> HttpResponse:
    return HttpResponse('{"error": "slow_down"}', status=429, content_type="application/json")


@public
def with_cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("bien")
    response["Cache-Control"] = "public, max-age=3600"
    response.set_cookie("essai", "1")
    return response


@public
def with_nonce(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.csp_nonce))  # type: ignore[attr-defined]


@public
def cacheable(request: HttpRequest) -> HttpResponse:
    return HttpResponse("bien", headers={"Cache-Control": "public, max-age=3600"})


urlpatterns = [
    path("", include("portal.observability.urls")),
    path("", include("portal.gallery.urls")),
    path("bien/", fine),
    path("lien/<str:token>/", broken),
    path("sans-base/", without_database),
    path("refuse/", denied),
    path("suspect/", suspicious),
    path("limite/", limited),
    path("limite.json", limited_for_machines),
    path("cookie/", with_cookie),
    path("publique/", cacheable),
    path("script/", with_nonce),
]
