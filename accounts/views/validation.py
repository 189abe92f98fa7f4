"""The link of the validation mail, at sign-up and at a change of address: GET shows a button, POST acts."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import destinations, links, selectors
from accounts.enums import AccountStatus, LinkPurpose
from accounts.models import MailedLink
from accounts.strong import claims
from accounts.views import mailed_links
from accounts.workflows import account, email_change
from portal.common.access import public
from portal.common.workflow import WorkflowError

COOKIE = "validation"
AIM_KEY = "validated_aim"


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def validate(request: HttpRequest) -> HttpResponse:
    if "key" in request.GET:
        return mailed_links.keep_and_clean(request, COOKIE, reverse("accounts:sign_up_validate"))
    token = mailed_links.token_of(request, COOKIE)
    link = links.find(token, LinkPurpose.SIGN_UP) or links.find(token, LinkPurpose.EMAIL_CHANGE)
    if link is None:
        return _gone(request, token)
    if request.method != "POST":
        context = {"is_change": link.purpose == LinkPurpose.EMAIL_CHANGE, "address": link.email_key}
        return render(request, "accounts/validation.html", context)
    state = _use(request, link)
    if not state:
        return _gone(request, token)
    _note_aim(request, link, state)
    response = redirect(f"{reverse('accounts:sign_up_validated')}?etat={state}")
    return mailed_links.drop(response, COOKIE)


def _use(request: HttpRequest, link: MailedLink) -> str:
    """Word for the success page: « actif », « attente » or « adresse »; "" when the link is of no use any more."""
    try:
        if link.purpose == LinkPurpose.EMAIL_CHANGE:
            return "adresse" if email_change.confirm(link, request=request) else ""
        with transaction.atomic():
            if not links.consume(link):
                return ""
            user = account.validate_email(link.user).obj
            claims.settle(user)
    except WorkflowError:
        return ""
    return "attente" if user.status == AccountStatus.AWAITING_DECISION else "actif"


def _note_aim(request: HttpRequest, link: MailedLink, state: str) -> None:
    """What « CONTINUER » names and where it leads; the row itself stays until the first sign-in."""
    aim = destinations.aim_of(request, link.user) if state == "actif" else None
    if aim is None:
        request.session.pop(AIM_KEY, None)
    else:
        request.session[AIM_KEY] = {"path": aim.path, "name": aim.name}


def _gone(request: HttpRequest, token: str) -> HttpResponse:
    context = {"state": selectors.state_of_link(token)}
    return render(request, "accounts/validation_gone.html", context, status=410)


@public
@require_safe
@never_cache
def validated(request: HttpRequest) -> HttpResponse:
    state = request.GET.get("etat", "actif")
    aim = request.session.get(AIM_KEY, {}) if state == "actif" else {}
    context = {"state": state, "next_url": aim.get("path", ""), "application": aim.get("name", "")}
    return render(request, "accounts/validation_done.html", context)
