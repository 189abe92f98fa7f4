"""A card or an e-CPS has just proven who somebody is: sign them in, raise their session, or ask who they are here."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts import journal, lock, sessions, signin
from accounts.enums import AssuranceLevel
from accounts.models import User, UserSession
from accounts.strong import linking, pending, refusals
from accounts.strong.identity import StrongIdentity
from accounts.strong.refusals import StrongRefusal
from portal.common import web

NOT_YOURS = "Cette carte ou cette e-CPS n’est pas rattachée au compte qui a verrouillé ce poste."
TOO_OLD = "Pro Santé Connect a rappelé une validation plus ancienne que le verrouillage : validez de nouveau."
CLOCK_MARGIN = timedelta(seconds=90)
"""Between our clock and the identity provider's (REL-9)."""


def arrive(request: HttpRequest, identity: StrongIdentity, *, next_url: str = "") -> HttpResponse:
    """The answer to send: never call it before everything in `identity` has been verified.

    Known and signed out: a level 3 session, no further code. Signed in: the level is raised, for the same account
    only. Unknown: the page that links an account or makes one, with the identity kept 15 minutes in the session.
    """
    target = next_url if web.is_safe_next(next_url) else ""
    try:
        user = linking.recognise(request, identity)
        held = sessions.locked_of(request)
        if held is not None and (user is None or user == held.user):
            return _at_lock(request, held, user, identity, target)
        if isinstance(request.user, User):
            return _inside(request, request.user, user, identity, target)
        if user is None:
            return _ask_who(request, identity, target)
        if not user.is_active:
            raise refusals.account_not_open(user)
    except StrongRefusal as refusal:
        return refusals.show(request, refusal, identity, next_url=target)
    response = signin.begin(request, user, first_proof=identity.means, next_url=target)
    _date_proof(request, identity)
    _watch_card(request, identity)
    return response


def _at_lock(
    request: HttpRequest, row: UserSession, known: User | None, identity: StrongIdentity, target: str
) -> HttpResponse:
    """The desk is locked: its own person opens it again, by a proof given since; another one has to change person."""
    query = f"?{urlencode({'next': target})}" if target else ""
    page = HttpResponseRedirect(reverse("accounts:locked") + query)
    if known is None:
        messages.warning(request, NOT_YOURS)
        return page
    if identity.auth_time and row.locked_at and identity.auth_time < row.locked_at - CLOCK_MARGIN:
        messages.warning(request, TOO_OLD)
        return page
    where = target or lock.target_of(request) or reverse("hub:home")
    strong = int(AssuranceLevel.STRONG)
    lock.unlock(request, row, level=strong, method=identity.means, factor_level=strong)
    _date_proof(request, identity)
    _watch_card(request, identity)
    return HttpResponseRedirect(where)


def _ask_who(request: HttpRequest, identity: StrongIdentity, target: str) -> HttpResponse:
    """A visitor's session changes its key: what was known of it before knows nothing of the identity (SES-1)."""
    signin.abandon(request)
    request.session.cycle_key()
    pending.keep(request, identity, target)
    return HttpResponseRedirect(reverse("accounts:strong_link"))


def _inside(
    request: HttpRequest, owner: User, known: User | None, identity: StrongIdentity, target: str
) -> HttpResponse:
    if known is None:
        pending.keep(request, identity, target)
        return HttpResponseRedirect(reverse("accounts:strong_link"))
    if known != owner:
        raise refusals.other_session(known)
    raise_level(request, owner, identity)
    return HttpResponseRedirect(target or reverse("hub:home"))


def raise_level(request: HttpRequest, user: User, identity: StrongIdentity) -> None:
    """The open session of the same person is now a level 3 one."""
    sessions.prove_again(request, level=AssuranceLevel.STRONG, method=identity.means)
    _date_proof(request, identity)
    _watch_card(request, identity)
    journal.record(
        journal.Action.REPROVED,
        request=request,
        actor=user,
        subject=user,
        method=identity.means,
        level=int(AssuranceLevel.STRONG),
    )


def _date_proof(request: HttpRequest, identity: StrongIdentity) -> None:
    """A proof Pro Santé Connect remembers from earlier keeps its level, not its freshness: what asks for a recent
    proof counts from the moment the person really gave it."""
    row = sessions.session_of(request)
    if row is not None and identity.auth_time and identity.auth_time < row.proved_at:
        row.proved_at = identity.auth_time
        row.save(update_fields=["proved_at"])


def _watch_card(request: HttpRequest, identity: StrongIdentity) -> None:
    row = sessions.session_of(request)
    if row is not None and identity.means == "card":
        lock.watch_card(row, identity.card_number)
