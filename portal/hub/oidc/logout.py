"""Telling partners that a session is over: OpenID Connect Back-Channel Logout 1.0, by an outbox that retries."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from portal.hub.oidc import keys, outgoing
from portal.hub.oidc.models import OpenIdLogout

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS = 120
RETRY_AFTER = (5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600)
"""Seconds before each new try; after the last one the sign-out is given up, and the support sees it."""
CLAIM = timedelta(seconds=20)
"""A worker that dies leaves the row free again after that time."""
_OK = frozenset({200, 204})

logger = structlog.get_logger(__name__)


def token_for(row: OpenIdLogout) -> str:
    """A signed `logout+jwt`: never a nonce, so that it cannot pass for an ID token."""
    now = int(timezone.now().timestamp())
    claims = {
        "iss": settings.SITE_URL,
        "aud": row.client.client_id,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": secrets.token_urlsafe(16),
        "sub": row.subject,
        "sid": row.sid,
        "events": {EVENT: {}},
    }
    return keys.signer(row.client.id_token_algorithm).sign(claims, kind="logout+jwt")


def tell(pk: int) -> bool:
    """Try to tell one sign-out, if it is due and nobody else is telling it; True when the partner heard."""
    if not _claim(pk):
        return False
    row = OpenIdLogout.objects.select_related("client").get(pk=pk)
    error = _call(row)
    now = timezone.now()
    if not error:
        OpenIdLogout.objects.filter(pk=pk).update(told_at=now, last_error="")
        return True
    logger.warning("partner_logout_failed", client=row.client.client_id, tries=row.tries, error=error)
    rank = row.tries - 1
    if rank >= len(RETRY_AFTER):
        OpenIdLogout.objects.filter(pk=pk).update(given_up_at=now, last_error=error)
    else:
        OpenIdLogout.objects.filter(pk=pk).update(
            next_at=now + timedelta(seconds=RETRY_AFTER[rank]), last_error=error
        )
    return False


_CLAIM = """
UPDATE hub_openidlogout SET tries = tries + 1, next_at = %s
WHERE id = %s AND told_at IS NULL AND given_up_at IS NULL AND next_at <= %s RETURNING id
"""


def _claim(pk: int) -> bool:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + CLAIM, pk, now])
        return cursor.fetchone() is not None


def _call(row: OpenIdLogout) -> str:
    """ "" when the partner heard, else a short word that says why not."""
    address = row.client.backchannel_logout_uri
    if not address:
        return "no_address"
    try:
        status = outgoing.post_form(address, {"logout_token": token_for(row)})
    except outgoing.NotCalled as error:
        return str(error)[:120]
    return "" if status in _OK else f"http_{status}"


def due(now: datetime | None = None, limit: int = 200) -> list[int]:
    """Sign-outs whose time has come."""
    rows = OpenIdLogout.objects.filter(
        told_at=None, given_up_at=None, next_at__lte=now or timezone.now()
    ).order_by("next_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def try_again(pk: int) -> bool:
    """The support puts a sign-out that was given up back in the queue."""
    waiting = OpenIdLogout.objects.filter(Q(given_up_at__isnull=False) | Q(told_at=None), pk=pk)
    return waiting.update(given_up_at=None, next_at=timezone.now(), tries=F("tries") * 0) == 1
