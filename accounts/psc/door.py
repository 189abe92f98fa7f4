"""Starting a sign-in by e-CPS, from any page that offers it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.psc import attempts, client, refusals
from accounts.psc.reasons import PscRefused
from portal.common import web


def is_open() -> bool:
    """False where no Pro Santé Connect is configured: the button is not shown."""
    return bool(settings.PSC.environment)


def start(request: HttpRequest, *, next_url: str = "", fresh: bool = False) -> HttpResponse:
    """Send the browser to Pro Santé Connect; the page of refusal when it cannot be reached.

    next_url: where the person goes afterwards, dropped when it is not a page of ours.
    fresh: ask for a new proof even when a session is open at PSC, and refuse one older than five minutes.
    """
    target = next_url if web.is_safe_next(next_url) else ""
    attempt = attempts.begin(request, next_url=target, is_fresh=fresh)
    try:
        url = client.authorization_url(attempt)
    except PscRefused as refused:
        return refusals.show(request, refused, next_url=target)
    return HttpResponseRedirect(url)
