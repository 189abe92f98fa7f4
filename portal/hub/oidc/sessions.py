"""When a session of the portal ends, every partner entered from it is left (OP-5, OP-16).

Called in the transaction that ends the session: the tokens die with it, and the sign-outs to tell are rows of the same
transaction, sent once it is committed.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User, UserSession
from accounts.sessions import Ended, end, idle_at
from portal.hub.oidc import queue, subjects
from portal.hub.oidc.models import OpenIdGrant, OpenIdLogout

# The person keeps this session, but what proved who they are has changed: partners must ask again.
ENDS_EVERYTHING = frozenset({"password_changed", "factor_changed", "password_reset"})
# The tokens were cut, but the partner's own session may live on: it still has to hear of the end.
ENDED_UNTOLD = frozenset({"code_replayed", "refresh_replayed", "revoked"})


def after_end(ended: Ended) -> None:
    """Registered in accounts.sessions.on_end."""
    if ended.reason in ENDS_EVERYTHING:
        _end(OpenIdGrant.objects.filter(user_id=ended.user_id), ended.reason)
    elif ended.session_ids:
        _end(OpenIdGrant.objects.filter(session_id__in=ended.session_ids), ended.reason)


def end_for_session(session_key_hash: str, reason: str = "session_ended") -> int:
    """End what was opened from one session; return how many grants were live."""
    return _end(OpenIdGrant.objects.filter(session__session_key_hash=session_key_hash), reason)


def end_for_user(user: User, reason: str = "account") -> int:
    """End every access of every partner for this person."""
    return _end(OpenIdGrant.objects.filter(user=user), reason)


def end_for_application(user: User, client_pk: int, reason: str) -> int:
    """End the accesses of one partner for this person, and tell it."""
    return _end(OpenIdGrant.objects.filter(user=user, client_id=client_pk), reason)


def _end(rows: QuerySet[OpenIdGrant], reason: str) -> int:
    now = timezone.now()
    with transaction.atomic():
        left = list(
            rows.filter(Q(ended_at=None) | Q(ended_reason__in=ENDED_UNTOLD), session__isnull=False)
            .select_related("client", "user")
            .order_by("created_at")
        )
        if not left:
            return 0
        live = sum(row.ended_at is None for row in left)
        OpenIdGrant.objects.filter(pk__in=[row.pk for row in left]).update(
            ended_at=Coalesce("ended_at", Value(now)), ended_reason=reason[:40]
        )
        _tell(left, reason)
    return live


def _tell(grants: list[OpenIdGrant], reason: str) -> None:
    """One sign-out per partner and session, for those that gave an address and received something."""
    entered = {
        (row.client_id, row.session_id): row
        for row in grants
        if row.client.backchannel_logout_uri and row.code_used_at is not None
    }
    made = OpenIdLogout.objects.bulk_create(
        OpenIdLogout(
            client=row.client,
            subject=_subject(row),
            sid=subjects.sid(row.session_id or 0, row.client_id),
            reason=reason[:40],
        )
        for row in entered.values()
    )
    for row in made:
        transaction.on_commit(lambda pk=row.pk: queue.publish(pk))  # type: ignore[misc]


def _subject(grant: OpenIdGrant) -> str:
    client, user = grant.client, grant.user
    public_id = user.public_id if user is not None else ""
    return subjects.subject(public_id, is_pairwise=client.is_pairwise, salt=client.pairwise_salt)


# --- sessions that nobody ends by hand -----------------------------------------------------------------------
def end_over(now: datetime | None = None) -> int:
    """End the sessions that are past their time and still open a partner; return how many."""
    now = now or timezone.now()
    over = UserSession.objects.filter(
        Q(ends_at__lte=now) | idle_at(now), ended_at=None, openid_grants__ended_at=None
    ).distinct()
    count = 0
    for row in over.order_by("pk")[:500]:
        count += end(row, "absolute" if row.ends_at <= now else "idle")
    return count
