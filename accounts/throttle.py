"""Slowing those who guess, not the owner (ABU-2…ABU-7).

Counters are rows of PostgreSQL, changed by one atomic statement each: twenty attempts at once are counted as twenty,
and losing the cache reopens nothing. Keys are kept as keyed digests only.

Failures of one key: from `lockout.slow_after` on, a delay of base, 2×base, 4×base…; at `lockout.close_after` and
beyond, `lockout.max_seconds`. Nothing stays shut without end, and all is forgotten `forget_hours` after the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from accounts import keyed, known_browser
from accounts.models import AttemptCounter
from portal.common import prepared
from portal.plateformes import current

# Doors that slow down on their own: a stranger at one of them does not shut the others. "ephemeral" is apart because
# anybody may ask a code there, while "code" and "proof" come after a right first proof (ABU-5).
DOORS = ("password", "code", "ephemeral", "proof")


def wait(kind: str, key: str, request: HttpRequest | None = None) -> timedelta | None:
    """Time still to wait before the next attempt, None when the door is open. Reads only."""
    row = AttemptCounter.objects.filter(kind=kind, key_hash=_hash(kind, key, request)).values_list(
        "blocked_until"
    )
    return _left(next((until for (until,) in row), None))


def enter(kind: str, key: str, request: HttpRequest | None = None) -> timedelta | None:
    """Take one attempt before the secret is looked at: None when allowed, else the time to wait.

    The attempt is counted as a failure at once (`success` takes it back), so that attempts made at the same instant
    cannot all slip in before the first is counted. A refused attempt is not counted.
    """
    if prepared.row(_ENTER, _parameters(kind, key, request, timezone.now())) is not None:
        return None
    return wait(kind, key, request) or timedelta(seconds=1)


def failure(kind: str, key: str, request: HttpRequest | None = None) -> timedelta | None:
    """Count one failure whatever the state of the door; return the delay that now holds."""
    now = timezone.now()
    row = prepared.row(_ENTER, _parameters(kind, key, request, now) | {"always": True})
    return _left(row[1]) if row else None


def success(kind: str, key: str, request: HttpRequest | None = None) -> int:
    """Forget the failures of this key only: neither the address's nor another browser's (ABU-4).

    Return how many attempts were counted, the right one included.
    """
    row = prepared.row(
        "DELETE FROM accounts_attemptcounter WHERE kind = %s AND key_hash = %s RETURNING count",
        [kind, _hash(kind, key, request)],
    )
    return row[0] if row else 0


def forget_all(
    own: Sequence[tuple[str, str]], shared: Sequence[tuple[str, str]], *, request: HttpRequest
) -> None:
    """Forget these counters, each (kind, key), by one statement: `own` are those a known browser has of its own.

    One that is being spent at this instant stays: waiting for several rows at once could deadlock with `spend`.
    """
    counters = [(kind, _hash(kind, key, request)) for kind, key in own]
    counters += [(kind, _hash(kind, key, None)) for kind, key in shared]
    prepared.run(_FORGET, [[kind for kind, _ in counters], [name for _, name in counters]])


def failures(kind: str, key: str, request: HttpRequest | None = None) -> int:
    """Attempts counted against this key since its last success."""
    row = prepared.row(
        "SELECT count FROM accounts_attemptcounter WHERE kind = %s AND key_hash = %s",
        [kind, _hash(kind, key, request)],
    )
    return row[0] if row else 0


def forget(kind: str, key: str) -> int:
    """Support unlocks: drop the counter shared by the browsers that are not known. Return how many rows went."""
    return AttemptCounter.objects.filter(kind=kind, key_hash=_hash(kind, key, None)).delete()[0]


def spend(kind: str, key: str, limit: int, window: timedelta, request: HttpRequest | None = None) -> bool:
    """Take one unit of a budget of `limit` per `window`; False when it is used up (nothing is taken then).

    request: a browser known for that account has a budget of its own.
    """
    return take(kind, key, limit, window, request) is not None


def take(
    kind: str, key: str, limit: int, window: timedelta, request: HttpRequest | None = None
) -> int | None:
    """As `spend`; return how many units are now taken, None when the budget was used up."""
    now = timezone.now()
    taken = prepared.row(
        _SPEND,
        {
            "kind": kind,
            "key": _hash(kind, key, request),
            "now": now,
            "limit": limit,
            "start": now - window,
        },
    )
    return taken[0] if taken else None


def spent(kind: str, key: str, window: timedelta, request: HttpRequest | None = None) -> int:
    """Units already taken in the running window."""
    row = prepared.row(
        "SELECT count FROM accounts_attemptcounter WHERE kind = %s AND key_hash = %s AND window_started_at > %s",
        [kind, _hash(kind, key, request), timezone.now() - window],
    )
    return row[0] if row else 0


def budget_name(kind: str, key: str) -> str:
    """Name under which the budget of a key is kept: a keyed digest, the same in every process."""
    return _hash(kind, key, None)


def names_spent(kind: str, least: int, window: timedelta) -> frozenset[str]:
    """Names of the budgets of this kind of which `least` units or more are taken in the running window."""
    start = timezone.now() - window
    # A window began before its last attempt: the second bound is implied, and read from the index by age.
    rows = AttemptCounter.objects.filter(
        kind=kind, count__gte=least, window_started_at__gt=start, last_at__gt=start
    )
    return frozenset(rows.values_list("key_hash", flat=True))


def window_left(kind: str, key: str, window: timedelta, request: HttpRequest | None = None) -> timedelta:
    """Time until the running window of a budget ends."""
    started = AttemptCounter.objects.filter(kind=kind, key_hash=_hash(kind, key, request)).values_list(
        "window_started_at", flat=True
    )
    return next((_left(at + window) or timedelta(0) for at in started), timedelta(0))


def delay_for(failures: int) -> timedelta:
    """Delay imposed once `failures` were counted."""
    rules = current().lockout
    if failures >= rules.close_after:
        return timedelta(seconds=rules.max_seconds)
    if failures < rules.slow_after:
        return timedelta(0)
    seconds = rules.base_seconds * 2 ** (failures - rules.slow_after)
    return timedelta(seconds=min(seconds, rules.max_seconds))


def _left(until: datetime | None) -> timedelta | None:
    if until is None:
        return None
    left = until - timezone.now()
    return left if left > timedelta(0) else None


def _hash(kind: str, key: str, request: HttpRequest | None) -> str:
    """A browser that already signed in to that account has a budget of its own (ABU-5)."""
    browser = known_browser.number_for(request, key) if request is not None else ""
    return keyed.digest(f"throttle:{kind}", f"{key}\0{browser}" if browser else key)


def _parameters(kind: str, key: str, request: HttpRequest | None, now: datetime) -> dict[str, Any]:
    rules = current().lockout
    return {
        "kind": kind,
        "key": _hash(kind, key, request),
        "now": now,
        "old": now - timedelta(hours=rules.forget_hours),
        "always": False,
        "delays": [delay_for(count).total_seconds() for count in range(1, rules.close_after + 1)],
        "last": rules.close_after,
    }


# `delays[n]` is the delay after n failures; one past the end keeps the last.
_ENTER = """
INSERT INTO accounts_attemptcounter AS c (kind, key_hash, count, window_started_at, last_at, blocked_until)
VALUES (%(kind)s, %(key)s, 1, %(now)s, %(now)s, NULL)
ON CONFLICT (kind, key_hash) DO UPDATE SET
    count = CASE WHEN c.last_at < %(old)s THEN 1 ELSE c.count + 1 END,
    window_started_at = CASE WHEN c.last_at < %(old)s THEN %(now)s ELSE c.window_started_at END,
    last_at = %(now)s,
    blocked_until = CASE WHEN c.last_at < %(old)s THEN NULL ELSE
        %(now)s::timestamptz
        + make_interval(secs => (%(delays)s::float8[])[least(c.count + 1, %(last)s)]) END
WHERE %(always)s OR c.blocked_until IS NULL OR c.blocked_until <= %(now)s
RETURNING count, blocked_until
"""

_FORGET = """
DELETE FROM accounts_attemptcounter WHERE id IN (
    SELECT c.id FROM accounts_attemptcounter AS c
    JOIN unnest(%s::text[], %s::text[]) AS f (kind, name) ON c.kind = f.kind AND c.key_hash = f.name
    FOR UPDATE OF c SKIP LOCKED)
"""

_SPEND = """
INSERT INTO accounts_attemptcounter AS c (kind, key_hash, count, window_started_at, last_at, blocked_until)
VALUES (%(kind)s, %(key)s, 1, %(now)s, %(now)s, NULL)
ON CONFLICT (kind, key_hash) DO UPDATE SET
    count = CASE WHEN c.window_started_at <= %(start)s THEN 1 ELSE c.count + 1 END,
    window_started_at = CASE WHEN c.window_started_at <= %(start)s THEN %(now)s ELSE c.window_started_at END,
    last_at = %(now)s
WHERE c.window_started_at <= %(start)s OR c.count < %(limit)s
RETURNING count
"""
