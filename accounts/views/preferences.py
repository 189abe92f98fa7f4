"""/preferences/ : what a person sees and corrects about their own account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import codes, documents, throttle, workplaces
from accounts.assurance import requires_recent_proof
from accounts.even_time import takes_even_time
from accounts.forms.preferences import AcceptForm, ChannelForm, IdentityForm, PasswordChangeForm, WorkForm
from accounts.forms.reset import ForcedPasswordForm
from accounts.models import User
from accounts.views import renewal
from accounts.views.reprove import signed_in
from accounts.workflows import credentials, email_change, profile
from portal.common.web import safe_next

_FORM_METHODS = ["GET", "HEAD", "POST"]
_GUESSES = "current_password"


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "person": signed_in(request),
        "other_workplaces": workplaces.others(signed_in(request)),
        "pending_change": email_change.pending(signed_in(request)),
        "acceptances": documents.accepted(signed_in(request)),
    }
    return render(request, "accounts/preferences.html", context)


@never_cache
@require_http_methods(_FORM_METHODS)
def identity(request: HttpRequest) -> HttpResponse:
    return _correct(request, IdentityForm, "Identité et coordonnées")


@never_cache
@require_http_methods(_FORM_METHODS)
@takes_even_time
def work(request: HttpRequest) -> HttpResponse:
    return _correct(request, WorkForm, "Activité professionnelle")


def _correct(request: HttpRequest, form_class: type[IdentityForm | WorkForm], title: str) -> HttpResponse:
    user = signed_in(request)
    form = form_class(request.POST or None, user=user)
    conflict: list[tuple[str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            changed = profile.correct(user, form.columns(), actor=user, seen_at=form.seen_at)
        except profile.StaleProfile as stale:
            form.add_error(None, stale.message)
            conflict = form.show_conflict(stale.current)
        else:
            messages.success(request, _told(user, changed))
            return redirect("accounts:preferences")
    context = {"form": form, "title": title, "conflict": conflict}
    return render(request, "accounts/preferences_form.html", context)


def _told(user: User, changed: list[str]) -> str:
    """The same sentence whoever holds the number (ABU-1)."""
    told = "Vos informations sont enregistrées." if changed else "Rien n’a changé."
    if "rpps" in changed and User.objects.filter(pk=user.pk).exclude(rpps_asked="").exists():
        told += " Votre numéro RPPS sera vérifié ; d’ici là, il ne sert pas à vous connecter."
    return told


@never_cache
@require_http_methods(_FORM_METHODS)
@requires_recent_proof
def channel(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = ChannelForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        credentials.choose_channel(user, form.cleaned_data["preferred_channel"], actor=user)
        messages.success(request, "Votre choix est enregistré.")
        return redirect("accounts:preferences")
    return render(request, "accounts/preferences_channel.html", {"form": form, "person": user})


@never_cache
@sensitive_post_parameters("current_password", "password", "password_confirmation")
@require_http_methods(_FORM_METHODS)
@requires_recent_proof
def password(request: HttpRequest) -> HttpResponse:
    """Current password and a recent proof (PWD-5); other sessions end."""
    user = signed_in(request)
    wait = throttle.enter(_GUESSES, codes.account_key(user)) if request.method == "POST" else None
    form_class = PasswordChangeForm if user.has_usable_password() else ForcedPasswordForm
    form = form_class(None if wait else request.POST or None, user=user)
    if request.method == "POST" and not wait and form.is_valid():
        throttle.success(_GUESSES, codes.account_key(user))
        credentials.change(user, form.cleaned_data["password"], request=request)
        renewal.keep_session(request, user)
        messages.success(request, "Votre mot de passe est changé. Vos autres sessions sont fermées.")
        return redirect("accounts:preferences")
    if form.is_bound and "current_password" not in form.errors:
        throttle.success(_GUESSES, codes.account_key(user))
    told = codes.say_seconds(int(wait.total_seconds()) + 1) if wait else ""
    return render(request, "accounts/preferences_password.html", {"form": form, "wait": told})


@require_POST
def newsletter(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("newsletter") == "oui"
    if profile.set_newsletter(signed_in(request), wanted=wanted):
        told = (
            "Vous recevrez la lettre d’information."
            if wanted
            else "Vous ne recevrez plus la lettre d’information."
        )
        messages.success(request, told)
    return redirect("accounts:preferences")


@never_cache
@require_http_methods(_FORM_METHODS)
def accept_documents(request: HttpRequest) -> HttpResponse:
    """Shown after sign-in when the version of a document changed (C7); comes back to where the person was going."""
    target = safe_next(request, reverse("hub:home"))
    asked = documents.missing(signed_in(request))
    if not asked:
        return redirect(target)
    form = AcceptForm(request.POST or None, asked=asked)
    if request.method == "POST" and form.is_valid():
        profile.accept_documents(signed_in(request), asked)
        return redirect(target)
    pairs = [(document, form[f"accept_{document.key}"]) for document in asked]
    context = {"form": form, "pairs": pairs, "next": target}
    return render(request, "accounts/documents_accept.html", context)
