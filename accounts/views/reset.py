"""Forgotten password: the request, the page behind the mailed link, and the forced change."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import links
from accounts.doors import limits_address
from accounts.enums import AccountStatus, LinkPurpose
from accounts.even_time import takes_even_time
from accounts.forms.reset import ChoosePasswordForm, ForcedPasswordForm, ForgottenForm
from accounts.views import mailed_links, renewal
from accounts.views.reprove import signed_in
from accounts.workflows import credentials
from portal.common.access import public
from portal.common.web import safe_next

COOKIE = "mot-de-passe"
MODES = ("Simple", "Activation")


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limits_address
@takes_even_time
def forgotten(request: HttpRequest) -> HttpResponse:
    """The sign-in form may hand over what was typed there (`reprise`): shown again, nothing is sent (M94-022)."""
    if request.method == "POST" and "reprise" in request.POST:
        typed = request.POST.get("identifiant") or request.POST.get("login", "")
        return _request_page(request, ForgottenForm(initial={"identifiant": typed[:254]}))
    form = ForgottenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        credentials.ask_reset(form.cleaned_data["identifiant"])
        return redirect("accounts:password_forgotten_sent")
    return _request_page(request, form)


def _request_page(request: HttpRequest, form: ForgottenForm) -> HttpResponse:
    return render(request, "accounts/password_forgotten.html", {"form": form, "is_sent": False})


@public
@require_safe
@never_cache
def forgotten_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/password_forgotten.html", {"form": ForgottenForm(), "is_sent": True})


@public
@never_cache
@sensitive_post_parameters("password", "password_confirmation")
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    mode = request.GET.get("resetMode", "Simple")
    mode = mode if mode in MODES else "Simple"
    if "key" in request.GET:
        return mailed_links.keep_and_clean(
            request, COOKIE, f"{reverse('accounts:password_choose')}?resetMode={mode}"
        )
    link = links.find(mailed_links.token_of(request, COOKIE), LinkPurpose.RESET)
    if link is None or link.user.status != AccountStatus.ACTIVE:
        return _gone(request)
    form = ChoosePasswordForm(request.POST or None, request=request, user=link.user)
    if request.method == "POST" and form.is_valid():
        if not credentials.choose_by_link(link, form.cleaned_data["password"]):
            return _gone(request)
        return mailed_links.drop(redirect("accounts:password_chosen"), COOKIE)
    return render(request, "accounts/password_choose.html", {"form": form, "mode": mode})


def _gone(request: HttpRequest) -> HttpResponse:
    context = {"is_missing": not mailed_links.token_of(request, COOKIE)}
    return render(request, "accounts/password_link_gone.html", context, status=410)


@public
@require_safe
@never_cache
def chosen(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/password_chosen.html")


@never_cache
@sensitive_post_parameters("password", "password_confirmation")
@require_http_methods(["GET", "HEAD", "POST"])
def forced(request: HttpRequest) -> HttpResponse:
    """A temporary secret opened this session: it leads nowhere else until a password is chosen (PWD-7)."""
    user = signed_in(request)
    if not user.must_change_password:
        return redirect(safe_next(request, reverse("hub:home")))
    form = ForcedPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        credentials.change(user, form.cleaned_data["password"], request=request)
        renewal.keep_session(request, user)
        return redirect(safe_next(request, reverse("hub:home")))
    return render(request, "accounts/password_forced.html", {"form": form})
