"""The product's addresses, and one that stands for a card or e-CPS that has just been verified."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from accounts.strong.arrival import arrive
from accounts.strong.identity import StrongIdentity
from portal.common.access import public
from portal.common.web import writes_on_get

ARRIVALS: dict[str, StrongIdentity] = {}


@public
@writes_on_get("stands for the return of an identity provider")
def arrival(request: HttpRequest, key: str) -> HttpResponse:
    return arrive(request, ARRIVALS[key], next_url=request.GET.get("next", ""))


urlpatterns: list[Any] = [
    path("essai/arrivee/<str:key>/", arrival),
    path("", include("portal.urls")),
]
