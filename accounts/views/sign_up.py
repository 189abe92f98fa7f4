"""/inscription/ : one page or several steps, as the profile says, rendered by the same code."""

from __future__ import annotations

import time
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import client, destinations, throttle
from accounts.doors import limits_address
from accounts.even_time import takes_even_time
from accounts.forms.sign_up import ResendForm, SignUpForm
from accounts.workflows import sign_up as workflow
from portal.common import web
from portal.common.access import public
from portal.plateformes import current

ADDRESS_KEY = "inscription_adresse"
_REPLAY_WAIT_SECONDS = 3
# A wait holds a thread of the server: one machine gets few of them.
_WAITS_PER_ADDRESS, _WAITS_WINDOW = 20, timedelta(minutes=10)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limits_address
@takes_even_time
def sign_up(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("hub:home")
    answer = request.POST.get("compte") or request.GET.get("compte", "non")
    if answer == "oui":
        return _has_account(request)
    if request.method == "POST":
        return _posted(request)
    form = SignUpForm(request=request, shown=_shown(_keys()[0]), for_directory=_is_for_directory(request))
    return _page(request, form, _keys()[0])


def _has_account(request: HttpRequest) -> HttpResponse:
    """« J'ai déjà un compte »: nothing to fill in here."""
    if request.method == "POST":
        return redirect("accounts:sign_in")
    context = {
        "has_account": True,
        "for_directory": _is_for_directory(request),
        "next_url": web.safe_next(request, ""),
    }
    return render(request, "accounts/sign_up.html", context)


def _is_for_directory(request: HttpRequest) -> bool:
    """Came from the Maillage directory (`?pour=maillage`), which needs to know the place of work (M94-067…070)."""
    purpose = request.POST.get("pour") or request.GET.get("pour", "")
    return purpose == "maillage" and current().maillage.enabled


def _keys() -> list[str]:
    return [step.key for step in current().sign_up.steps]


def _shown(step: str) -> tuple[str, ...]:
    """A one-page journey shows all its steps as parts of the page."""
    return tuple(_keys()) if current().sign_up.layout == "single_page" else (step,)


def _posted(request: HttpRequest) -> HttpResponse:
    keys = _keys()
    step = request.POST.get("etape", keys[0])
    step = step if step in keys else keys[0]
    if "precedent" in request.POST:
        return _unjudged(request, keys[max(0, keys.index(step) - 1)])
    form = SignUpForm(
        request.POST, request=request, shown=_shown(step), for_directory=_is_for_directory(request)
    )
    is_last = keys[-1] in form.shown
    wrong = form.step_with_error()
    if form.is_withdrawing:
        return _page(request, form, step)
    if is_last and form.is_valid():
        return _done(request, form)
    if is_last and _is_second_click(form):
        return redirect("accounts:sign_up_sent")
    if len(form.shown) == 1 and (not wrong or keys.index(wrong) > keys.index(step)) and not is_last:
        return _unjudged(request, keys[keys.index(step) + 1])
    if len(form.shown) == 1 and wrong and wrong != step:
        form = SignUpForm(
            request.POST, request=request, shown=(wrong,), for_directory=_is_for_directory(request)
        )
        step = wrong
    form.keep_errors_of_shown()
    return _page(request, form, step)


def _unjudged(request: HttpRequest, step: str) -> HttpResponse:
    """Another step, with everything typed so far and no error yet."""
    typed = {name: value for name, value in request.POST.items() if name not in SignUpForm.never_carried}
    form = SignUpForm(request=request, shown=(step,), initial=typed, for_directory=_is_for_directory(request))
    return _page(request, form, step)


def _is_second_click(form: SignUpForm) -> bool:
    """The same form sent twice: the second time only the robot check objects, for it was used by the first."""
    codes = {error.code for errors in form.errors.as_data().values() for error in errors}
    submission = str(form.data.get("submission", ""))[:36]
    if codes != {"robot_replayed"} or not submission:
        return False
    if workflow.was_sent(submission):
        return True
    if not throttle.spend("sign_up_waits", client.network(form.request), _WAITS_PER_ADDRESS, _WAITS_WINDOW):
        return False
    end = time.monotonic() + _REPLAY_WAIT_SECONDS
    while not workflow.was_sent(submission):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _done(request: HttpRequest, form: SignUpForm) -> HttpResponse:
    application = form.application()
    workflow.sign_up(
        application,
        submission=form.cleaned_data.get("submission", ""),
        then=destinations.begin(request, web.safe_next(request, "")),
    )
    request.session[ADDRESS_KEY] = application.email
    return redirect("accounts:sign_up_sent")


def _page(request: HttpRequest, form: SignUpForm, step: str) -> HttpResponse:
    keys = _keys()
    context = {
        "form": form,
        "has_account": False,
        "for_directory": _is_for_directory(request),
        "next_url": web.safe_next(request, ""),
        "step": step,
        "titles": [entry.title for entry in current().sign_up.steps],
        "number": keys.index(step) + 1,
        "is_wizard": current().sign_up.layout == "wizard" and len(keys) > 1,
        "is_last": keys[-1] in form.shown,
        "is_first": keys[0] in form.shown,
    }
    return render(request, "accounts/sign_up.html", context)


@public
@require_safe
@never_cache
def sent(request: HttpRequest) -> HttpResponse:
    """Same page whatever was found."""
    return render(request, "accounts/sign_up_sent.html", {"address": request.session.get(ADDRESS_KEY, "")})


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limits_address
@takes_even_time
def resend(request: HttpRequest) -> HttpResponse:
    form = ResendForm(request.POST or None, initial={"email": request.session.get(ADDRESS_KEY, "")})
    if request.method == "POST" and form.is_valid():
        workflow.resend_validation(form.cleaned_data["email"])
        request.session[ADDRESS_KEY] = form.cleaned_data["email"]
        return redirect("accounts:sign_up_sent")
    return render(request, "accounts/sign_up_resend.html", {"form": form})
