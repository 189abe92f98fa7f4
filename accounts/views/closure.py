"""« Fermer mon compte »: says what happens, asks a confirmation, signs out. The support can reopen it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import sessions
from accounts.assurance import requires_recent_proof
from accounts.forms.preferences import CloseForm
from accounts.views.reprove import signed_in
from accounts.workflows import account
from portal.common.access import public


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_proof
def close(request: HttpRequest) -> HttpResponse:
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account.close(signed_in(request), actor=signed_in(request), reason=form.cleaned_data["reason"])
        sessions.sign_out(request, "closed")
        return redirect("accounts:closed")
    return render(request, "accounts/closure.html", {"form": form, "person": signed_in(request)})


@public
@require_safe
@never_cache
def closed(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/closed.html")
