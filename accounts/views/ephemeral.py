"""« Code Éphémère »: a one-time code first, then another proof (docs/decisions/portes-de-connexion.md).

Known or unknown, the answers, the cookies and the time are the same: nothing on these pages tells whether the account
exists, nor where the code went.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import codes, doors, identify, signin
from accounts.enums import CodeChannel, CodePurpose
from accounts.even_time import takes_even_time
from accounts.forms.sign_in import CodeForm, EphemeralForm
from accounts.models import User
from accounts.views import proof_page, sign_in
from portal.common.access import public
from portal.plateformes import current

STATE = "ephemeral"
PURPOSE = CodePurpose.EPHEMERAL


def _where_offered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 on a platform whose profile has no such tab: a door nobody shows is no door."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if "ephemeral" not in current().sign_in.tabs:
            raise Http404
        return view(request)

    return guarded


@public
@_where_offered
@takes_even_time
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Who asks and by which channel; the answer is the same page whoever it is."""
    next_url = sign_in.asked_target(request)
    if request.method != "POST":
        return HttpResponseRedirect(sign_in.tab_url("ephemeral", next_url))
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_url or reverse("hub:home"))
    seconds = doors.refuse_address(request)
    if seconds:
        empty = EphemeralForm(request=request, next_url=next_url)
        return sign_in.too_many(request, "ephemeral", empty, next_url, seconds)
    form = EphemeralForm(
        request.POST, request=request, robot_required=doors.asks_robot(request), next_url=next_url
    )
    if not form.is_valid():
        return sign_in.show(request, "ephemeral", form, next_url)
    state = {
        "typed": form.cleaned_data["identifiant"],
        "channel": form.cleaned_data["canal"],
        "next": next_url,
    }
    request.session[STATE] = state
    _send(request, state, is_again=False)
    return HttpResponseRedirect(reverse("accounts:ephemeral_code"))


@public
@_where_offered
@takes_even_time
@require_POST
def resend(request: HttpRequest) -> HttpResponse:
    state = request.session.get(STATE)
    if not state:
        return sign_in.start_again(request)
    _send(request, state, is_again=True)
    return HttpResponseRedirect(reverse("accounts:ephemeral_code"))


@public
@_where_offered
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Type the code; a right one leads to the second proof."""
    request.is_sign_in_page = True  # type: ignore[attr-defined]
    state = request.session.get(STATE)
    if request.user.is_authenticated or not state:
        return HttpResponseRedirect(sign_in.tab_url("ephemeral"))
    if request.method != "POST":
        return _show(request, state, CodeForm(digits=proof_page.digits(PURPOSE)))
    form = CodeForm(request.POST, digits=proof_page.digits(PURPOSE))
    if not form.is_valid():
        return _show(request, state, form)
    checked = codes.verify(request, PURPOSE, form.cleaned_data["code"], typed_account=state["typed"])
    if checked.ok and checked.user is not None and checked.user.is_active:
        return signin.begin(
            request, checked.user, first_proof="code", method=state["channel"], next_url=state["next"]
        )
    doors.count_failure(request)
    form.add_error("code", proof_page.told(checked))
    return _show(request, state, form)


def _send(request: HttpRequest, state: dict[str, str], *, is_again: bool) -> None:
    channel = CodeChannel(state["channel"])
    user = _reachable(identify.find_account(state["typed"]), channel)
    sent = codes.send(request, user=user, purpose=PURPOSE, channel=channel, typed=state["typed"])
    proof_page.tell_sent(request, sent.refused_reason, is_again=is_again)


def _reachable(user: User | None, channel: CodeChannel) -> User | None:
    """The account when a code can go there; otherwise a decoy is written, and nobody can tell."""
    if user is None or not user.is_active or channel not in codes.channels(user):
        return None
    return user


def _show(request: HttpRequest, state: dict[str, str], form: Any) -> HttpResponse:
    with transaction.atomic():
        key = codes.budget_key(request, identify.find_account(state["typed"]), PURPOSE, state["typed"])
        code = proof_page.code_state(request, PURPOSE, state["channel"], key)
    # What became of the message would tell that the account exists.
    code |= proof_page.ON_ITS_WAY
    return render(
        request, "accounts/ephemeral_code.html", {"form": form, "code": code, "channel": state["channel"]}
    )
