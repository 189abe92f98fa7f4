"""The page that follows an attempt that failed: what happened, what to do, the other doors. Each one is journalled."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from prometheus_client import Counter

from accounts import journal
from accounts.models import User
from accounts.psc.reasons import FOR_OPERATOR, PscRefused, Reason, told
from portal.plateformes import current

METHOD = "ecps"
REFUSALS = Counter(
    "portal_psc_refusals", "Sign-ins by Pro Santé Connect that ended on a page of refusal", ["reason"]
)
"""By reason, per process. « unavailable », « client_* » and « server_certificate » deserve an alarm."""
for _reason in Reason:
    REFUSALS.labels(_reason.value)  # shown at 0: an alarm on a rise needs the point before it
log = structlog.get_logger(__name__)
# Word of the sign-in page's address for each other door.
_TAB_WORDS = {"card": "carte", "password": "mot-de-passe", "ephemeral": "code-ephemere"}


def show(
    request: HttpRequest, refused: PscRefused, *, next_url: str = "", is_noted: bool = True
) -> HttpResponse:
    """is_noted: write it in the security journal (not for strays, which anybody may send by thousands)."""
    user = request.user if isinstance(request.user, User) else None
    REFUSALS.labels(refused.reason.value).inc()
    if refused.reason in FOR_OPERATOR:
        log.error("psc_not_recognised", reason=refused.reason.value, status=refused.http_status)
    if is_noted:
        journal.record(
            journal.Action.SIGN_IN_REFUSED,
            request=request,
            subject=user,
            outcome="refused",
            reason=refused.reason.value,
            method=METHOD,
            http_status=refused.http_status,
        )
    page = told(refused.reason)
    context = {
        "told": page,
        "doors": [] if user else _doors(next_url),
        "next_url": next_url,
        "is_signed_in": user is not None,
    }
    response = render(request, "accounts/psc/refusal.html", context, status=page.status)
    response["Cache-Control"] = "no-store"
    return response


def _doors(next_url: str) -> list[dict[str, str]]:
    page = current().sign_in
    return [
        {"label": page.labels[tab], "url": _tab_url(tab, next_url)} for tab in page.tabs if tab in _TAB_WORDS
    ]


def _tab_url(tab: str, next_url: str) -> str:
    query = {"onglet": _TAB_WORDS[tab]} | ({"next": next_url} if next_url else {})
    return f"{reverse('accounts:sign_in')}?{urlencode(query)}"
