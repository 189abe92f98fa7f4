"""Open sessions: opened after two proofs, ended by their owner, by support, by time, or by a change of the account.

A session lives in two rows: StoredSession (content) and UserSession (who, how strongly, until when). Ending one removes
the content, so the next request with that cookie is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import SESSION_KEY, logout
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import client
from accounts.enums import AssuranceLevel
from accounts.models import StoredSession, User, UserSession
from accounts.session_store import hash_key
from portal.plateformes import current

ACTIVITY_STEP = timedelta(minutes=1)
FACTOR_CHANGED = "factor_changed"
"""Reason of the ends that follow a change of address, of mobile or of any other means of proof (SES-6)."""


@dataclass(frozen=True)
class Ended:
    """Sessions of one person that have just ended. `session_ids` may be empty: a change of password or of factor is
    told even when no other session was open."""

    user_id: int
    session_ids: list[int]
    reason: str


on_end: list[Callable[[Ended], None]] = []
"""What else must stop with a session, in the same transaction; filled by what lies above (portal.hub.apps)."""


@dataclass(frozen=True)
class Opened:
    """An application entered from a session; `is_open` is false once its access was cut."""

    name: str
    at: datetime
    is_open: bool


entries: list[Callable[[Sequence[int]], Mapping[int, list[Opened]]]] = []
"""Who knows which applications were entered from sessions (by their keys); filled by what lies above."""


# --- opening --------------------------------------------------------------------------------------------------
def open_session(
    request: HttpRequest,
    user: User,
    *,
    level: int,
    methods: Sequence[str],
    remembered: bool = False,
    is_shared: bool = False,
) -> UserSession:
    """Write the row of a session Django has just opened (its key is new), and set how long its cookie lives."""
    if not request.session.session_key:
        request.session.save()
    now = timezone.now()
    row = UserSession.objects.create(
        user=user,
        session_key_hash=hash_key(request.session.session_key or ""),
        level=level,
        proved_level=level,
        methods=list(methods),
        address=client.address(request),
        device=client.device(request)[:60],
        remembered=remembered,
        is_shared=is_shared,
        ends_at=now + _absolute_life(level, remembered),
    )
    _set_cookie_life(request, row, now)
    request.portal_session = row  # type: ignore[attr-defined]
    return row


def _absolute_life(level: int, remembered: bool) -> timedelta:
    """A strong session keeps Pro Santé Connect's short life, whatever box was ticked (SES-3)."""
    lives = current().sessions
    if level >= AssuranceLevel.STRONG:
        return timedelta(hours=lives.strong_absolute_hours)
    return timedelta(days=lives.remember_days) if remembered else timedelta(hours=lives.absolute_hours)


def _set_cookie_life(request: HttpRequest, row: UserSession, now: datetime) -> None:
    """Ticked: the cookie outlives the browser; unticked: it ends with it, and the stored row with the session."""
    if row.remembered:
        request.session.set_expiry(row.ends_at - now)
    else:
        request.session.set_expiry(0)


def prove_again(
    request: HttpRequest,
    *,
    level: int,
    method: str,
    factor_level: int | None = None,
    is_whole: bool = True,
) -> None:
    """Note a proof made inside a session: a new key (SES-1), and the level when it is higher than the session's.

    factor_level: what the proof is worth when the factors themselves are to be changed (default: `level`).
    is_whole: False for one factor without the password that goes with it. It strengthens the last whole proof and makes
    it no younger (MFA-4).
    """
    row = session_of(request)
    if row is None:
        raise LookupError("no open session to strengthen")
    now = timezone.now()
    with transaction.atomic():
        request.session.cycle_key()
        row.session_key_hash = hash_key(request.session.session_key or "")
        worth = level if factor_level is None else factor_level
        if is_whole:
            row.proved_at, row.proved_level = now, worth
        else:
            row.proved_level = max(row.proved_level, worth)
        if level > row.level:
            row.level = level
            row.ends_at = min(row.ends_at, now + _absolute_life(level, row.remembered))
        if method not in row.methods:
            row.methods = [*row.methods, method]
        row.save(
            update_fields=["session_key_hash", "proved_at", "proved_level", "level", "ends_at", "methods"]
        )
    _set_cookie_life(request, row, now)


def lower(row: UserSession, level: int) -> None:
    """A means that gave this session its level is gone: it keeps what its other proofs are worth, never more."""
    if level >= row.level:
        return
    row.level, row.proved_level = min(row.level, level), min(row.proved_level, level)
    row.save(update_fields=["level", "proved_level"])


def renew(request: HttpRequest) -> None:
    """Give the session of this request a new key, its content and its row kept (SES-1)."""
    row = session_of(request)
    with transaction.atomic():
        request.session.cycle_key()
        request.session.save()
        if row is not None:
            row.session_key_hash = hash_key(request.session.session_key or "")
            row.save(update_fields=["session_key_hash"])


# --- reading --------------------------------------------------------------------------------------------------
def session_of(request: HttpRequest) -> UserSession | None:
    """Row of the session of this request, None for a visitor."""
    return getattr(request, "portal_session", None)


def locked_of(request: HttpRequest) -> UserSession | None:
    """Row of a locked session: it is nobody's until its person proves again who they are (accounts.lock)."""
    return getattr(request, "locked_session", None)


def open_sessions(user: User) -> QuerySet[UserSession]:
    """Sessions that would still be accepted now, the latest active first (idle ones are left out)."""
    now = timezone.now()
    open_rows = UserSession.objects.filter(user=user, ended_at=None, ends_at__gt=now)
    return open_rows.exclude(idle_at(now)).order_by("-seen_at", "-pk")


def idle_at(now: datetime) -> Q:
    """Sessions left alone for too long: `idle_life`, as a condition on rows."""
    lives = current().sessions
    is_kept = Q(remembered=True, level__lt=AssuranceLevel.STRONG)
    limits = (
        (Q(locked_at__isnull=False), lives.lock_minutes),
        (Q(locked_at=None, is_shared=True), lives.shared_idle_minutes),
        (Q(locked_at=None, is_shared=False) & is_kept, lives.remember_idle_minutes),
        (Q(locked_at=None, is_shared=False) & ~is_kept, lives.idle_minutes),
    )
    found = Q()
    for kind, minutes in limits:
        found |= kind & Q(seen_at__lte=now - timedelta(minutes=minutes))
    return found


def applications_of(rows: Sequence[UserSession]) -> dict[int, list[Opened]]:
    """Applications entered from each of these sessions, by the session's key, first entry first."""
    found: dict[int, list[Opened]] = {row.pk: [] for row in rows}
    for ask in entries:
        for pk, opened in ask(list(found)).items():
            found[pk] += opened
    return found


def why_over(row: UserSession, now: datetime) -> str:
    """Reason why this session must not be accepted any more, "" when it may."""
    if row.ended_at:
        return row.ended_reason or "ended"
    if now >= row.ends_at:
        return "absolute"
    if now - row.seen_at > idle_life(row):
        return "idle"
    return ""


def idle_life(row: UserSession) -> timedelta:
    lives = current().sessions
    if row.locked_at is not None:
        return timedelta(minutes=lives.lock_minutes)
    if row.is_shared:
        return timedelta(minutes=lives.shared_idle_minutes)
    if row.remembered and row.level < AssuranceLevel.STRONG:
        return timedelta(minutes=lives.remember_idle_minutes)
    return timedelta(minutes=lives.idle_minutes)


def seconds_left(row: UserSession, now: datetime) -> int:
    """Seconds before this session closes if nothing is done."""
    end_at = min(row.ends_at, row.seen_at + idle_life(row))
    return max(0, int((end_at - now).total_seconds()))


def touch(row: UserSession, now: datetime, *, at_once: bool = False) -> None:
    """Note activity, at most once a minute (unless `at_once`): the other requests write nothing."""
    if now - row.seen_at < ACTIVITY_STEP and not at_once:
        return
    UserSession.objects.filter(pk=row.pk, seen_at__lt=now).update(seen_at=now)
    row.seen_at = now


# --- ending ---------------------------------------------------------------------------------------------------
def end(session: UserSession, reason: str) -> bool:
    """End one session; False when it was over already."""
    return _end(session.user_id, [session], reason) == 1


def end_others(user: User, keep_request: HttpRequest | None, reason: str) -> int:
    """End the person's sessions but the one of `keep_request`; return how many."""
    rows = UserSession.objects.filter(user=user, ended_at=None)
    kept = session_of(keep_request) if keep_request is not None else None
    if kept is not None:
        rows = rows.exclude(pk=kept.pk)
    return _end(user.pk, rows, reason)


def end_all(user: User, reason: str) -> int:
    return end_others(user, None, reason)


def end_after_change(user: User, request: HttpRequest | None) -> int:
    """What proves who this person is has changed: their other sessions end, with every access of a partner; the one
    that made the change, when it is theirs, goes on under a new key (SES-1, SES-6). Return how many ended."""
    kept = session_of(request) if request is not None else None
    is_theirs = kept is not None and kept.user_id == user.pk
    count = end_others(user, request if is_theirs else None, FACTOR_CHANGED)
    if request is not None and is_theirs:
        renew(request)
    return count


def _end(user_id: int, rows: Iterable[UserSession], reason: str) -> int:
    with transaction.atomic():
        hashes = {row.pk: row.session_key_hash for row in rows}
        ended = UserSession.objects.filter(pk__in=hashes, ended_at=None).update(
            ended_at=timezone.now(), ended_reason=reason
        )
        StoredSession.objects.filter(session_key__in=hashes.values()).delete()
        for tell in on_end:
            tell(Ended(user_id, list(hashes), reason))
    return ended


def sign_out(request: HttpRequest, reason: str) -> None:
    """End the session of this request, locked or not, and empty it; the visitor gets a new one if need be (SES-1)."""
    row = session_of(request) or locked_of(request)
    if row is not None:
        end(row, reason)
    request.portal_session = request.locked_session = None  # type: ignore[attr-defined]
    if SESSION_KEY in request.session:
        logout(request)
    else:
        request.session.flush()
