"""/connexion/verification/ : the second proof of a sign-in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import sessions, signin
from accounts.enums import CodePurpose
from accounts.second_proof import Means
from accounts.stages import SecondProofStage
from accounts.views import proof_page
from accounts.views.proof_page import Page
from accounts.views.sign_in import start_again
from portal.common.access import public

TOO_LATE = "Votre connexion a pris trop de temps : recommencez."


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    request.is_sign_in_page = True  # type: ignore[attr-defined]
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("hub:home"))
    stage = signin.pending(request)
    if stage is None:
        return start_again(request, TOO_LATE)
    here = _page_of(request, stage)
    means = here.chosen()
    if means is None:
        return render(request, "accounts/no_second_proof.html")
    if request.method != "POST":
        return _show(here, means, proof_page.form_of(here, means))
    form = proof_page.form_of(here, means, request.POST)
    if not form.is_valid():
        return _show(here, means, form)
    checked = signin.check_second(request, stage, means, form.typed)
    if checked.ok:
        response: HttpResponse = stage.exit()
        return response
    form.add_error("preuve", proof_page.told(checked, means))
    return _show(here, means, form)


@public
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Send a code by the chosen channel, or another one, then back to the page."""
    request.is_sign_in_page = True  # type: ignore[attr-defined]
    stage = signin.pending(request)
    if stage is None:
        return start_again(request, TOO_LATE)
    here = _page_of(request, stage)
    means = here.chosen()
    if means is None or not means.is_code:
        return HttpResponseRedirect(here.path)
    proof_page.send(here, means)
    return HttpResponseRedirect(here.url(means))


@public
@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """« Annuler »: back to the door, nothing kept of the first proof. A locked session is no sign-in: it stays."""
    if not request.user.is_authenticated and sessions.locked_of(request) is None:
        request.session.flush()
    return start_again(request)


def _page_of(request: HttpRequest, stage: SecondProofStage) -> Page:
    return Page(
        request=request,
        user=stage.login.user,
        means=signin.needs(stage.login.user, stage.told()["first"]),
        purpose=CodePurpose.SIGN_IN,
        path=reverse("accounts:second_proof"),
        send_path=reverse("accounts:second_proof_send"),
        query={},
    )


def _show(here: Page, means: Means, form: Any) -> HttpResponse:
    return render(here.request, "accounts/second_proof.html", proof_page.context(here, means, form))
