"""/session/verrouillee/ : a locked session, opened again by its person or left by another one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import assurance, journal, lock, second_proof, sessions, signin
from accounts.enums import AssuranceLevel, CodePurpose, ProofMeans
from accounts.models import UserSession
from accounts.psc import door
from accounts.psc import session as psc_session
from accounts.second_proof import Means
from accounts.strong import means as strong_means
from accounts.strong import offers
from accounts.views import proof_page
from accounts.views.proof_page import Page
from portal.common import web
from portal.common.access import public

PURPOSE = CodePurpose.REPROVE
PASSWORD_STEP_SECONDS = 600
_PASSWORD_AT = "unlock_password_at"  # noqa: S105 — a session key


@require_POST
def lock_now(request: HttpRequest) -> HttpResponse:
    """« Verrouiller », or the card has left the reader (told by the page that watches it)."""
    row = sessions.session_of(request)
    assert row is not None  # noqa: S101 — private view: the session was admitted
    is_card = request.POST.get("raison") == "carte"
    target = web.safe_next(request, assurance.page_of_form(request))
    lock.lock(request, row, reason="card_out" if is_card else "button", target=target)
    request.session.pop(_PASSWORD_AT, None)
    response = HttpResponseRedirect(reverse("accounts:locked"))
    response["Clear-Site-Data"] = '"cache"'
    return response


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    row = sessions.locked_of(request)
    if row is None:
        return HttpResponseRedirect(web.safe_next(request, reverse("hub:home")))
    here = _page(request, row)
    means = here.chosen()
    form = None
    if means is not None:
        form = proof_page.form_of(here, means, request.POST if request.method == "POST" else None)
        if means.key == ProofMeans.PASSWORD and row.is_shared:
            form.fields["preuve"].widget.attrs["autocomplete"] = "off"
        if request.method == "POST" and form.is_valid():
            checked = second_proof.check(request, row.user, means, form.typed, purpose=PURPOSE)
            if checked.ok:
                return _proved(here, row, means)
            signin.record_refused_proof(request, row.user, means)
            form.add_error("preuve", proof_page.told(checked, means))
    return _show(here, row, means, form)


@public
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Send the code of this page; asked only after the password."""
    row = sessions.locked_of(request)
    if row is None:
        return HttpResponseRedirect(reverse("hub:home"))
    here = _page(request, row)
    means = here.chosen()
    if means is not None and means.is_code:
        proof_page.send(here, means)
        return HttpResponseRedirect(here.url(means))
    return HttpResponseRedirect(here.url())


@public
@require_POST
def by_ecps(request: HttpRequest) -> HttpResponse:
    """A new proof by e-CPS: a session still open at Pro Santé Connect unlocks nothing."""
    if sessions.locked_of(request) is None:
        raise Http404
    return door.start(request, next_url=_target(request), fresh=True)


@public
@require_POST
def change_person(request: HttpRequest) -> HttpResponse:
    """Somebody else takes the desk: whoever locked it is signed out, of every partner and of Pro Santé Connect too."""
    row = sessions.locked_of(request)
    if row is None:
        return HttpResponseRedirect(reverse("hub:home"))
    # Nobody proved who asks: no actor.
    journal.record(journal.Action.SIGN_OUT, request=request, subject=row.user, reason="changed_person")
    upstream = psc_session.logout_url(request)
    sessions.sign_out(request, "changed_person")
    messages.info(request, "La session verrouillée est fermée. Vous pouvez vous connecter.")
    response = HttpResponseRedirect(upstream or reverse("accounts:sign_in"))
    psc_session.forget(response)
    response["Clear-Site-Data"] = '"cache"'
    return response


# --- the page ---------------------------------------------------------------------------------------------
def _target(request: HttpRequest) -> str:
    return web.safe_next(request, lock.target_of(request) or reverse("hub:home"))


def _page(request: HttpRequest, row: UserSession) -> Page:
    """What the password way asks now: the password, then a second proof as strong as the session; nothing when the
    session is worth a card."""
    means: list[Means] = []
    if row.level < AssuranceLevel.STRONG and row.user.has_usable_password():
        means = [m for m in second_proof.means_of(row.user, without={"password"}) if m.level >= row.level]
        if means and not _password_is_proved(request, row):
            means = [Means(ProofMeans.PASSWORD, "", AssuranceLevel.NONE, AssuranceLevel.NONE)]
    return Page(
        request=request,
        user=row.user,
        means=means,
        purpose=PURPOSE,
        path=reverse("accounts:locked"),
        send_path=reverse("accounts:locked_send"),
        query={"next": _target(request)},
    )


def _password_is_proved(request: HttpRequest, row: UserSession) -> bool:
    proved = float(request.session.get(_PASSWORD_AT, 0))
    since = max(
        row.locked_at.timestamp() if row.locked_at else 0, timezone.now().timestamp() - PASSWORD_STEP_SECONDS
    )
    return proved >= since


def _proved(here: Page, row: UserSession, means: Means) -> HttpResponse:
    request = here.request
    if means.key == ProofMeans.PASSWORD:
        request.session[_PASSWORD_AT] = timezone.now().timestamp()
        return HttpResponseRedirect(here.url())
    request.session.pop(_PASSWORD_AT, None)
    target = here.query["next"]
    lock.unlock(request, row, level=means.level, method=means.key.value, factor_level=means.factor_level)
    if means.key == ProofMeans.RECOVERY:
        signin.tell_recovery_code_used(request, row.user)
    return HttpResponseRedirect(target)


def _show(here: Page, row: UserSession, means: Means | None, form: Any) -> HttpResponse:
    held = strong_means.kinds(row.user)
    offered = offers.to(row.user)
    context = {
        "initials": lock.initials(row.user),
        "locked_at": row.locked_at,
        "next_url": here.query["next"],
        "offers_card": offered["offers_card"] and "card" in held,
        "offers_ecps": offered["offers_ecps"] and "ecps" in held,
        "asks_password": means is not None,
        "is_first_step": means is not None and means.key == ProofMeans.PASSWORD,
    }
    if means is not None:
        context |= proof_page.context(here, means, form)
    return render(here.request, "accounts/lock.html", context)
