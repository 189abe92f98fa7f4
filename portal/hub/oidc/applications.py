"""/preferences/applications/ : what partners may read of me, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from portal.hub.oidc import consents
from portal.hub.oidc.models import OpenIdClient


def _signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    known = consents.known_applications(_signed_in(request))
    return render(request, "hub/oidc/applications.html", {"applications": known})


@require_POST
def revoke(request: HttpRequest, client_id: str) -> HttpResponse:
    client = get_object_or_404(OpenIdClient, client_id=client_id)
    if consents.revoke(request, _signed_in(request), client):
        messages.success(request, f"{client.name} n’a plus accès à vos données.")
    return HttpResponseRedirect(reverse("openid:applications"))
