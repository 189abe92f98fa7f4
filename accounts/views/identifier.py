"""« Je ne connais pas mon identifiant »: it leaves by mail, nothing is told on screen (M94-033)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.doors import limits_address
from accounts.even_time import takes_even_time
from accounts.forms.reset import IdentifierForm
from accounts.workflows import credentials
from portal.common.access import public


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limits_address
@takes_even_time
def forgotten(request: HttpRequest) -> HttpResponse:
    form = IdentifierForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid():
        credentials.ask_identifier(form.cleaned_data["email"])
        return redirect("accounts:identifier_forgotten_sent")
    return render(request, "accounts/identifier_forgotten.html", {"form": form, "is_sent": False})


@public
@require_safe
@never_cache
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/identifier_forgotten.html", {"is_sent": True})
