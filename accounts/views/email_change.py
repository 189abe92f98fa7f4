"""Change of address: asked here, used after the click in the mail (accounts.views.validation)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.assurance import requires_recent_proof
from accounts.even_time import takes_even_time
from accounts.forms.preferences import EmailChangeForm
from accounts.views.reprove import signed_in
from accounts.workflows import email_change
from portal.common.workflow import WorkflowError


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_proof
@takes_even_time
def change(request: HttpRequest) -> HttpResponse:
    form = EmailChangeForm(request.POST or None, user=signed_in(request))
    if request.method == "POST" and form.is_valid():
        if email_change.ask(signed_in(request), form.cleaned_data["email"], actor=signed_in(request)) is None:
            form.add_error(None, "Vous avez déjà demandé plusieurs changements : réessayez dans une heure.")
        else:
            messages.success(
                request,
                "Un message est parti à la nouvelle adresse : elle servira après votre clic sur son lien.",
            )
            return redirect("accounts:preferences")
    context = {
        "form": form,
        "person": signed_in(request),
        "pending_change": email_change.pending(signed_in(request)),
    }
    return render(request, "accounts/email_change.html", context)


@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    pending = email_change.pending(signed_in(request))
    if pending is not None:
        try:
            email_change.cancel(pending, actor=signed_in(request))
            messages.success(request, "Le changement d’adresse est annulé.")
        except WorkflowError as error:
            messages.error(request, error.message)
    return redirect("accounts:preferences")
