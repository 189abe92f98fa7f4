"""A mobile number is proved by a code before any code for signing in goes to it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import codes, keyed
from accounts.assurance import requires_recent_proof
from accounts.enums import CodeChannel, CodePurpose
from accounts.forms.preferences import CodeForm, MobileForm
from accounts.views import proof_page
from accounts.views.reprove import signed_in
from accounts.workflows import credentials
from portal.common.text import mask_phone
from portal.common.validators import format_phone

NUMBER_KEY = "mobile_a_prouver"
_FORM_METHODS = ["GET", "HEAD", "POST"]
_REASONS = {
    "wrong": "Ce code est faux : recopiez celui du dernier SMS reçu.",
    "expired": "Ce code n’est plus valable : demandez-en un nouveau.",
    "dead": "Trop d’essais : ce code ne sert plus, demandez-en un nouveau.",
    "daily": "Trop d’essais aujourd’hui : réessayez demain ou appelez le support.",
}


@never_cache
@require_http_methods(_FORM_METHODS)
@requires_recent_proof
def change(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    initial = {"phone_mobile": format_phone(user.phone_mobile) if user.phone_mobile else ""}
    form = MobileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["phone_mobile"]
        if number == user.phone_mobile and user.phone_mobile_verified_at:
            messages.info(request, "Ce numéro est déjà le vôtre.")
            return redirect("accounts:preferences")
        refused = _send(request, number)
        if not refused:
            return redirect("accounts:phone_prove")
        form.add_error("phone_mobile", refused)
    return render(request, "accounts/phone_change.html", {"form": form, "person": user})


def _send(request: HttpRequest, number: str) -> str:
    """Send the code; "" when it left, else the sentence to show."""
    sent = codes.send(
        request,
        user=signed_in(request),
        purpose=CodePurpose.PHONE_PROOF,
        channel=CodeChannel.SMS,
        destination=number,
    )
    if not sent.refused_reason:
        request.session[NUMBER_KEY] = number
    return sent.refused_reason


@never_cache
@require_http_methods(_FORM_METHODS)
@requires_recent_proof
def prove(request: HttpRequest) -> HttpResponse:
    number = request.session.get(NUMBER_KEY)
    if not number:
        return redirect("accounts:phone_change")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        checked = _check(request, number, form.cleaned_data["code"])
        if checked.ok:
            request.session.pop(NUMBER_KEY, None)
            credentials.use_mobile(signed_in(request), number, actor=signed_in(request), request=request)
            messages.success(request, "Votre mobile est vérifié. Vos autres sessions sont fermées.")
            return redirect("accounts:preferences")
        form.add_error("code", _sentence(checked))
    context = {"form": form, "masked": mask_phone(number), "seconds": _seconds_before_resend(request)}
    return render(request, "accounts/phone_prove.html", context)


def _check(request: HttpRequest, number: str, typed: str) -> codes.Checked:
    """The code must be the one sent to this very number: two tabs may have asked for two."""
    row = codes.live(request, CodePurpose.PHONE_PROOF)
    if row is not None and not keyed.same(row.destination_key, keyed.digest("destination", number)):
        return codes.Checked(False, None, 0, 0, "expired")
    return codes.verify(request, CodePurpose.PHONE_PROOF, typed, user=signed_in(request))


def _sentence(checked: codes.Checked) -> str:
    if checked.reason == "wait":
        return f"Attendez encore {codes.say_seconds(checked.wait_seconds)} avant de saisir le code."
    sentence = _REASONS[checked.reason]
    if checked.reason == "wrong" and checked.tries_left:
        sentence += f" Il vous reste {checked.tries_left} essai{'s' if checked.tries_left > 1 else ''}."
    return sentence


def _seconds_before_resend(request: HttpRequest) -> int:
    return codes.seconds_before_resend(
        request, CodePurpose.PHONE_PROOF, codes.account_key(signed_in(request))
    )


@require_POST
@requires_recent_proof
def resend(request: HttpRequest) -> HttpResponse:
    number = request.session.get(NUMBER_KEY)
    if not number:
        return redirect("accounts:phone_change")
    refused = _send(request, number)
    if refused:
        messages.error(request, refused)
    else:
        messages.success(request, proof_page.AGAIN)
    return redirect("accounts:phone_prove")


@never_cache
@require_http_methods(_FORM_METHODS)
@requires_recent_proof
def remove(request: HttpRequest) -> HttpResponse:
    if not signed_in(request).phone_mobile:
        return redirect("accounts:preferences")
    if request.method == "POST":
        credentials.remove_mobile(signed_in(request), actor=signed_in(request), request=request)
        messages.success(
            request,
            "Votre mobile est retiré : vos codes arriveront par e-mail. Vos autres sessions sont fermées.",
        )
        return redirect("accounts:preferences")
    return render(request, "accounts/phone_remove.html", {"person": signed_in(request)})
