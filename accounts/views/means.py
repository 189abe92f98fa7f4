"""/preferences/moyens/ : what a person signs in with."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import devices_means, keyed, second_proof
from accounts.assurance import requires_recent_proof
from accounts.forms.means import AuthenticatorForm, PasskeyForm
from accounts.models import User
from accounts.views import means_return
from accounts.views.reprove import signed_in
from accounts.workflows import lost_factor
from portal.common.text import mask_email, mask_phone
from portal.plateformes import current

TOTP_SECRET = "means_totp_secret"  # noqa: S105 — a session key
FRESH_CODES = "means_fresh_codes"
FRESH_LIFE = 900
HELD = "Une application d’authentification est déjà enregistrée."
OTHERS_ENDED = "Vos autres sessions sont fermées."


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    context = {
        "email": mask_email(user.email),
        "phone": mask_phone(user.phone_mobile) if user.phone_mobile else "",
        "phone_is_proved": bool(user.phone_mobile_verified_at),
        "totp": devices_means.totp_of(user),
        "passkeys": devices_means.passkeys(user),
        "can_add_passkey": len(devices_means.passkeys(user)) < devices_means.MAX_PASSKEYS,
        "recovery_left": second_proof.unused_recovery_codes(user),
        "pending_removal": lost_factor.pending(user),
        "has_password": user.has_usable_password(),
    }
    return render(
        request, "accounts/means.html", context | {"has_strong": bool(context["totp"] or context["passkeys"])}
    )


# --- authenticator app -----------------------------------------------------------------------------------
@requires_recent_proof
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def authenticator(request: HttpRequest) -> HttpResponse:
    """Show the QR code, then check the first code of the app before keeping anything."""
    user = signed_in(request)
    if devices_means.totp_of(user) is not None:
        return _back(request, HELD)
    secret = _pending_secret(request)
    form = AuthenticatorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        step = second_proof.matching_step(secret, form.cleaned_data["code"])
        if step is not None:
            request.session.pop(TOTP_SECRET, None)
            if not devices_means.add_totp(request, user, secret, step):
                return _back(request, HELD)
            messages.success(request, f"Votre application d’authentification est enregistrée. {OTHERS_ENDED}")
            return _with_recovery_codes(request, user)
        form.add_error(
            "code", "Ce code n’est pas le bon. Vérifiez l’heure du téléphone et prenez le code suivant."
        )
    grouped = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    context = {"form": form, "qr": devices_means.qr_png(user, secret), "secret": grouped}
    return render(request, "accounts/means_authenticator.html", context)


def _pending_secret(request: HttpRequest) -> str:
    """Secret of the app being added, encrypted in the session; a new one when there is none."""
    try:
        return keyed.decrypt(request.session.get(TOTP_SECRET, ""), max_age_seconds=FRESH_LIFE)
    except keyed.Undecipherable:
        secret = devices_means.new_totp_secret()
        request.session[TOTP_SECRET] = keyed.encrypt(secret)
        return secret


@requires_recent_proof
@require_http_methods(["GET", "HEAD", "POST"])
def remove_authenticator(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _confirm(
            request, "Retirer l’application d’authentification ?", reverse("accounts:totp_remove")
        )
    if devices_means.remove_totp(request, signed_in(request)):
        messages.success(request, f"L’application d’authentification est retirée. {OTHERS_ENDED}")
    return HttpResponseRedirect(reverse("accounts:means"))


# --- passkeys ---------------------------------------------------------------------------------------------
@requires_recent_proof
@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if len(devices_means.passkeys(user)) >= devices_means.MAX_PASSKEYS:
        return _back(
            request, f"Vous avez déjà {devices_means.MAX_PASSKEYS} clés d’accès : retirez-en une d’abord."
        )
    form = PasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if devices_means.add_passkey(request, user, values["reponse"], values["nom"]):
            messages.success(request, f"Votre clé d’accès est enregistrée. {OTHERS_ENDED}")
            return _with_recovery_codes(request, user)
        form.add_error(None, "Votre appareil n’a pas pu créer la clé : recommencez.")
    options = json.dumps(devices_means.begin_passkey(user))
    return render(request, "accounts/means_passkey.html", {"form": form, "options": options})


@requires_recent_proof
@require_http_methods(["GET", "HEAD", "POST"])
def remove_passkey(request: HttpRequest, reference: str) -> HttpResponse:
    user = signed_in(request)
    found = next((key for key in devices_means.passkeys(user) if key.reference == reference), None)
    if found is None:
        raise Http404
    if request.method != "POST":
        address = reverse("accounts:passkey_remove", args=[reference])
        return _confirm(request, f"Retirer la clé d’accès « {found.name} » ?", address)
    if devices_means.remove_passkey(request, user, reference):
        messages.success(request, f"La clé d’accès « {found.name} » est retirée. {OTHERS_ENDED}")
    return HttpResponseRedirect(reverse("accounts:means"))


# --- recovery codes ----------------------------------------------------------------------------------------
@requires_recent_proof
@require_POST
def renew_recovery_codes(request: HttpRequest) -> HttpResponse:
    _keep_fresh(request, devices_means.renew_recovery_codes(request, signed_in(request)))
    messages.success(request, f"Vos codes de secours sont renouvelés. {OTHERS_ENDED}")
    return HttpResponseRedirect(reverse("accounts:recovery_codes"))


@requires_recent_proof
@require_GET
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """The ten codes, shown for a quarter of an hour after they were made, never again."""
    fresh = _fresh(request)
    context = {"codes": fresh, "left": second_proof.unused_recovery_codes(signed_in(request))}
    return render(request, "accounts/means_recovery.html", context)


@requires_recent_proof
@require_GET
def download_recovery_codes(request: HttpRequest) -> HttpResponse:
    fresh = _fresh(request)
    if not fresh:
        raise Http404
    profile = current()
    lines = [f"{profile.portal_title} : codes de secours", "Chaque code sert une seule fois.", "", *fresh, ""]
    response = HttpResponse("\r\n".join(lines), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="codes-de-secours.txt"'
    return response


@require_POST
def recovery_codes_kept(request: HttpRequest) -> HttpResponse:
    """« J’ai gardé mes codes »: they leave the session at once; back to the page that had asked for the means."""
    request.session.pop(FRESH_CODES, None)
    return HttpResponseRedirect(means_return.take(request))


def _with_recovery_codes(request: HttpRequest, user: User) -> HttpResponse:
    """After the first strong factor, the codes that replace it when it is lost."""
    if second_proof.unused_recovery_codes(user):
        return HttpResponseRedirect(means_return.take(request))
    _keep_fresh(request, devices_means.renew_recovery_codes(request, user))
    return HttpResponseRedirect(reverse("accounts:recovery_codes"))


def _keep_fresh(request: HttpRequest, codes: list[str]) -> None:
    request.session[FRESH_CODES] = keyed.encrypt(" ".join(codes))


def _fresh(request: HttpRequest) -> list[str]:
    try:
        return keyed.decrypt(request.session.get(FRESH_CODES, ""), max_age_seconds=FRESH_LIFE).split()
    except keyed.Undecipherable:
        return []


# --- common -------------------------------------------------------------------------------------------------
def _confirm(request: HttpRequest, question: str, address: str) -> HttpResponse:
    return render(request, "accounts/means_remove.html", {"question": question, "address": address})


def _back(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.info(request, sentence)
    return HttpResponseRedirect(reverse("accounts:means"))
