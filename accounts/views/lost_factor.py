"""« J’ai perdu mon application »: explained at the second proof, asked from one’s account, stopped from the mail."""

from __future__ import annotations

from allauth.account.internal.stagekit import stash_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import assurance, links, second_proof, sessions, signin
from accounts.enums import AssuranceLevel, LinkPurpose
from accounts.forms.means import LostFactorForm
from accounts.models import User
from accounts.second_proof import Means
from accounts.views import mailed_links
from accounts.views.reprove import signed_in
from accounts.workflows import alarm, lost_factor
from portal.common.access import public
from portal.common.workflow import WorkflowError

COOKIE = "moyen-perdu"


# --- at the second proof ----------------------------------------------------------------------------------
@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def explain(request: HttpRequest) -> HttpResponse:
    """What to do; inside a sign-in, go on with a code and arrive on the page that asks for the removal."""
    if request.user.is_authenticated:
        return redirect("accounts:factor_lost")
    stage = signin.pending(request)
    codes = (
        [means for means in signin.needs(stage.login.user, stage.told()["first"]) if means.is_code]
        if stage
        else []
    )
    if request.method == "POST" and stage is not None and codes:
        stage.login.redirect_url = reverse("accounts:factor_lost")
        stash_login(request, stage.login)
        return _to_code(codes[0])
    context = {
        "is_signing_in": stage is not None,
        "by_code": bool(codes),
        "hours": int(lost_factor.delay().total_seconds() // 3600),
    }
    return render(request, "accounts/lost_factor_help.html", context)


def _to_code(means: Means) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('accounts:second_proof')}?{urlencode({'moyen': means.key.value})}")


# --- in one's own account ---------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Ask for the removal. Whoever can prove themself more strongly than by a code removes it at once instead."""
    user = signed_in(request)
    scopes = lost_factor.scopes(user)
    holds_card = assurance.strongest_level(user) >= AssuranceLevel.STRONG
    may_ask = bool(scopes) and not holds_card and lost_factor.pending(user) is None
    if may_ask and not assurance.proved_lately(request):
        target = reverse("accounts:factor_lost")
        return HttpResponseRedirect(
            f"{reverse('accounts:reprove')}?{urlencode({'perte': '1', 'next': target})}"
        )
    form = LostFactorForm(request.POST or None, scopes=scopes)
    if request.method == "POST" and may_ask and form.is_valid():
        try:
            lost_factor.ask(user, form.scope, actor=user, request=request)
        except WorkflowError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(
                request, "Votre demande est enregistrée. Un message vous est envoyé à toutes vos adresses."
            )
            return redirect("accounts:factor_lost")
    return render(
        request, "accounts/lost_factor.html", _context(user, form, holds_card=holds_card, may_ask=may_ask)
    )


def _context(user: User, form: LostFactorForm, *, holds_card: bool, may_ask: bool) -> dict[str, object]:
    return {
        "form": form,
        "pending": lost_factor.pending(user),
        "has_factor": bool(lost_factor.scopes(user)),
        "holds_card": holds_card,
        "may_ask": may_ask,
        "recovery_left": second_proof.unused_recovery_codes(user),
        "hours": int(lost_factor.delay().total_seconds() // 3600),
    }


@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """Found again, or not asked by them: stopping it asks for no proof."""
    user = signed_in(request)
    removal = lost_factor.pending(user)
    if removal is not None:
        try:
            lost_factor.cancel(removal, actor=user, request=request)
            messages.success(request, "Le retrait est annulé : votre moyen de connexion reste en place.")
        except WorkflowError as refusal:
            messages.error(request, refusal.message)
    return redirect("accounts:means")


# --- from the mail or the SMS -------------------------------------------------------------------------------
@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest) -> HttpResponse:
    """GET shows the button, POST acts (CODE-9)."""
    if "key" in request.GET:
        return mailed_links.keep_and_clean(request, COOKIE, reverse("accounts:factor_not_me"))
    token = mailed_links.token_of(request, COOKIE)
    owner = alarm.refuse_removal(token, request=request) if request.method == "POST" else None
    if owner is not None:
        if request.user == owner:
            sessions.sign_out(request, alarm.REASON)
        response = render(request, "accounts/lost_factor_not_me.html", {"state": "done"})
        return mailed_links.drop(response, COOKIE)
    if request.method != "POST" and links.find(token, LinkPurpose.FACTOR_REMOVAL) is not None:
        return render(request, "accounts/lost_factor_not_me.html", {"state": "ask"})
    return render(request, "accounts/lost_factor_not_me.html", {"state": "gone"}, status=410)
