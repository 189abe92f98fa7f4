"""Signing keys: published a day before they sign, kept until the last token they signed is dead, one per algorithm.

Each process parses the keys once and looks at the table again after RING_SECONDS.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from joserfc.jwk import KeySet

from accounts import journal, keyed
from accounts.models import User
from portal.hub.oidc import jose
from portal.hub.oidc.models import OpenIdKey

RING_SECONDS = 30.0
JWKS_MAX_AGE = 3600
"""How long a partner may keep our published keys: far less than the notice given to a new key."""
NOTICE = timedelta(days=1)
KEPT_AFTER = timedelta(days=1)
"""ID tokens live minutes; a day covers partners that verify late and the hint given at sign-out."""
ROTATED_EVERY = timedelta(days=90)
_LOCK = 0x6F696463


@dataclass(frozen=True)
class Ring:
    """Keys of this instant: who signs, what is published (`jwks`: ready bytes), what a hint may be signed with."""

    signers: dict[str, jose.Signer]
    verifiers: KeySet
    jwks: bytes
    read_at: float


_ring: Ring | None = None


def ring() -> Ring:
    """The keys in force, read from the table at most every RING_SECONDS; the first ones are made if there are none."""
    global _ring
    if _ring is None or time.monotonic() - _ring.read_at > RING_SECONDS:
        _ring = _read()
    return _ring


def published_now() -> bytes | None:
    """The key set as it is published now; None when the table must be read again first (`ring`)."""
    held = _ring
    return held.jwks if held is not None and time.monotonic() - held.read_at <= RING_SECONDS else None


def forget_ring() -> None:
    """Read the table again at the next use."""
    global _ring
    _ring = None


def signer(algorithm: str) -> jose.Signer:
    return ring().signers[algorithm]


def _read() -> Ring:
    now = timezone.now()
    rows = _published(now)
    if {row.algorithm for row in rows if row.signs_from <= now} != set(jose.ALGORITHMS):
        _make_missing(now)
        rows = _published(timezone.now())
    current = {row.algorithm: row for row in sorted(rows, key=lambda row: row.signs_from) if _signs(row)}
    public = [row.public_jwk for row in rows]
    known = _ring.signers if _ring else {}
    signers = {}
    for algorithm, row in current.items():
        held = known.get(algorithm)
        if held is None or held.kid != row.kid:
            held = jose.load_signer(row.kid, algorithm, keyed.decrypt(row.private_sealed))
        signers[algorithm] = held
    jwks = json.dumps({"keys": public}, separators=(",", ":")).encode()
    return Ring(signers, jose.load_keys(public), jwks, time.monotonic())


def _published(now: datetime) -> list[OpenIdKey]:
    live = Q(published_until=None) | Q(published_until__gt=now)
    return list(OpenIdKey.objects.filter(live).order_by("-signs_from", "-pk"))


def _signs(row: OpenIdKey) -> bool:
    now = timezone.now()
    return row.signs_from <= now and (row.signs_until is None or now < row.signs_until)


def _make_missing(now: datetime) -> None:
    """The first key of each algorithm, by one process only."""
    with transaction.atomic():
        _lock()
        held = {row.algorithm for row in _published(now) if _signs(row)}
        for algorithm in jose.ALGORITHMS:
            if algorithm not in held:
                _create(algorithm, signs_from=now)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])


def _create(algorithm: str, *, signs_from: datetime) -> OpenIdKey:
    kid, pem, public = jose.generate(algorithm)
    return OpenIdKey.objects.create(
        kid=kid,
        algorithm=algorithm,
        private_sealed=keyed.encrypt(pem),
        public_jwk=public,
        signs_from=signs_from,
    )


def rotate(
    algorithm: str, *, actor: User | None = None, at_once: bool = False, now: datetime | None = None
) -> OpenIdKey:
    """Publish the next key; it signs after NOTICE, the present ones stop then and stay published KEPT_AFTER more.

    at_once: the present key is compromised: the next one signs now and the present one is published no more.
    """
    now = now or timezone.now()
    starts = now if at_once else now + NOTICE
    with transaction.atomic():
        _lock()
        held = OpenIdKey.objects.filter(algorithm=algorithm).filter(
            Q(signs_until=None) | Q(signs_until__gt=starts) | Q(published_until__gt=now)
        )
        if at_once:
            held.update(signs_until=now, published_until=now)
        else:
            held.filter(signs_until=None).update(signs_until=starts, published_until=starts + KEPT_AFTER)
        fresh = _create(algorithm, signs_from=starts)
        journal.record(
            journal.Action.OPENID_KEY_CHANGED,
            actor=actor,
            kid=fresh.kid,
            algorithm=algorithm,
            at_once=at_once,
        )
    forget_ring()
    return fresh


def rotate_old(now: datetime | None = None) -> list[OpenIdKey]:
    """Rotate the keys that have signed for ROTATED_EVERY; keys that nothing needs any more are erased."""
    now = now or timezone.now()
    OpenIdKey.objects.filter(published_until__lt=now - KEPT_AFTER).delete()
    due = OpenIdKey.objects.filter(signs_until=None, signs_from__lte=now - ROTATED_EVERY)
    return [rotate(row.algorithm, now=now) for row in due.order_by("pk")]


def describe() -> list[dict[str, Any]]:
    """What the command prints; no private part."""
    return [
        {
            "kid": row.kid,
            "algorithm": row.algorithm,
            "signs_from": row.signs_from.isoformat(),
            "signs_until": row.signs_until.isoformat() if row.signs_until else None,
            "published_until": row.published_until.isoformat() if row.published_until else None,
            "signs": _signs(row),
        }
        for row in OpenIdKey.objects.order_by("-signs_from", "-pk")
    ]
