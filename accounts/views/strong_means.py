"""Cards and e-CPS among one's means of signing in: taking one away, and proving oneself again with them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.assurance import requires_recent_proof
from accounts.psc import door
from accounts.strong import means
from accounts.views.reprove import signed_in
from portal.common import web

LAST_ONE = (
    "C’est votre dernier moyen de connexion : choisissez d’abord un mot de passe ou rattachez une autre carte ou une "
    "e-CPS."
)


@requires_recent_proof
@require_http_methods(["GET", "HEAD", "POST"])
def unlink(request: HttpRequest, reference: UUID) -> HttpResponse:
    user = signed_in(request)
    row = means.linked(user).filter(public_id=reference).first()
    if row is None:
        raise Http404
    if not means.may_lose_one(user):
        messages.warning(request, LAST_ONE)
        return HttpResponseRedirect(reverse("accounts:means"))
    if request.method != "POST":
        return render(request, "accounts/strong/unlink.html", {"row": row})
    if means.unlink(request, user, str(reference)):
        messages.success(request, f"{row.label} : ce moyen n’ouvre plus votre compte.")
    else:
        messages.warning(request, LAST_ONE)
    return HttpResponseRedirect(reverse("accounts:means"))


@require_POST
def reprove_ecps(request: HttpRequest) -> HttpResponse:
    """A new proof by e-CPS, even when a session is open at Pro Santé Connect."""
    return door.start(request, next_url=web.safe_next(request, ""), fresh=True)
