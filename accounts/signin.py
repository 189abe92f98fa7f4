"""From the first proof to the open session.

`begin` is called by every door once its first proof is right; allauth then runs the stage of the second proof
(accounts.stages), and `finish` opens the session at the level reached.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY, clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from django.contrib.auth import HASH_SESSION_KEY
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from accounts import (
    client,
    codes,
    destinations,
    journal,
    known_browser,
    last_door,
    notifications,
    places,
    second_proof,
    security_changes,
    selectors,
    sessions,
    shared_desk,
    stages,
    throttle,
)
from accounts.codes import Checked
from accounts.enums import AssuranceLevel, CodePurpose, ProofMeans
from accounts.models import User
from accounts.second_proof import Means
from accounts.stages import SecondProofStage
from accounts.workflows import credentials
from portal.common import web
from portal.plateformes import current

# A door whose first proof holds both proofs (card and its PIN, e-CPS and its secret code).
COMPLETE_DOORS = frozenset({"card", "ecps"})
# Seconds a person has, beyond the life of a code, to ask another one before starting again.
PENDING_MARGIN = 600


def is_safe_target(url: str) -> bool:
    return web.is_safe_next(url)


def begin(
    request: HttpRequest,
    user: User,
    *,
    first_proof: str,
    next_url: str = "",
    remember: bool = False,
    method: str = "",
) -> HttpResponse:
    """Start the sign-in of somebody whose first proof is right; the answer is the next page.

    first_proof: "password", "code", "card" or "ecps"; method: the means used, when it must not serve twice ("mail").
    A browser that was somewhere else in a sign-in, or signed in, starts afresh: nothing of before is kept (SES-1).
    """
    if sessions.locked_of(request) is not None:  # whoever locked this desk is left whole, partners included
        sessions.sign_out(request, "replaced")
    request.session.flush()
    is_complete = first_proof in COMPLETE_DOORS
    used = method or first_proof
    told = {
        "first": used,
        "methods": [used],
        "level": AssuranceLevel.STRONG if is_complete else AssuranceLevel.NONE,
        "is_complete": is_complete,
        "remember": remember and not is_complete,
        "password": user.get_session_auth_hash(),
    }
    record_authentication(request, user, method=used)
    journal.record(journal.Action.FIRST_PROOF, request=request, actor=user, subject=user, method=used)
    target = next_url if is_safe_target(next_url) else ""
    return perform_login(request, Login(user=user, redirect_url=target or None, signal_kwargs=told))


def needs(user: User, first: str) -> list[Means]:
    """Second proofs open to this person after that first proof."""
    return second_proof.means_of(user, without={first})


def check_second(request: HttpRequest, stage: SecondProofStage, means: Means, typed: str) -> Checked:
    """Try the second proof of a pending sign-in and note what it is worth; the caller then leaves the stage."""
    user = stage.login.user
    checked = second_proof.check(request, user, means, typed, purpose=CodePurpose.SIGN_IN)
    if not checked.ok:
        record_refused_proof(request, user, means)
        return checked
    told = stage.login.signal_kwargs
    told["level"], told["factor_level"] = int(means.level), int(means.factor_level)
    told["methods"] = [*told["methods"], means.key.value]
    record_authentication(request, user, method="otp", type=means.key.value)
    user.otp_device = second_proof.device_of(user, means.key)
    if means.key == ProofMeans.RECOVERY:
        tell_recovery_code_used(request, user)
    return checked


def tell_recovery_code_used(request: HttpRequest, user: User) -> None:
    with transaction.atomic():
        security_changes.note(journal.Action.RECOVERY_CODE_USED, user, actor=user, request=request)


def record_refused_proof(request: HttpRequest, user: User, means: Means) -> None:
    if not means.is_code:  # accounts.codes records its own
        journal.record(
            journal.Action.PROOF_REFUSED,
            request=request,
            subject=user,
            outcome="failure",
            method=means.key.value,
        )


def finish(
    request: HttpRequest, user: User, redirect_url: str | None, told: Mapping[str, Any]
) -> HttpResponse:
    """Open the session (Django has just made its new key) and send the person where they were going."""
    level, methods = int(told["level"]), list(told["methods"])
    key, is_shared = codes.account_key(user), shared_desk.is_shared(request)
    is_new_browser = _is_new_browser(request, user, is_shared=is_shared)
    with transaction.atomic():
        had_sessions = user.portal_sessions.exists()
        is_new_place = had_sessions and places.is_new(user, client.address(request))
        row = sessions.open_session(
            request,
            user,
            level=level,
            methods=methods,
            remembered=bool(told["remember"]) and not is_shared,
            is_shared=is_shared,
        )
        factor_level = int(told.get("factor_level", level))
        if user.must_change_password and credentials.spend_temporary_secret(user):
            request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        if factor_level != row.proved_level:
            row.proved_level = factor_level
            row.save(update_fields=["proved_level"])
        journal.record(
            journal.Action.SIGN_IN, request=request, actor=user, subject=user, method=methods[-1], level=level
        )
        if had_sessions and (is_new_browser or is_new_place):
            _tell_unusual(request, user, "new_device" if is_new_browser else "new_place")
    first_aim = None if had_sessions else destinations.take(request, user)
    response = HttpResponseRedirect(redirect_url or _first_page(request, first_aim))
    if is_shared:
        known_browser.forget(request, response)
        last_door.forget(request, response)
    else:
        known_browser.remember(request, response, key)
        last_door.remember(response, str(told["first"]))
    return response


def _is_new_browser(request: HttpRequest, user: User, *, is_shared: bool) -> bool:
    if known_browser.knows(request, codes.account_key(user)):
        return False
    return not (is_shared and shared_desk.was_used_here(user, request))


def _first_page(request: HttpRequest, aim: destinations.Aim | None) -> str:
    """Home; the first time, the page that leads on to what one signed up for (ROR-057, ROR-058)."""
    if aim is None:
        return reverse("hub:home")
    destinations.note_done(request, aim)
    return reverse("accounts:strong_linked")


def _tell_unusual(request: HttpRequest, user: User, what: str) -> None:
    """One mail, by device first: it names the browser and the network, and carries no link (PWD-8)."""
    detail = f"{client.device(request)}, {places.told(client.address(request))}"
    security_changes.note(journal.Action(what), user, actor=user, request=request, detail=detail)


def pending(request: HttpRequest) -> SecondProofStage | None:
    """The sign-in that waits for its second proof in this browser; None when there is none, it took longer than a code
    lives, the password changed since, or the account may not sign in any more (what was kept of it is then dropped)."""
    data = request.session.get(LOGIN_SESSION_KEY)
    if not isinstance(data, dict):
        return None
    login = Login.deserialize(data)
    longest = current().codes.sign_in.life_seconds + PENDING_MARGIN
    is_late = time.time() - login.initiated_at > longest
    if login.user is None or not login.user.is_active or is_late or not _is_same_password(login):
        abandon(request)
        return None
    controller = LoginStageController(request, login)
    stage = controller.get_stage(stages.KEY)
    return stage if isinstance(stage, SecondProofStage) else None


def _is_same_password(login: Login) -> bool:
    """A first proof made before the password was changed is worth nothing after."""
    proved = str((login.signal_kwargs or {}).get("password", ""))
    return constant_time_compare(proved, login.user.get_session_auth_hash())


def abandon(request: HttpRequest) -> None:
    """« Annuler »: forget the pending sign-in."""
    clear_login(request)


# --- refusals of the password door --------------------------------------------------------------------------
def note_closed_account(request: HttpRequest, user: User) -> str:
    """The password was right, the account may not sign in. Code of what keeps it out, for the page to say."""
    block = next(iter(selectors.what_blocks(user)))
    journal.record(
        journal.Action.SIGN_IN_REFUSED,
        request=request,
        subject=user,
        outcome="refused",
        method="password",
        state=block.code,
    )
    return block.code


def forget_failures(request: HttpRequest, user: User) -> None:
    """A right password clears the counter of this account in this browser; the owner hears of many failures before."""
    key = codes.account_key(user)
    attempts = throttle.success("password", key, request)
    if attempts > current().lockout.slow_after:
        with transaction.atomic():
            notifications.notify_security_change(user, "sign_in_after_failures")
