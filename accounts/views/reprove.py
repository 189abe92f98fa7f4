"""Proofs asked again inside a session: before touching the account's protections, or for a page that needs a level."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import assurance, journal, second_proof, sessions, signin
from accounts.enums import AssuranceLevel, CodePurpose, ProofMeans
from accounts.models import User
from accounts.second_proof import Means
from accounts.strong import means as strong_means
from accounts.strong import offers
from accounts.views import means_return, proof_page
from accounts.views.proof_page import Page
from portal.common import web

PASSWORD_STEP = "reprove_password_at"  # noqa: S105 — a session key
PASSWORD_STEP_LIFE = 600
PURPOSE = CodePurpose.REPROVE


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def reprove(request: HttpRequest) -> HttpResponse:
    """Password (for those who have one), then the strongest factor held."""
    here = _reprove_page(request)
    if request.method == "GET" and assurance.is_recent(request):
        return HttpResponseRedirect(_target(request))
    if assurance.strongest_level(here.user) >= AssuranceLevel.STRONG and not _is_for_loss(request):
        return _ask_strong(here, "accounts/strong/reprove.html")
    return _handle(here, "accounts/reprove.html", {"needs_level": 0}, is_whole=True)


@require_POST
def reprove_send(request: HttpRequest) -> HttpResponse:
    return _send(_reprove_page(request))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def step_up(request: HttpRequest) -> HttpResponse:
    """A page asked for a stronger session; prove it and go back there."""
    needed = _needed(request)
    if assurance.level(request) >= needed:
        return HttpResponseRedirect(_target(request))
    here = _step_up_page(request, needed)
    if needed >= AssuranceLevel.STRONG:
        return _ask_strong(here, "accounts/strong/step_up.html")
    if not here.means:
        means_return.note(request, _target(request))
        context = {"needs_level": needed, "next_url": _target(request), **offers.to(here.user)}
        return render(request, "accounts/step_up.html", context)
    # The page asks for the factor alone: it opens pages of that level, and touches no factor after the quarter of an
    # hour of a whole proof.
    is_whole = not here.user.has_usable_password()
    return _handle(here, "accounts/reprove.html", {"needs_level": needed}, is_whole=is_whole)


# --- pages --------------------------------------------------------------------------------------------------
def _reprove_page(request: HttpRequest) -> Page:
    user = signed_in(request)
    if _password_is_due(request, user):
        means = [Means(ProofMeans.PASSWORD, "", AssuranceLevel.NONE, AssuranceLevel.NONE)]
    elif _is_for_loss(request):
        means = [m for m in second_proof.means_of(user, without={"password"}) if m.is_code]
    else:
        needed = assurance.strongest_level(user)
        means = [m for m in second_proof.means_of(user, without={"password"}) if m.factor_level >= needed]
    return _page(request, user, means, "accounts:reprove", {"perte": "1"} if _is_for_loss(request) else {})


def _is_for_loss(request: HttpRequest) -> bool:
    """« J’ai perdu mon application »: password and code, as when it was added. It is worth level 1: it opens the page
    that asks for the removal, never one that asks for the strongest proof held (MFA-4, MFA-5)."""
    return request.GET.get("perte") == "1"


def _ask_strong(here: Page, template: str) -> HttpResponse:
    """The card and the e-CPS are pages of their own; both come back to `next`."""
    held = strong_means.kinds(here.user)
    context = {"next_url": here.query["next"], "held": held, **offers.to(here.user), **_asked_by(here)}
    return render(here.request, template, context)


def _step_up_page(request: HttpRequest, needed: int) -> Page:
    user = signed_in(request)
    means = [m for m in second_proof.means_of(user, without={"password"}) if m.level >= needed]
    return _page(request, user, means, "accounts:step_up", {"niveau": str(needed)})


def _page(request: HttpRequest, user: User, means: list[Means], route: str, query: dict[str, str]) -> Page:
    return Page(
        request=request,
        user=user,
        means=means,
        purpose=PURPOSE,
        path=reverse(route),
        send_path=reverse("accounts:reprove_send"),
        query=query | {"next": _target(request)},
    )


def _handle(here: Page, template: str, extra: dict[str, object], *, is_whole: bool) -> HttpResponse:
    request, means = here.request, here.chosen()
    if means is None:
        return render(request, "accounts/no_second_proof.html")
    form = proof_page.form_of(here, means, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        checked = second_proof.check(request, here.user, means, form.typed, purpose=PURPOSE)
        if checked.ok:
            return _proved(here, means, is_whole=is_whole)
        signin.record_refused_proof(request, here.user, means)
        form.add_error("preuve", proof_page.told(checked, means))
    return render(request, template, proof_page.context(here, means, form) | extra | _asked_by(here))


def _asked_by(here: Page) -> dict[str, object]:
    """An application that asks for a new sign-in (prompt=login, max_age): the page then says whose."""
    return {"is_for_application": assurance.is_asked_by_application(here.request, here.query["next"])}


def _proved(here: Page, means: Means, *, is_whole: bool) -> HttpResponse:
    request = here.request
    if means.key == ProofMeans.PASSWORD:
        request.session[PASSWORD_STEP] = time.time()
        return HttpResponseRedirect(here.url())
    request.session.pop(PASSWORD_STEP, None)
    sessions.prove_again(
        request,
        level=means.level,
        factor_level=means.factor_level,
        method=means.key.value,
        is_whole=is_whole,
    )
    if means.key == ProofMeans.RECOVERY:
        signin.tell_recovery_code_used(request, here.user)
    journal.record(
        journal.Action.REPROVED,
        request=request,
        actor=here.user,
        subject=here.user,
        method=means.key.value,
        level=means.level,
    )
    return HttpResponseRedirect(here.query["next"])


def _send(here: Page) -> HttpResponse:
    means = here.chosen()
    if means is not None and means.is_code:
        proof_page.send(here, means)
        return HttpResponseRedirect(here.url(means))
    return HttpResponseRedirect(here.url())


def _password_is_due(request: HttpRequest, user: User) -> bool:
    done_at = request.session.get(PASSWORD_STEP, 0)
    return user.has_usable_password() and time.time() - float(done_at) > PASSWORD_STEP_LIFE


def _needed(request: HttpRequest) -> int:
    asked = request.GET.get("niveau", "")
    return int(asked) if asked in {"1", "2", "3"} else AssuranceLevel.AUTHENTICATOR


def _target(request: HttpRequest) -> str:
    return web.safe_next(request, reverse("hub:home"))


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 — private view: LoginRequiredMiddleware saw to it
    return request.user
